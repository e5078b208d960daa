package profile

import "dot-for-dbt/internal/pyyaml"

// Dirs are the directories that decide what a relative path in an isolated build's profile means.
type Dirs struct {
	User  string // where relative paths in the user's profiles.yml start; "": they stay as written
	Build string // for the files that the build's models write
}

// Isolated returns the profiles.yml for an isolated build. Its profile has only this output, with
// _suffix after the schema. targetName renames the output; "" keeps its name. Relative paths become
// absolute, since dbt runs in the commit's files. Files that external models write get a directory
// of the build: see externalRoot. Everything else stays as written, so that PyYAML reads it as in
// the original. Jinja is never evaluated, because that would write down secrets.
func (o *Output) Isolated(suffix, targetName string, dirs Dirs) ([]byte, error) {
	schema, err := o.suffixed(suffix)
	if err != nil {
		return nil, err
	}
	if targetName == "" {
		targetName = o.Name
	}
	fields := o.fields
	if dirs.User != "" {
		fields = o.absolute(dirs.User)
	}
	pairs := replaced(fields.Pairs, schema.Field, schema.Text)
	if o.Adapter == "duckdb" && dirs.Build != "" {
		pairs = replaced(pairs, "external_root", o.externalRoot(schema.Text, dirs.Build))
	}
	output := &pyyaml.Node{Kind: pyyaml.Mapping, Tag: fields.Tag, Pairs: pairs}

	outputs := mapping(pair(targetName, output))
	profile := mapping(pair("target", text(targetName)), pair("outputs", outputs))
	return mapping(pair(o.Profile, profile)).Block()
}

func mapping(pairs ...pyyaml.Pair) *pyyaml.Node {
	return &pyyaml.Node{Kind: pyyaml.Mapping, Pairs: pairs}
}

func pair(name string, value *pyyaml.Node) pyyaml.Pair {
	return pyyaml.Pair{Key: text(name), Value: value}
}

// text returns a scalar that is text to every reader.
func text(s string) *pyyaml.Node { return &pyyaml.Node{Text: s} }

// replaced returns pairs in which the value of name is a text.
func replaced(pairs []pyyaml.Pair, name, value string) []pyyaml.Pair {
	var out []pyyaml.Pair
	for _, p := range pairs {
		if p.Key.Text != name {
			out = append(out, p)
		}
	}
	return append(out, pair(name, text(value)))
}
