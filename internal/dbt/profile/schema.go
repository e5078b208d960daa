package profile

import (
	"fmt"
	"strings"
	"unicode"

	"dot-for-dbt/internal/dbt/adapter"
	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/pyyaml"
)

// Schema is the default schema of an output's tables.
type Schema struct {
	Field string // "schema", or BigQuery's "dataset"
	Text  string // as written, perhaps Jinja; the adapter's default if the output names none
}

// Schema returns the output's schema without a suffix. It is an error to have both schema and
// dataset, or neither if the adapter has no default.
func (o *Output) Schema() (Schema, error) {
	schema, dataset := o.fields.Get("schema"), o.fields.Get("dataset")
	switch {
	case schema != nil && dataset != nil:
		return Schema{}, hint.New(
			o.errorAt(dataset, "it has both schema and dataset").Error(),
			"keep the one that the adapter documents",
		)
	case schema != nil:
		return o.schemaOf("schema", schema)
	case dataset != nil:
		return o.schemaOf("dataset", dataset)
	}
	if name := adapter.Of(o.Adapter).Schema; name != "" {
		return Schema{Field: "schema", Text: name}, nil
	}
	return Schema{}, hint.New(o.errorAt(o.fields, "it has no schema").Error(), "add a line like: schema: analytics")
}

func (o *Output) schemaOf(field string, n *pyyaml.Node) (Schema, error) {
	text, ok := n.Str()
	// Jinja drops one line break at the end, so the one of a block (|) does not belong to the name.
	text = strings.TrimSuffix(text, "\n")
	if n.Kind != pyyaml.Scalar {
		return Schema{}, o.errorAt(n, "its %s is %s, not a name", field, n.Kind)
	}
	if !ok || strings.TrimSpace(text) == "" {
		return Schema{}, o.errorAt(n, "its %s is empty", field)
	}
	return Schema{Field: field, Text: text}, nil
}

// suffixed returns the schema with the suffix. It checks the length if that is known.
func (o *Output) suffixed(suffix string) (Schema, error) {
	if err := checkSuffix(suffix); err != nil {
		return Schema{}, err
	}
	schema, err := o.Schema()
	if err != nil {
		return Schema{}, err
	}
	schema.Text += "_" + suffix
	limit := adapter.Of(o.Adapter).NameLimit
	name, secret, err := o.scope.render(schema.Text)
	if err != nil || limit == 0 || len(name) <= limit {
		return schema, nil // dbt decides about what can't be evaluated here
	}
	if secret {
		name = schema.Text
	}
	return Schema{}, hint.New(
		fmt.Sprintf("schema %s is longer than the %d bytes that %s keeps of a name", name, limit, o.Adapter),
		"choose a shorter schema in the profile, or a shorter schema-suffix or short under dot: in the environment",
	)
}

// checkSuffix refuses a suffix that would change the meaning of the schema's Jinja, or can't be a
// part of a name.
func checkSuffix(suffix string) error {
	if suffix == "" {
		return fmt.Errorf("the schema suffix is empty")
	}
	for _, c := range suffix {
		if c != '_' && c != '-' && c != '.' && !unicode.IsLetter(c) && !unicode.IsDigit(c) {
			return hint.New(
				fmt.Sprintf("schema suffix %q holds %q", suffix, c),
				"use letters, digits, _, - and . in schema-suffix",
			)
		}
	}
	return nil
}
