package profile

// Isolated is the profiles.yml for a build of its own: nothing but this output
// in its profile, its schema with _suffix after it. targetName renames the
// output; "" keeps its name. All else stays as written, for PyYAML to read as
// it would the original: Jinja is never evaluated, since that would write
// secrets down.
func (o *Output) Isolated(suffix, targetName string) ([]byte, error) {
	schema, err := o.suffixed(suffix)
	if err != nil {
		return nil, err
	}
	if targetName == "" {
		targetName = o.Name
	}
	fields := &yamlNode{kind: yamlMapping, tag: o.fields.tag, pairs: o.fields.pairs}
	fields.replace(schema.Field, textNode(schema.Text))

	outputs := &yamlNode{kind: yamlMapping, pairs: []yamlPair{{textNode(targetName), fields}}}
	profile := &yamlNode{kind: yamlMapping, pairs: []yamlPair{
		{textNode("target"), textNode(targetName)},
		{textNode("outputs"), outputs},
	}}
	w := &yamlWriter{file: o.file}
	if err := w.pair(yamlPair{textNode(o.Profile), profile}, 0); err != nil {
		return nil, err
	}
	return []byte(w.out.String()), nil
}

// textNode is a scalar that no reader takes for a number.
func textNode(s string) *yamlNode { return &yamlNode{text: s} }

// replace gives every key that reads name the new value, and adds one where
// there is none.
func (n *yamlNode) replace(name string, value *yamlNode) {
	pairs := n.pairs[:0:0]
	for _, p := range n.pairs {
		if p.key.text != name {
			pairs = append(pairs, p)
		}
	}
	n.pairs = append(pairs, yamlPair{textNode(name), value})
}
