package profile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/pyyaml"
)

// File is a profiles.yml. Only the names at its top are read. Profiles and outputs are read when
// they are chosen.
type File struct {
	path string
	all  *pyyaml.Parts
}

// Read reads a profiles.yml. Its errors name the place in the file but never quote it.
func Read(path string) (*File, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s does not exist", path)
	case err != nil:
		return nil, fmt.Errorf("reading the profiles: %w", err)
	case info.IsDir():
		return nil, fmt.Errorf("%s is a directory, and should be a file", path)
	case info.Size() > pyyaml.MaxBytes:
		return nil, pyyaml.TooLarge(path)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the profiles: %w", err)
	}
	return parse(path, data)
}

// profilesAdvice is a hint for a file that is no profiles.yml.
const profilesAdvice = "a profiles.yml holds profiles by name: https://docs.getdbt.com/docs/core/connect-data-platform/profiles.yml"

func parse(path string, data []byte) (*File, error) {
	root, err := pyyaml.Parse(path, data)
	if errors.Is(err, pyyaml.ErrEmpty) {
		return nil, hint.Add(err, profilesAdvice)
	}
	if err != nil {
		return nil, err
	}
	all, err := root.Mapping()
	if err != nil {
		return nil, hint.Add(err, profilesAdvice)
	}
	return &File{path: path, all: all}, nil
}

// Names returns the names of the profiles, in the file's order.
func (p *File) Names() []string {
	return slices.DeleteFunc(slices.Clone(p.all.Keys), func(name string) bool {
		return name == "config" // dbt's old place for settings, not a profile
	})
}

// Outputs returns the names of a profile's outputs in the file's order, and the text of its default
// target: "default" if it has none, and perhaps Jinja.
func (p *File) Outputs(profile string) (names []string, defaultTarget string, err error) {
	entry, err := p.profile(profile)
	if err != nil {
		return nil, "", err
	}
	return entry.outputs.Keys, entry.target, nil
}

// profileEntry is one profile. Its outputs are not read yet.
type profileEntry struct {
	name    string
	node    pyyaml.Part
	target  string // the default target, perhaps Jinja
	outputs *pyyaml.Parts
}

func (p *File) profile(name string) (*profileEntry, error) {
	node, ok := p.all.Values[name]
	if !ok {
		return nil, hint.New(
			fmt.Sprintf("%s has no profile %q", p.path, name),
			"it has "+list(p.Names()),
			"choose one with --profile, or with profile: in dbt_project.yml",
		)
	}
	fields, err := node.Mapping()
	if err != nil {
		return nil, fmt.Errorf("profile %s: %w", name, err)
	}
	entry := &profileEntry{name: name, node: node, target: "default"}
	if err := textInto(&entry.target, "target", fields.Values["target"]); err != nil {
		return nil, fmt.Errorf("profile %s: %w", name, err)
	}
	outputs := fields.Values["outputs"]
	if !outputs.Exists() {
		return nil, fmt.Errorf("profile %s: %w", name, node.Errorf("it has no outputs"))
	}
	if entry.outputs, err = outputs.Mapping(); err != nil {
		return nil, fmt.Errorf("outputs of profile %s: %w", name, err)
	}
	return entry, nil
}

// list joins names for a message.
func list(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}
