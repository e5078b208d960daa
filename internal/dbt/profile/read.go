package profile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"dot-for-dbt/internal/hint"
)

// File is a profiles.yml. Only the names at its top are read. Profiles and outputs are read when
// they are chosen.
type File struct {
	path string
	r    *yamlReader
	all  *lazyMapping
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
	case info.Size() > maxYAMLBytes:
		return nil, checkYAMLBytes(path, make([]byte, maxYAMLBytes+1))
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
	root, r, err := parseYAML(path, data)
	if errors.Is(err, errYAMLEmpty) {
		return nil, hint.Add(err, profilesAdvice)
	}
	if err != nil {
		return nil, err
	}
	all, err := r.mappingOf(root)
	if err != nil {
		return nil, hint.Add(err, profilesAdvice)
	}
	return &File{path: path, r: r, all: all}, nil
}

// Path returns the path of the file.
func (p *File) Path() string { return p.path }

// Names returns the names of the profiles, in the file's order.
func (p *File) Names() []string {
	return slices.DeleteFunc(slices.Clone(p.all.keys), func(name string) bool {
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
	return entry.outputs.keys, entry.target, nil
}

// profileEntry is one profile. Its outputs are not read yet.
type profileEntry struct {
	name    string
	node    *yaml.Node
	target  string // the default target, perhaps Jinja
	outputs *lazyMapping
}

func (p *File) profile(name string) (*profileEntry, error) {
	node, ok := p.all.values[name]
	if !ok {
		return nil, hint.New(
			fmt.Sprintf("%s has no profile %q", p.path, name),
			"it has "+list(p.Names()),
			"choose one with --profile, or with profile: in dbt_project.yml",
		)
	}
	fields, err := p.r.mappingOf(node)
	if err != nil {
		return nil, fmt.Errorf("profile %s: %w", name, err)
	}
	entry := &profileEntry{name: name, node: node, target: "default"}
	if err := p.r.textInto(&entry.target, "target", fields.values["target"]); err != nil {
		return nil, fmt.Errorf("profile %s: %w", name, err)
	}
	outputs := fields.values["outputs"]
	if outputs == nil {
		return nil, fmt.Errorf("profile %s: %w", name, p.r.errorAt(node, "it has no outputs"))
	}
	if entry.outputs, err = p.r.mappingOf(outputs); err != nil {
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
