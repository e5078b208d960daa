package profile

// Isolated returns the profiles.yml for an isolated build. Its profile has only this output, with
// _suffix after the schema. targetName renames the output; "" keeps its name. Everything else stays
// as written, so that PyYAML reads it as in the original. Jinja is never evaluated, because that
// would write down secrets.
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

// textNode returns a scalar that is text to every reader.
func textNode(s string) *yamlNode { return &yamlNode{text: s} }

// replace sets the value of every key that reads name, and adds a pair if there is none.
func (n *yamlNode) replace(name string, value *yamlNode) {
	pairs := n.pairs[:0:0]
	for _, p := range n.pairs {
		if p.key.text != name {
			pairs = append(pairs, p)
		}
	}
	n.pairs = append(pairs, yamlPair{textNode(name), value})
}
