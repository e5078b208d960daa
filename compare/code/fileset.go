package code

import (
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"dot-for-dbt/internal/lazy"
)

// A fileSet is a set of changed files, to be found in code that reads them.
type fileSet struct {
	files      map[string]bool
	submodules []string          // of the files, sorted: any file in them may be changed
	dirs       map[string]string // the directories above, with a file below each
}

func newFileSet(files, submodules []string) fileSet {
	s := fileSet{files: map[string]bool{}, submodules: slices.Sorted(slices.Values(submodules)), dirs: map[string]string{}}
	for _, file := range slices.Sorted(slices.Values(slices.Concat(files, submodules))) {
		s.files[file] = true
		for dir := path.Dir(file); dir != "." && dir != "/" && s.dirs[dir] == "" && path.Base(dir) != ".."; dir = path.Dir(dir) {
			s.dirs[dir] = file
		}
	}
	return s
}

// has reports whether a file is changed. A changed submodule changes all files in it.
func (s fileSet) has(name string) bool {
	for ; name != "." && name != "/"; name = path.Dir(name) {
		if s.files[name] {
			return true
		}
	}
	return false
}

// hasBelow reports whether a file with this path in some directory is changed.
func (s fileSet) hasBelow(name string) bool {
	for file := range s.files {
		if strings.HasSuffix(file, "/"+name) {
			return true
		}
	}
	return false
}

// in returns the changed files that a text names, as "file data/x.csv". Text between two
// quotes may be a path.
func (s fileSet) in(text string) []string {
	if len(s.files) == 0 {
		return nil
	}
	var found []string
	for _, piece := range stringsIn(text) {
		if name := s.named(piece); name != "" {
			found = append(found, "file "+name)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// maxPath is the length up to which a string may be a path.
const maxPath = 1024

// named returns the changed file that a string names, "" for none. A backslash may be part
// of the name, written twice, or separate directories.
func (s fileSet) named(p piece) string {
	text := p.text
	if len(text) > maxPath || strings.HasPrefix(text, "/") {
		return ""
	}
	file := s.at(text, p.quoted)
	if file == "" && strings.Contains(text, `\`) {
		if file = s.at(strings.ReplaceAll(text, `\\`, `\`), p.quoted); file == "" {
			file = s.at(strings.ReplaceAll(text, `\`, "/"), p.quoted)
		}
	}
	return file
}

// at returns the changed file at a path, "" for none: at that path itself, below it, or one
// that matches it if it may be a pattern.
func (s fileSet) at(text string, pattern bool) string {
	name := path.Clean(text)
	switch {
	case s.has(name):
		return name
	case s.dirs[name] != "" && strings.Contains(text, "/"):
		return s.dirs[name]
	case pattern && strings.ContainsAny(name, "*?[{") && strings.ContainsAny(name, "./") && strings.ContainsFunc(name, unicode.IsLetter):
		return s.matching(name)
	}
	return ""
}

// matching returns the first changed file that matches a pattern, or a changed submodule in
// which a file may match. Braces are Python's in an f-string, or alternatives: they match
// anything.
func (s fileSet) matching(pattern string) string {
	var expression strings.Builder
	var dirs []string // expressions of the directories on the way
	for _, part := range patternParts().FindAllString(pattern, -1) {
		switch {
		case part == "/":
			dirs = append(dirs, expression.String())
			expression.WriteString(part)
		case part == "**", part[0] == '{': // with slashes, too
			expression.WriteString(".*")
			dirs = append(dirs, expression.String())
		case part == "*":
			expression.WriteString("[^/]*")
		case part == "?":
			expression.WriteString("[^/]")
		case part[0] == '[' && len(part) > 1:
			expression.WriteString("[^/]") // any one character
		default:
			expression.WriteString(regexp.QuoteMeta(part))
		}
	}
	if file := firstMatch(expression.String(), slices.Sorted(maps.Keys(s.files))); file != "" {
		return file
	}
	for _, dir := range dirs {
		if submodule := firstMatch(dir, s.submodules); submodule != "" {
			return submodule
		}
	}
	return ""
}

// firstMatch returns the first name that an expression matches as a whole.
func firstMatch(expression string, names []string) string {
	if len(names) == 0 {
		return ""
	}
	matches, err := regexp.Compile("^(?s:" + strings.ReplaceAll(expression, "/.*/", "/(?:.*/)?") + ")$")
	if err != nil {
		return ""
	}
	if i := slices.IndexFunc(names, matches.MatchString); i >= 0 {
		return names[i]
	}
	return ""
}

// patternParts splits a pattern into wildcards and other text.
var patternParts = lazy.Regexp(`/|\*\*|\*|\?|\[[^\]]*\]|\{[^}]*\}|[^*?\[{/]+|[\[{]`)
