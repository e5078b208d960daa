package ignore

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// exclusions are the patterns that keep VS Code out of .dot/: it holds thousands of files of other
// commits, which would appear in searches and use up file watches. A pattern whose value in the
// settings is false counts as present, because somebody chose that.
var exclusions = []exclusion{
	{"search.exclude", []string{"**/.dot", "**/.dot/**"}},
	{"files.watcherExclude", []string{"**/.dot/**"}},
}

// An exclusion is a setting of VS Code: an object of glob patterns.
type exclusion struct {
	setting  string
	patterns []string
}

// vsCodeSettings returns the path of the VS Code settings for a workspace at root.
func vsCodeSettings(root string) string { return filepath.Join(root, ".vscode", "settings.json") }

// VSCodeLacks reports whether the settings of VS Code for a workspace at root lack an exclusion. It
// returns true for a file that can't be read.
func VSCodeLacks(root string) bool {
	text, err := readVSCode(root)
	if err != nil {
		return true
	}
	doc, err := parse(text)
	if err != nil {
		return true
	}
	lacking, err := doc.lacking()
	return err != nil || len(lacking) > 0
}

// AddToVSCode adds the missing exclusions, and makes directory and file if needed. Comments and
// layout stay. It leaves a file alone that it can't parse or change. Then the error says why, and
// the user can paste VSCodeSnippet.
func AddToVSCode(root string) error {
	if _, err := readVSCode(root); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	name := vsCodeSettings(root)
	if err := os.Mkdir(filepath.Dir(name), 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return update(name, withExclusions)
}

// readVSCode reads the settings, unless a symbolic link leads to their directory.
func readVSCode(root string) ([]byte, error) {
	name := vsCodeSettings(root)
	if info, err := os.Lstat(filepath.Dir(name)); err == nil && !info.IsDir() {
		return nil, errors.New(filepath.Dir(name) + " is not a directory, or is a symbolic link")
	}
	return read(name)
}

// VSCodeSnippet returns the settings for a user to paste.
func VSCodeSnippet() string {
	all := make([]member, len(exclusions))
	for i, e := range exclusions {
		all[i] = e.member(e.patterns)
	}
	return layout{indent: "    ", eol: "\n"}.object("", all)
}

// withExclusions adds the missing exclusions to settings.
func withExclusions(text []byte) ([]byte, error) {
	doc, err := parse(text)
	if err != nil {
		return nil, err
	}
	lacking, err := doc.lacking()
	if err != nil {
		return nil, err
	}
	for _, l := range lacking {
		doc.add(l.to, l.members)
	}
	return doc.edited(), nil
}

// lack is an object in the settings with missing members.
type lack struct {
	to      object
	members []member
}

// lacking lists what is missing. A setting that is no object is an error.
func (d *document) lacking() ([]lack, error) {
	var out []lack
	top := lack{to: d.top}
	for _, e := range exclusions {
		value := d.top.lookup(e.setting)
		if value == nil {
			top.members = append(top.members, e.member(e.patterns))
			continue
		}
		there, ok := asObject(*value)
		if !ok {
			return nil, d.errorAt(value.StartOffset, "the value of "+e.setting+" is not an object")
		}
		missing := lack{to: there}
		for _, p := range e.patterns {
			if there.lookup(p) == nil {
				missing.members = append(missing.members, member{name: p})
			}
		}
		if missing.members != nil {
			out = append(out, missing)
		}
	}
	if top.members != nil {
		out = append(out, top)
	}
	return out, nil
}

// member returns the setting with the given patterns.
func (e exclusion) member(patterns []string) member {
	m := member{name: e.setting}
	for _, p := range patterns {
		m.members = append(m.members, member{name: p})
	}
	return m
}
