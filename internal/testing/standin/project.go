package standin

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v4"
)

// project is a dbt_project.yml, and the project's macros.
type project struct {
	Name     string         `yaml:"name"`
	Profile  string         `yaml:"profile"`
	Vars     map[string]any `yaml:"vars"`
	Packages string         `yaml:"packages-install-path"`

	// +schema and +database, for the resource type or for the project below it.
	Models    map[string]any `yaml:"models"`
	Seeds     map[string]any `yaml:"seeds"`
	Snapshots map[string]any `yaml:"snapshots"`
	Tests     map[string]any `yaml:"data_tests"`

	dir    string
	macros string // the text of all macros
}

func (p Process) openProject(l line) (*project, error) {
	dir := l.text("project-dir")
	if dir == "" {
		dir = p.Dir
	}
	text, err := os.ReadFile(filepath.Join(dir, "dbt_project.yml"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, usage("Runtime Error\n  No dbt_project.yml found at expected path %s", filepath.Join(dir, "dbt_project.yml"))
	}
	if err != nil {
		return nil, err
	}
	out := &project{Packages: "dbt_packages", dir: dir}
	if err := yaml.Unmarshal(text, out); err != nil {
		return nil, fmt.Errorf("dbt_project.yml: %w", err)
	}
	vars, err := out.readVars(l)
	if err != nil {
		return nil, err
	}
	out.Packages, err = p.common(vars).render(out.Packages)
	return out, err
}

// abs makes a path absolute. Unlike in profiles.yml, relative paths start at the project.
func (j *project) abs(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(j.dir, path)
}

// files lists the files with an extension below a directory of the project, by their path in the
// project.
func (j *project) files(below, extension string) ([]string, error) {
	var out []string
	err := filepath.WalkDir(filepath.Join(j.dir, below), func(file string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return fs.SkipAll
		}
		if err == nil && !d.IsDir() && filepath.Ext(file) == extension {
			relative, _ := filepath.Rel(j.dir, file)
			out = append(out, filepath.ToSlash(relative))
		}
		return err
	})
	return out, err
}

// loadMacros reads the macros of the project and of its packages, which must be installed.
func (j *project) loadMacros() error {
	asked, err := j.packages()
	if err != nil {
		return err
	}
	installed, err := filepath.Glob(filepath.Join(j.dir, j.Packages, "*"))
	if err != nil {
		return err
	}
	if len(installed) < len(asked) {
		return usage("Compilation Error\n  dbt found %d package(s) specified in packages.yml, but only %d package(s) installed in %s. Run \"dbt deps\" to install package dependencies.",
			len(asked), len(installed), j.Packages)
	}
	var all strings.Builder
	for _, dir := range append(installed, j.dir) {
		names, err := filepath.Glob(filepath.Join(dir, "macros", "*.sql"))
		if err != nil {
			return err
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			all.Write(text)
			all.WriteByte('\n')
		}
	}
	j.macros = all.String()
	return nil
}

// config returns what dbt_project.yml configures for nodes of a type.
func (j *project) config(resource string) map[string]any {
	all := map[string]map[string]any{"model": j.Models, "seed": j.Seeds, "snapshot": j.Snapshots, "test": j.Tests}[resource]
	out := map[string]any{}
	collect := func(from map[string]any) {
		for key, value := range from {
			if name, ok := strings.CutPrefix(key, "+"); ok {
				out[name] = value
			}
		}
	}
	collect(all)
	if own, ok := all[j.Name].(map[string]any); ok {
		collect(own)
	}
	return out
}

// readVars merges the vars of the project and the command line.
func (j *project) readVars(l line) (map[string]any, error) {
	vars := map[string]any{}
	maps.Copy(vars, j.Vars)
	given := map[string]any{}
	if err := yaml.Unmarshal([]byte(l.text("vars")), &given); err != nil {
		return nil, usage("The YAML provided in the --vars argument is not valid: %v", err)
	}
	maps.Copy(vars, given)
	return vars, nil
}
