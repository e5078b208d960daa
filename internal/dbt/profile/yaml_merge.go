package profile

import (
	"slices"

	"go.yaml.in/yaml/v4"

	"dot-for-dbt/internal/hint"
)

// unreadPair is a pair of a mapping, as parsed from the file.
type unreadPair struct{ key, value *yaml.Node }

// pairs lists the pairs of a mapping in PyYAML's order. Those from << come first, so that the
// mapping's own keys win.
func (r *yamlReader) pairs(n *yaml.Node) ([]unreadPair, error) {
	if err := r.checkFlow(n); err != nil {
		return nil, err
	}
	var merged, own []unreadPair
	for i := 0; i < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Tag != "!!merge" {
			own = append(own, unreadPair{key, value})
			continue
		}
		more, err := r.merge(value, true)
		if err != nil {
			return nil, err
		}
		merged = append(merged, more...)
	}
	return append(merged, own...), nil
}

// merge lists the pairs that << brings: those of a mapping or, if list is true, of a list of
// mappings. Of those, the first wins.
func (r *yamlReader) merge(n *yaml.Node, list bool) ([]unreadPair, error) {
	n, leave, err := r.enter(n)
	if err != nil {
		return nil, err
	}
	defer leave()
	switch {
	case n.Kind == yaml.MappingNode:
		pairs, err := r.pairs(n)
		r.left -= len(pairs)
		return pairs, err
	case n.Kind == yaml.SequenceNode && list:
		var all []unreadPair
		for _, item := range slices.Backward(n.Content) {
			more, err := r.merge(item, false)
			if err != nil {
				return nil, err
			}
			all = append(all, more...)
		}
		return all, nil
	}
	return nil, r.errorAt(n, "<< merges mappings, and this is %s", kindOf(n))
}

// mapping reads a whole mapping. A repeated key keeps its place and gets the new value, as in a
// Python dict.
func (r *yamlReader) mapping(n *yaml.Node) (*yamlNode, error) {
	pairs, err := r.pairs(n)
	if err != nil {
		return nil, err
	}
	out := r.at(n, yamlMapping)
	places := map[string]int{} // indexes in out.pairs
	for _, p := range pairs {
		key, err := r.key(p.key)
		if err != nil {
			return nil, err
		}
		value, err := r.node(p.value)
		if err != nil {
			return nil, err
		}
		if i, there := places[key.label()]; there {
			out.pairs[i].value = value
			continue
		}
		places[key.label()] = len(out.pairs)
		out.pairs = append(out.pairs, yamlPair{key, value})
	}
	return out, nil
}

// key reads a key, which must be a single value.
func (r *yamlReader) key(n *yaml.Node) (*yamlNode, error) {
	key, err := r.node(n)
	if err != nil {
		return nil, err
	}
	if key.kind != yamlScalar {
		return nil, hint.Add(r.errorAt(n, "a key must be a single value, not %s", key.kind), quoteJinjaHint)
	}
	if key.plain && key.text == "" { // it can't be written back as it is
		if key.tag != "" {
			return nil, r.errorAt(n, "a key needs a text after its tag")
		}
		key.text = "~"
	}
	return key, nil
}

// quoteJinjaHint helps with the most common mistake in a profiles.yml.
const quoteJinjaHint = `Jinja must stand in quotes: "{{ env_var('NAME') }}"`

// lazyMapping is a mapping of which only the keys are read.
type lazyMapping struct {
	keys   []string // in order
	values map[string]*yaml.Node
}

// mappingOf returns the pairs of a mapping, by the text of their keys, without reading the values.
// It skips pairs whose key is not a single value, because nobody can look them up.
func (r *yamlReader) mappingOf(n *yaml.Node) (*lazyMapping, error) {
	r.left = maxYAMLNodes
	n, leave, err := r.enter(n)
	if err != nil {
		return nil, err
	}
	defer leave()
	if n.Kind != yaml.MappingNode {
		return nil, r.errorAt(n, "expected a mapping")
	}
	pairs, err := r.pairs(n)
	if err != nil {
		return nil, err
	}
	m := &lazyMapping{values: map[string]*yaml.Node{}}
	for _, p := range pairs {
		key := p.key
		if key.Kind == yaml.AliasNode {
			key = key.Alias
		}
		if key.Kind != yaml.ScalarNode || key == noAnchor {
			continue
		}
		if _, there := m.values[key.Value]; !there {
			m.keys = append(m.keys, key.Value)
		}
		m.values[key.Value] = p.value
	}
	return m, nil
}
