package pyyaml

import (
	"slices"

	"go.yaml.in/yaml/v4"
)

// unreadPair is a pair of a mapping, as parsed from the file.
type unreadPair struct {
	key, value *yaml.Node
	merged     bool
}

// pairs lists the pairs of a mapping in PyYAML's order. Those from << come first, so that the
// mapping's own keys win.
func (f *file) pairs(n *yaml.Node) ([]unreadPair, error) {
	if err := f.checkFlow(n); err != nil {
		return nil, err
	}
	var merged, own []unreadPair
	for i := 0; i < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Tag != "!!merge" {
			own = append(own, unreadPair{key, value, false})
			continue
		}
		more, err := f.merge(value, true)
		if err != nil {
			return nil, err
		}
		merged = append(merged, more...)
	}
	for i := range merged {
		merged[i].merged = true
	}
	return append(merged, own...), nil
}

// merge lists the pairs that << brings: those of a mapping or, if list is true, of a list of
// mappings. Of those, the first wins.
func (f *file) merge(n *yaml.Node, list bool) ([]unreadPair, error) {
	n, leave, err := f.enter(n)
	if err != nil {
		return nil, err
	}
	defer leave()
	switch {
	case n.Kind == yaml.MappingNode:
		pairs, err := f.pairs(n)
		f.left -= len(pairs)
		return pairs, err
	case n.Kind == yaml.SequenceNode && list:
		var all []unreadPair
		for _, item := range slices.Backward(n.Content) {
			more, err := f.merge(item, false)
			if err != nil {
				return nil, err
			}
			all = append(all, more...)
		}
		return all, nil
	}
	return nil, f.errorAt(n, "<< merges mappings, and this is %s", kindOf(n))
}

// mapping reads a whole mapping. A repeated key keeps its place and gets the new value, as in a
// Python dict.
func (f *file) mapping(n *yaml.Node) (*Node, error) {
	pairs, err := f.pairs(n)
	if err != nil {
		return nil, err
	}
	out := f.at(n, Mapping)
	places := map[string]int{} // indexes in out.Pairs
	own := ownKeys{}
	for _, p := range pairs {
		key, err := f.key(p.key)
		if err != nil {
			return nil, err
		}
		if f.own && !p.merged {
			if err := own.add(key); err != nil {
				return nil, err
			}
		}
		value, err := f.read(p.value)
		if err != nil {
			return nil, err
		}
		pair := Pair{Key: key, Value: value, Merged: p.merged}
		if i, there := places[key.Label()]; there {
			out.Pairs[i] = pair
			continue
		}
		places[key.Label()] = len(out.Pairs)
		out.Pairs = append(out.Pairs, pair)
	}
	return out, nil
}

// ownKeys are the keys of a mapping that are written in it, with the line of each.
type ownKeys map[string]int

// add adds a key. It is an error if another key has the same text, or the same value to PyYAML.
func (k ownKeys) add(key *Node) error {
	value, err := key.Value()
	if err != nil {
		return err
	}
	names := []string{"text " + key.Text}
	if !key.IsText() {
		names = append(names, "value "+hashed(value))
	}
	for _, name := range names {
		if line, twice := k[name]; twice {
			return key.Errorf("key %q is given twice, first in line %d", key.Text, line)
		}
	}
	for _, name := range names {
		k[name] = key.Line
	}
	return nil
}

// key reads a key, which must be a single value.
func (f *file) key(n *yaml.Node) (*Node, error) {
	key, err := f.read(n)
	if err != nil {
		return nil, err
	}
	if key.Kind != Scalar {
		err := f.errorAt(n, "a key must be a single value, not %s", key.Kind)
		if key.Kind == Mapping {
			err.hints = []string{quoteJinjaHint}
		}
		return nil, err
	}
	if key.Plain && key.Text == "" { // it can't be written back as it is
		if key.Tag != "" {
			return nil, f.errorAt(n, "a key needs a text after its tag")
		}
		key.Text = "~"
	}
	return key, nil
}

// Parts is a mapping with its keys read, and its values not.
type Parts struct {
	Keys   []string // in order
	Values map[string]Part
}

// Mapping returns the pairs of a mapping, by the text of their keys, without reading the values.
// It skips pairs whose key is not a single value, because nobody can look them up.
func (p Part) Mapping() (*Parts, error) {
	f := p.file
	f.left, f.leftText = maxNodes, maxText
	n, leave, err := f.enter(p.node)
	if err != nil {
		return nil, err
	}
	defer leave()
	if n.Kind != yaml.MappingNode {
		return nil, f.errorAt(n, "expected a mapping")
	}
	pairs, err := f.pairs(n)
	if err != nil {
		return nil, err
	}
	m := &Parts{Values: map[string]Part{}}
	for _, p := range pairs {
		key := p.key
		if key.Kind == yaml.AliasNode {
			key = key.Alias
		}
		if key.Kind != yaml.ScalarNode || key == noAnchor {
			continue
		}
		if _, there := m.Values[key.Value]; !there {
			m.Keys = append(m.Keys, key.Value)
		}
		m.Values[key.Value] = Part{f, p.value}
	}
	return m, nil
}
