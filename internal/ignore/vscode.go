package ignore

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// exclusions are what VS Code should leave alone: thousands of files of other
// commits, which would come up in searches and use up watches. A pattern that
// is in the settings with the value false counts as present: somebody wants
// it so.
var exclusions = []exclusion{
	{"search.exclude", []string{"**/.dot", "**/.dot/**"}},
	{"files.watcherExclude", []string{"**/.dot/**"}},
}

// An exclusion is a setting of VS Code's, an object of glob patterns.
type exclusion struct {
	setting  string
	patterns []string
}

// vsCodeSettings is the file with the settings of VS Code for a workspace at root.
func vsCodeSettings(root string) string { return filepath.Join(root, ".vscode", "settings.json") }

// VSCodeLacks reports whether the settings of VS Code for a workspace at root
// lack an exclusion. So does a file that can't be read, as far as one can tell.
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

// AddToVSCode adds what VSCodeLacks has found, making directory and file if
// need be. Comments and layout stay. A file that can't be parsed, or changed,
// is left alone, and the error says why; VSCodeSnippet is what to paste then.
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

// readVSCode reads the settings, not from a directory that a link leads to.
func readVSCode(root string) ([]byte, error) {
	name := vsCodeSettings(root)
	if info, err := os.Lstat(filepath.Dir(name)); err == nil && !info.IsDir() {
		return nil, errors.New(filepath.Dir(name) + " is no directory of its own")
	}
	return read(name)
}

// VSCodeSnippet is what the settings should have, for a person to paste.
func VSCodeSnippet() string {
	all := make([]member, len(exclusions))
	for i, e := range exclusions {
		all[i] = e.member(e.patterns)
	}
	return layout{indent: "    ", eol: "\n"}.object("", all)
}

// withExclusions adds to settings what they lack.
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

// lack is what an object of the settings should have and has not.
type lack struct {
	to      object
	members []member
}

// lacking lists what is missing. It is an error if a setting is no object.
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
			return nil, d.errorAt(value.StartOffset, "the value of "+e.setting+" is no object")
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

// member is the setting with some of its patterns.
func (e exclusion) member(patterns []string) member {
	m := member{name: e.setting}
	for _, p := range patterns {
		m.members = append(m.members, member{name: p})
	}
	return m
}
