package profile

import (
	"errors"
	"fmt"

	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/pyyaml"
)

// Project is the part of a dbt_project.yml that dot needs, from a commit or the working tree. Texts
// may hold Jinja: see Scope.Render.
type Project struct {
	Name         string
	Profile      string   // "" if it names none: then dbt needs --profile
	PackagesPath string   // packages-install-path; dbt's default is dbt_packages
	TargetPath   string   // target-path, in which dbt leaves its artifacts; dbt's default is target
	RequireDBT   []string // require-dbt-version, e.g. ">=1.8.0"
	NoCheck      bool     // flags: {version_check: false}: dbt ignores RequireDBT
	ParsesAnew   bool     // flags: {partial_parse: false}: each dbt command parses all files
	Paths        []string // values of model-paths and the like: see Sources
}

// pathKeys are the keys for directories of source files. data-paths and source-paths are old names
// for two of them (dbt-core 1.11, config/project.py).
var pathKeys = []string{
	"model-paths", "seed-paths", "snapshot-paths", "analysis-paths", "test-paths", "macro-paths", "function-paths",
	"docs-paths", "asset-paths", "data-paths", "source-paths",
}

// Sources returns the directories in which dbt may look for the project's files: dbt's defaults, in
// any case, and those that the project names.
func (p Project) Sources() []string {
	return append([]string{"models", "seeds", "snapshots", "analyses", "tests", "macros", "functions"}, p.Paths...)
}

// ParseProject reads the content of a dbt_project.yml. file is its name in errors, which begin with
// file:line:column.
func ParseProject(file string, data []byte) (Project, error) {
	root, err := pyyaml.Parse(file, data)
	if errors.Is(err, pyyaml.ErrEmpty) {
		return Project{}, hint.Add(err, "a dbt project needs at least a name: name: my_project")
	}
	if err != nil {
		return Project{}, err
	}
	top, err := root.Mapping()
	if err != nil {
		return Project{}, err
	}
	p := Project{PackagesPath: "dbt_packages", TargetPath: "target"}
	for key, into := range map[string]*string{
		"name": &p.Name, "profile": &p.Profile, "packages-install-path": &p.PackagesPath,
		"target-path": &p.TargetPath,
	} {
		if err := textInto(into, key, top.Values[key]); err != nil {
			return Project{}, err
		}
	}
	if p.Name == "" {
		return Project{}, hint.New(fmt.Sprintf("%s: the project has no name", file), "add a line like: name: my_project")
	}
	if p.RequireDBT, err = texts("require-dbt-version", top.Values["require-dbt-version"]); err != nil {
		return Project{}, err
	}
	for _, key := range pathKeys {
		paths, err := texts(key, top.Values[key])
		if err != nil {
			return Project{}, err
		}
		p.Paths = append(p.Paths, paths...)
	}
	p.NoCheck = switchedOff(top.Values["flags"], "version_check")
	p.ParsesAnew = switchedOff(top.Values["flags"], "partial_parse")
	return p, nil
}

// switchedOff reports whether the project's flags say false for a name. Errors in the flags are left
// to dbt.
func switchedOff(flags pyyaml.Part, name string) bool {
	if !flags.Exists() {
		return false
	}
	all, err := flags.Mapping()
	if err != nil || !all.Values[name].Exists() {
		return false
	}
	value, err := all.Values[name].Read()
	if err != nil {
		return false
	}
	on, err := ClickBool(value.Text)
	return err == nil && !on
}

// textInto sets *into to n, which must be a single value, if n exists.
func textInto(into *string, key string, n pyyaml.Part) error {
	if !n.Exists() {
		return nil
	}
	value, err := n.Read()
	if err != nil {
		return err
	}
	if value.IsNull() {
		return nil
	}
	if value.Kind != pyyaml.Scalar {
		return n.Errorf("%s must be a single value, not %s", key, value.Kind)
	}
	*into = value.Text
	return nil
}

// texts reads a value that may be one text or a list of them.
func texts(key string, n pyyaml.Part) ([]string, error) {
	if !n.Exists() {
		return nil, nil
	}
	value, err := n.Read()
	if err != nil {
		return nil, err
	}
	items := value.Items
	if text, ok := value.Str(); ok {
		return []string{text}, nil
	}
	var out []string
	for _, item := range items {
		text, ok := item.Str()
		if !ok {
			return nil, item.Errorf("%s must be a text or a list of texts", key)
		}
		out = append(out, text)
	}
	return out, nil
}
