package profile

import (
	"fmt"
	"path/filepath"
	"strconv"

	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/pyyaml"
)

// Output is one entry of a profile's outputs: how dbt connects. Its fields are as written,
// including Jinja, with anchors and merges resolved.
type Output struct {
	Profile string
	Name    string
	Adapter string // its type: "postgres", "duckdb", …

	file     string
	fields   *pyyaml.Node
	scope    Scope
	chosenBy []string // the texts by which it was chosen, for the variables they read
}

// File returns the path of the profiles.yml with the output.
func (o *Output) File() string { return o.file }

func (o *Output) readAdapter() error {
	text, ok := o.fields.Get("type").Str()
	if !ok {
		return hint.New(o.errorAt(o.fields, "it has no type").Error(), "add the adapter's name, like: type: postgres")
	}
	adapter, err := renderName(o.scope, text)
	if err != nil {
		return o.errorAt(o.fields.Get("type"), "its type is unknown: %w", err)
	}
	o.Adapter = adapter
	return nil
}

// errorAt returns an error about the output, with its place in the file.
func (o *Output) errorAt(n *pyyaml.Node, format string, args ...any) error {
	return fmt.Errorf("output %s of profile %s: %s: "+format, append([]any{o.Name, o.Profile, n.Place(o.file)}, args...)...)
}

// Field is one value of an output.
type Field struct {
	// Label is the path of the value: "threads", "settings.memory_limit", "extensions.0". Labels
	// are unique within an output: see [pyyaml.Node.Label].
	Label string
	Text  string // as YAML, to tell 4 from "4"
}

// Fields returns the values of the output, without secrets, in the file's order: a build depends on
// them. The schema is the original one. A secret inside a text, such as a password in a URL, is cut
// out.
func (o *Output) Fields() []Field {
	var out []Field
	for _, f := range o.leaves() {
		if f.secret {
			continue
		}
		shown := *f.node
		shown.Text = withoutSecrets(shown.Text)
		out = append(out, Field{Label: f.label, Text: shown.Written()})
	}
	return out
}

// EnvVars returns the environment variables that the output reads. public are those in fields
// without secrets: whatever a variable is called, such a field decides where a build is or what it
// is. all also has those in secret fields, in the output's name and in the adapter's.
func (o *Output) EnvVars() (public, all EnvUse) {
	for _, f := range o.leaves() {
		place := f.node.Place(filepath.Base(o.file))
		all = all.Plus(scanText(place, f.node.Text))
		if !f.secret {
			public = public.Plus(scanText(place, withoutSecrets(f.node.Text)))
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
	node   *pyyaml.Node
	secret bool
}

func (o *Output) leaves() []leaf {
	var out []leaf
	var walk func(label string, n *pyyaml.Node, secret bool)
	walk = func(label string, n *pyyaml.Node, secret bool) {
		if n.Kind == pyyaml.Scalar {
			out = append(out, leaf{label, n, secret})
		}
		for i, item := range n.Items {
			walk(label+"."+strconv.Itoa(i), item, secret)
		}
		for _, p := range n.Pairs {
			name := p.Key.Label()
			if label != "" {
				name = label + "." + name
			}
			walk(name, p.Value, secret || isSecretName(p.Key.Text))
		}
	}
	walk("", o.fields, false)
	return out
}
