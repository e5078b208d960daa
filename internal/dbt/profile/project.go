package profile

import (
	"errors"
	"fmt"

	"go.yaml.in/yaml/v4"

	"dot-for-dbt/internal/hint"
)

// Project is the part of a dbt_project.yml that dot needs, from a commit or the working tree. Texts
// may hold Jinja: see Scope.Render.
type Project struct {
	Name         string
	Profile      string   // "" if it names none: then dbt needs --profile
	PackagesPath string   // packages-install-path; dbt's default is dbt_packages
	RequireDBT   []string // require-dbt-version, e.g. ">=1.8.0"
	NoCheck      bool     // flags: {version_check: false}: dbt ignores RequireDBT
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
	root, r, err := parseYAML(file, data)
	if errors.Is(err, errYAMLEmpty) {
		return Project{}, hint.Add(err, "a dbt project needs at least a name: name: my_project")
	}
	if err != nil {
		return Project{}, err
	}
	top, err := r.mappingOf(root)
	if err != nil {
		return Project{}, err
	}
	p := Project{PackagesPath: "dbt_packages"}
	for key, into := range map[string]*string{
		"name": &p.Name, "profile": &p.Profile, "packages-install-path": &p.PackagesPath,
	} {
		if err := r.textInto(into, key, top.values[key]); err != nil {
			return Project{}, err
		}
	}
	if p.Name == "" {
		return Project{}, hint.New(fmt.Sprintf("%s: the project has no name", file), "add a line like: name: my_project")
	}
	if p.RequireDBT, err = r.texts("require-dbt-version", top.values["require-dbt-version"]); err != nil {
		return Project{}, err
	}
	for _, key := range pathKeys {
		paths, err := r.texts(key, top.values[key])
		if err != nil {
			return Project{}, err
		}
		p.Paths = append(p.Paths, paths...)
	}
	p.NoCheck = r.unchecked(top.values["flags"])
	return p, nil
}

// unchecked reports whether the project's flags switch off the check of dbt's version. Errors in
// the flags are left to dbt.
func (r *yamlReader) unchecked(flags *yaml.Node) bool {
	if flags == nil {
		return false
	}
	all, err := r.mappingOf(flags)
	if err != nil || all.values["version_check"] == nil {
		return false
	}
	value, err := r.read(all.values["version_check"])
	if err != nil {
		return false
	}
	check, err := ClickBool(value.text)
	return err == nil && !check
}

// textInto sets *into to n, which must be a single value, if n exists.
func (r *yamlReader) textInto(into *string, key string, n *yaml.Node) error {
	if n == nil {
		return nil
	}
	value, err := r.read(n)
	if err != nil {
		return err
	}
	if value.isNull() {
		return nil
	}
	if value.kind != yamlScalar {
		return r.errorAt(n, "%s must be a single value, not %s", key, value.kind)
	}
	*into = value.text
	return nil
}

// texts reads a value that may be one text or a list of them.
func (r *yamlReader) texts(key string, n *yaml.Node) ([]string, error) {
	if n == nil {
		return nil, nil
	}
	value, err := r.read(n)
	if err != nil {
		return nil, err
	}
	items := value.items
	if text, ok := value.string(); ok {
		return []string{text}, nil
	}
	var out []string
	for _, item := range items {
		text, ok := item.string()
		if !ok {
			return nil, fmt.Errorf("%s: %s must be a text or a list of texts", item.place(r.file), key)
		}
		out = append(out, text)
	}
	return out, nil
}
