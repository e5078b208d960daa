package profile

import (
	"cmp"
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

// Place returns the output's place. workDir is where dbt runs. hide returns a name for a part that
// a secret makes; with nil, such a part stays as written. So does a part whose Jinja can't be
// evaluated.
func (o *Output) Place(workDir string, hide func(string) string) Place {
	of := adapter.Of(o.Adapter)
	folded := func(text string) string { return of.Fold(text, true) }
	p := Place{
		Adapter: o.Adapter, Host: o.first(of.Host, strings.ToLower, hide),
		Database: o.first(of.Database, folded, hide),
	}
	if port := o.part(o.text("port"), asIs, hide); p.Host != "" && port != "" && port != of.Port {
		p.Host += ":" + port
	}
	if o.Adapter == "duckdb" {
		p.Database = o.duckDBDatabase(workDir, hide)
	}
	if schema, err := o.Schema(); err == nil {
		p.Schema = o.part(schema.Text, asIs, hide)
	}
	return p
}

// duckDBDatabase returns the database file if it is known, else the path as written.
func (o *Output) duckDBDatabase(workDir string, hide func(string) string) string {
	if text, err := o.scope.Render(o.text("path")); err == nil && (text == "" || strings.HasPrefix(text, memoryPath)) {
		return cmp.Or(text, memoryPath)
	}
	switch path, isFile, err := o.DuckDBPath(workDir); {
	case err != nil || !isFile:
	case !o.isSecret(o.text("path")):
		return withoutSecrets(path)
	case hide != nil:
		return hide(path)
	}
	return o.part(o.text("path"), asIs, hide)
}

// first returns the first of the fields that the output has.
func (o *Output) first(fields []string, fold, hide func(string) string) string {
	for _, field := range fields {
		if part := o.part(o.text(field), fold, hide); part != "" {
			return part
		}
	}
	return ""
}

// text returns a field as written.
func (o *Output) text(field string) string {
	text, _ := o.fields.Get(field).Str()
	return text
}

// part returns a part of a place, without passwords inside it. fold makes equal names equal.
func (o *Output) part(text string, fold, hide func(string) string) string {
	text = withoutSecrets(text)
	rendered, secret, err := o.scope.render(text)
	if err != nil || secret && hide == nil {
		return text
	}
	rendered = fold(withoutSecrets(rendered))
	if secret {
		return hide(rendered)
	}
	return rendered
}

// asIs is a fold for names that the adapter compares as they are.
func asIs(text string) string { return text }

// isSecret reports whether a text reads a secret variable, but for passwords inside it.
func (o *Output) isSecret(text string) bool {
	_, secret, err := o.scope.render(withoutSecrets(text))
	return err == nil && secret
}

// SecretNames are the names in the output's place that secret variables make, as SQL has them; ""
// for each other.
type SecretNames struct {
	Database string
	Schema   string // without a suffix
}

// SecretNames returns the names that must not be shown or kept.
func (o *Output) SecretNames(workDir string) SecretNames {
	var names SecretNames
	for _, field := range adapter.Of(o.Adapter).Database {
		text := o.text(field)
		if rendered, secret, err := o.scope.render(text); err == nil && text != "" {
			if secret {
				names.Database = rendered
			}
			break
		}
	}
	if o.Adapter == "duckdb" && o.isSecret(o.text("path")) {
		if path, isFile, err := o.DuckDBPath(workDir); err == nil && isFile {
			names.Database = stem(path)
		} else if remote, err := o.scope.Render(withoutSecrets(o.text("path"))); err == nil {
			names.Database = stem(strings.TrimPrefix(remote, "md:"))
		}
	}
	if schema, err := o.Schema(); err == nil && o.isSecret(schema.Text) {
		names.Schema, _ = o.scope.Render(schema.Text)
	}
	return names
}
