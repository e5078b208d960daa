package code

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"dot-for-dbt/internal/lazy"
)

// A fileSet is a set of changed files, to be found in code that reads them.
type fileSet struct {
	files map[string]bool
	dirs  map[string]string // the directories above, with a file below each
}

func newFileSet(files []string) fileSet {
	s := fileSet{files: map[string]bool{}, dirs: map[string]string{}}
	for _, file := range slices.Sorted(slices.Values(files)) {
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

// in returns the changed files that a text names, as "file data/x.csv". What stands
// between two quotes may be a path: where strings begin and end is not clear without the
// language.
func (s fileSet) in(text string) []string {
	if len(s.files) == 0 {
		return nil
	}
	var found []string
	for _, piece := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune("'\"`\n", r) }) {
		if name := s.named(piece); name != "" {
			found = append(found, "file "+name)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// maxPath is the length up to which a string may be a path.
const maxPath = 1024

// named returns the changed file that a string names, "" for none: by its path, by a
// pattern, or by a directory above it.
func (s fileSet) named(text string) string {
	if len(text) > maxPath || !strings.ContainsAny(text, "./") || strings.HasPrefix(text, "/") {
		return ""
	}
	name := path.Clean(strings.ReplaceAll(text, `\`, "/"))
	switch {
	case s.has(name):
		return name
	case s.dirs[name] != "" && strings.Contains(text, "/"):
		return s.dirs[name]
	case strings.ContainsAny(name, "*?[{") && strings.ContainsFunc(path.Base(name), isLetter):
		return s.matching(name)
	}
	return ""
}

func isLetter(r rune) bool { return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' }

// matching returns the first changed file that matches a pattern. Braces are Python's in
// an f-string, or alternatives: they match anything.
func (s fileSet) matching(pattern string) string {
	var expression strings.Builder
	for _, part := range patternParts().FindAllString(pattern, -1) {
		switch {
		case part == "**", part[0] == '{':
			expression.WriteString(".*")
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
	matches, err := regexp.Compile("^" + strings.ReplaceAll(expression.String(), "/.*/", "/(?:.*/)?") + "$")
	if err != nil {
		return ""
	}
	first := ""
	for file := range s.files {
		if matches.MatchString(file) && (first == "" || file < first) {
			first = file
		}
	}
	return first
}

// patternParts splits a pattern into wildcards and other text.
var patternParts = lazy.Regexp(`\*\*|\*|\?|\[[^\]]*\]|\{[^}]*\}|[^*?\[{]+|[\[{]`)
