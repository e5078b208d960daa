package profile

import (
	"strings"

	"dot-for-dbt/internal/dbt/adapter"
)

// Place says which tables a build writes: two builds with equal places write the same ones. It is
// for comparisons and for people, and holds no secret.
type Place struct {
	Adapter  string
	Host     string // host, with a port that is not the adapter's default, or account; "" if there is none
	Database string // a file for DuckDB
	Schema   string // without a suffix
}

// Place returns the output's place. A part stays as written if its Jinja can't be evaluated or
// involves a secret. workDir is where dbt runs.
func (o *Output) Place(workDir string) Place {
	of := adapter.Of(o.Adapter)
	p := Place{Adapter: o.Adapter, Database: o.first(of.Database)}
	p.Host = strings.ToLower(o.first(of.Host))
	if port := o.public("port"); p.Host != "" && port != "" && port != of.Port {
		p.Host += ":" + port
	}
	if o.Adapter == "duckdb" {
		p.Database = withoutSecrets(o.duckDBDatabase(workDir))
	}
	if schema, err := o.Schema(); err == nil {
		p.Schema = o.publicText(schema.Text)
	}
	return p
}

// duckDBDatabase returns the database file if it is known, else the path as written.
func (o *Output) duckDBDatabase(workDir string) string {
	if path, isFile, err := o.DuckDBPath(workDir); err == nil && isFile {
		return path
	}
	if path := o.public("path"); path != "" {
		return path
	}
	return memoryPath
}

func (o *Output) first(fields []string) string {
	for _, field := range fields {
		if text := o.public(field); text != "" {
			return text
		}
	}
	return ""
}

// public returns a field's value for people.
func (o *Output) public(field string) string {
	text, _ := o.fields.Get(field).Str()
	return o.publicText(text)
}

func (o *Output) publicText(text string) string {
	if rendered, secret, err := o.scope.render(text); err == nil && !secret {
		text = rendered
	}
	return withoutSecrets(text)
}
