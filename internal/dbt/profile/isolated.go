package profile

import "dot-for-dbt/internal/pyyaml"

// Isolated returns the profiles.yml for an isolated build. Its profile has only this output, with
// _suffix after the schema. targetName renames the output; "" keeps its name. Files that external
// models write get a directory below dir, the build's: see externalRoot. Everything else stays as
// written, so that PyYAML reads it as in the original. Jinja is never evaluated, because that would
// write down secrets.
func (o *Output) Isolated(suffix, targetName, dir string) ([]byte, error) {
	schema, err := o.suffixed(suffix)
	if err != nil {
		return nil, err
	}
	if targetName == "" {
		targetName = o.Name
	}
	pairs := replaced(o.fields.Pairs, schema.Field, schema.Text)
	if o.Adapter == "duckdb" && dir != "" {
		pairs = replaced(pairs, "external_root", o.externalRoot(schema.Text, dir))
	}
	output := &pyyaml.Node{Kind: pyyaml.Mapping, Tag: o.fields.Tag, Pairs: pairs}

	outputs := mapping(pair(targetName, output))
	profile := mapping(pair("target", scalar(targetName)), pair("outputs", outputs))
	return mapping(pair(o.Profile, profile)).Block()
}

func mapping(pairs ...pyyaml.Pair) *pyyaml.Node {
	return &pyyaml.Node{Kind: pyyaml.Mapping, Pairs: pairs}
}

func pair(name string, value *pyyaml.Node) pyyaml.Pair {
	return pyyaml.Pair{Key: scalar(name), Value: value}
}

// scalar returns a scalar that is text to every reader.
func scalar(s string) *pyyaml.Node { return &pyyaml.Node{Text: s} }

// replaced returns pairs in which the value of name is a text.
func replaced(pairs []pyyaml.Pair, name, value string) []pyyaml.Pair {
	var out []pyyaml.Pair
	for _, p := range pairs {
		if p.Key.Text != name {
			out = append(out, p)
		}
	}
	return append(out, pair(name, scalar(value)))
}
