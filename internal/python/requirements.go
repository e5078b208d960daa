package python

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/mattn/go-shellwords"

	"dot-for-dbt/internal/lazy"
)

// Requirements are a requirements file and the files that it includes.
type Requirements struct {
	Files []File // the file itself is the first
	pins  map[string][]string
}

// File is a requirements file. Its name has slashes and is relative to the root of the repository.
type File struct {
	Name string
	Data []byte
}

// ReadRequirements reads a requirements file, and the files that it names with -r and -c. read
// returns a file's bytes. If read's error is fs.ErrNotExist, for a missing file, ReadRequirements
// wraps it. pip fetches files that are named by a URL. Local paths are errors, because their
// content is not part of the result.
//
// The format is pip's (pip.pypa.io/en/stable/reference/requirements-file-format, of pip 26).
func ReadRequirements(name string, read func(name string) ([]byte, error)) (Requirements, error) {
	r := Requirements{pins: map[string][]string{}}
	todo := []include{{name: name}}
	seen := map[string]bool{}
	for len(todo) > 0 {
		next := todo[0]
		todo = todo[1:]
		if seen[next.name] {
			continue
		}
		seen[next.name] = true
		data, err := next.read(read)
		if err != nil {
			return Requirements{}, err
		}
		r.Files = append(r.Files, File{next.name, data})
		for _, l := range logicalLines(string(data)) {
			included, err := r.line(l, next.name)
			if err != nil {
				return Requirements{}, err
			}
			todo = append(todo, included...)
		}
	}
	return r, nil
}

// Pin returns the one version that the files pin a distribution to ("dbt-core" for
// dbt_core==1.9.10), or "". It ignores pins under a condition.
func (r Requirements) Pin(distribution string) string {
	pins := r.pins[normal(distribution)]
	if len(pins) == 0 {
		return ""
	}
	for _, pin := range pins {
		if pin != pins[0] {
			return ""
		}
	}
	return pins[0]
}

// An include is a file that is still to be read.
type include struct {
	name string
	by   string // who names it: "requirements.txt:3"; "" for the first file
}

func (i include) read(read func(string) ([]byte, error)) ([]byte, error) {
	if !fs.ValidPath(i.name) || !filepath.IsLocal(filepath.FromSlash(i.name)) { // on Windows, a\..\..\b would leave the repository
		return nil, fmt.Errorf("%s includes %s, which is outside of the repository", i.by, i.name)
	}
	data, err := read(i.name)
	switch {
	case errors.Is(err, fs.ErrNotExist) && i.by != "":
		return nil, fmt.Errorf("%s includes %s: %w", i.by, i.name, err)
	case err != nil:
		return nil, err
	case !utf8.Valid(data):
		return nil, fmt.Errorf("%s is not UTF-8 text", i.name)
	}
	return data, nil
}

var (
	pinForm    = lazy.Regexp(`^([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*==\s*([0-9A-Za-z.!+_-]+)\s*(.*)$`)
	nameBreaks = lazy.Regexp(`[-_.]+`)
)

// normal returns a distribution's name in normal form
// (packaging.python.org/specifications/name-normalization).
func normal(name string) string { return strings.ToLower(nameBreaks().ReplaceAllString(name, "-")) }

// line processes a line of a file, and returns the files that it includes.
func (r Requirements) line(l logicalLine, file string) ([]include, error) {
	at := fmt.Sprintf("%s:%d", file, l.number)
	if strings.HasPrefix(l.text, "-") {
		return options(l.text, at, path.Dir(file))
	}
	if isLocal(l.text) {
		return nil, localError(at, l.text)
	}
	if m := pinForm().FindStringSubmatch(l.text); m != nil {
		version := m[2]
		if m[3] != "" && !strings.HasPrefix(m[3], "--") { // a marker, or another condition
			version = ""
		}
		r.pins[normal(m[1])] = append(r.pins[normal(m[1])], version)
	}
	return nil, nil
}

// options reads a line of options. Paths in it are relative to dir, the directory of its file.
func options(text, at, dir string) ([]include, error) {
	words, err := shellwords.Parse(text)
	if err != nil {
		return nil, nil // pip will report what is wrong with it
	}
	var included []include
	for i := 0; i < len(words); i++ {
		name, value, given := optionWord(words[i])
		if !given && i+1 < len(words) {
			value = words[i+1]
		}
		switch name {
		case "-r", "--requirement", "-c", "--constraint":
			if isURL(value) {
				continue
			}
			if path.IsAbs(value) {
				return nil, localError(at, value)
			}
			included = append(included, include{path.Join(dir, value), at})
		case "-e", "--editable":
			if !isURL(value) {
				return nil, localError(at, text)
			}
		case "-f", "--find-links":
			if !isURL(value) && !path.IsAbs(value) {
				return nil, localError(at, text)
			}
		}
	}
	return included, nil
}

// optionWord splits a word into the option's name and its value, if the word has one.
func optionWord(word string) (name, value string, given bool) {
	if strings.HasPrefix(word, "--") {
		return strings.Cut(word, "=")
	}
	if len(word) > 2 && word[0] == '-' { // -rmore.txt
		return word[:2], word[2:], true
	}
	return word, "", false
}

func isURL(text string) bool { return strings.Contains(text, "://") || strings.HasPrefix(text, "git+") }

// isLocal reports whether a requirement is a path.
func isLocal(text string) bool {
	for _, start := range []string{"./", "../", "/", `.\`, `..\`} {
		if strings.HasPrefix(text, start) {
			return true
		}
	}
	return text == "."
}

func localError(at, text string) error {
	return fmt.Errorf("%s: %s is a path: only packages of an index, or of a URL, can be installed from a commit's requirements", at, text)
}
