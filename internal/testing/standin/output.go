package standin

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v4"
)

// output is an output of a profile, rendered.
type output struct {
	Profile  string
	Name     string
	Adapter  string
	Schema   string
	Database string
	Path     string // of the warehouse, absolute
}

// openOutput finds the output for the command line, as dbt does.
func (p Process) openOutput(l line, j *project, names scope) (*output, error) {
	dir := l.text("profiles-dir")
	if dir == "" {
		if dir = p.Dir; !exists(filepath.Join(dir, "profiles.yml")) {
			dir = filepath.Join(p.getenv("HOME"), ".dbt")
		}
	}
	file := filepath.Join(dir, "profiles.yml")
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, usage("Could not find profile named '%s'", j.Profile)
	}
	var profiles map[string]struct {
		Target  string                    `yaml:"target"`
		Outputs map[string]map[string]any `yaml:"outputs"`
	}
	if err := yaml.Unmarshal(text, &profiles); err != nil {
		return nil, fmt.Errorf("profiles.yml: %w", err)
	}
	out := &output{Profile: cmp.Or(l.text("profile"), j.Profile)}
	profile, ok := profiles[out.Profile]
	if !ok {
		return nil, usage("Could not find profile named '%s'", out.Profile)
	}
	if out.Name, err = names.render(cmp.Or(l.text("target"), profile.Target, "default")); err != nil {
		return nil, err
	}
	fields, ok := profile.Outputs[out.Name]
	if !ok {
		return nil, usage("The profile '%s' does not have a target named '%s'.", out.Profile, out.Name)
	}
	adapter, ok := adapters[fmt.Sprint(fields["type"])]
	if !ok {
		return nil, usage("the stand-in has no adapter %v", fields["type"])
	}
	out.Adapter = fmt.Sprint(fields["type"])
	if err := p.checkAdapter(out.Adapter); err != nil {
		return nil, err
	}
	for key, into := range map[string]*string{adapter.schema: &out.Schema, adapter.database: &out.Database, "path": &out.Path} {
		switch value := fields[key].(type) {
		case nil:
		case string:
			if *into, err = names.render(value); err != nil {
				return nil, err
			}
		default:
			return nil, usage("%s: %v is not of type 'string'", key, value)
		}
	}
	if out.Schema = cmp.Or(out.Schema, adapter.otherwise); out.Schema == "" {
		return nil, usage("'%s' is a required property", adapter.schema)
	}
	if out.Adapter != "duckdb" {
		return out, nil
	}
	if out.Path == "" {
		return nil, usage("the stand-in keeps nothing in memory: the output needs a path")
	}
	if !filepath.IsAbs(out.Path) {
		out.Path = filepath.Join(p.Dir, out.Path)
	}
	out.Database = strings.TrimSuffix(filepath.Base(out.Path), filepath.Ext(out.Path))
	return out, nil
}

// adapters are the supported adapters; only duckdb has a warehouse. schema and database name the
// fields of an output with its schema and its database.
var adapters = map[string]struct{ schema, database, otherwise string }{
	"duckdb":   {"schema", "database", "main"},
	"postgres": {"schema", "dbname", ""},
	"bigquery": {"dataset", "project", ""},
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}
