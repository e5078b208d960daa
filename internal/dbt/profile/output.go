package profile

import (
	"fmt"
	"path/filepath"
	"strconv"

	"dot-for-dbt/internal/hint"
)

// Output is one entry of a profile's outputs: how dbt connects. Its fields
// are as written, Jinja and all, with anchors and merges resolved.
type Output struct {
	Profile string
	Name    string
	Adapter string // its type: "postgres", "duckdb", …

	file     string
	fields   *yamlNode
	scope    Scope
	chosenBy []string // the texts that led here, for the variables they read
}

// File is the profiles.yml that the output stands in.
func (o *Output) File() string { return o.file }

func (o *Output) readAdapter() error {
	text, ok := o.fields.get("type").string()
	if !ok {
		return hint.New(o.errorAt(o.fields, "it has no type").Error(), "add the adapter's name, like: type: postgres")
	}
	adapter, err := renderName(o.scope, text)
	if err != nil {
		return o.errorAt(o.fields.get("type"), "its type can't be told: %w", err)
	}
	o.Adapter = adapter
	return nil
}

// errorAt is an error about the output, with a place in the file.
func (o *Output) errorAt(n *yamlNode, format string, args ...any) error {
	return fmt.Errorf("output %s of profile %s: %s: "+format, append([]any{o.Name, o.Profile, n.place(o.file)}, args...)...)
}

// Field is one value of an output.
type Field struct {
	// Label is the way to the value: "threads", "settings.memory_limit",
	// "extensions.0". No two values of an output have the same one: see yamlNode.label.
	Label string
	Text  string // as YAML, so that 4 and "4" differ
}

// Fields are the values of the output that are no secret, in the file's
// order: what a build depends on. The schema is the original one. A secret
// inside a text, such as a password in a URL, is cut out.
func (o *Output) Fields() []Field {
	var out []Field
	for _, f := range o.leaves() {
		if f.secret {
			continue
		}
		shown := *f.node
		shown.text = withoutSecrets(shown.text)
		out = append(out, Field{Label: f.label, Text: shown.written()})
	}
	return out
}

// EnvVars are the environment variables that the output reads: public those
// that no secret depends on, all with those of secret fields, of the output's
// own name and of the adapter.
func (o *Output) EnvVars() (public, all EnvUse) {
	for _, f := range o.leaves() {
		place := f.node.place(filepath.Base(o.file))
		all = all.Plus(scanText(place, f.node.text))
		if !f.secret {
			public = public.Plus(scanText(place, withoutSecrets(f.node.text)).Public())
		}
	}
	for _, text := range o.chosenBy {
		all = all.Plus(scanText(filepath.Base(o.file), text))
	}
	return public, all
}

// leaf is a single value somewhere in an output.
type leaf struct {
	label  string
	node   *yamlNode
	secret bool
}

func (o *Output) leaves() []leaf {
	var out []leaf
	var walk func(label string, n *yamlNode, secret bool)
	walk = func(label string, n *yamlNode, secret bool) {
		if n.kind == yamlScalar {
			out = append(out, leaf{label, n, secret})
		}
		for i, item := range n.items {
			walk(label+"."+strconv.Itoa(i), item, secret)
		}
		for _, p := range n.pairs {
			name := p.key.label()
			if label != "" {
				name = label + "." + name
			}
			walk(name, p.value, secret || isSecretName(p.key.text))
		}
	}
	walk("", o.fields, false)
	return out
}
