package config

import "dot-for-dbt/internal/pyyaml"

// node is a value of a YAML document with its position. Anchors, aliases, merges and tags are
// resolved.
type node struct {
	at place
	// text is a scalar as written, without quotes.
	text string
	// value is nil, bool, int64, *big.Int (where int64 is too small), float64,
	// pyyaml.Time, string, []node or mapping.
	value any
}

// isEmpty reports whether the value is left out, or is an empty text. Both mean "not set" wherever
// an environment is configured, but not for a variable.
func (n node) isEmpty() bool { return n.value == nil || n.value == "" }

// mapping is in the order of the file, and each key occurs once. Those that came through << come
// last.
type mapping []entry

type entry struct {
	key    string // as written, whatever its type
	typed  any    // the key's value
	at     place  // the key's position
	value  node
	merged bool // it came through <<
}

// plain returns n without positions: what pyyaml.Node.Value returns. Each call makes a copy.
func (n node) plain() any {
	switch value := n.value.(type) {
	case []node:
		list := make([]any, len(value))
		for i, item := range value {
			list[i] = item.plain()
		}
		return list
	case mapping:
		items := make([]pyyaml.Item, len(value))
		for i, e := range value {
			items[i] = pyyaml.Item{Key: e.typed, Value: e.value.plain()}
		}
		return pyyaml.MappingOf(items)
	default:
		return value
	}
}

// convert returns the reader's tree as nodes. depth is the number of levels that it may have.
func convert(src *source, n *pyyaml.Node, depth int) (node, error) {
	out := node{at: place{src, n.Line, n.Column}, text: n.Text}
	if depth == 0 {
		return node{}, out.at.problemf("nested too deeply")
	}
	switch {
	case n.Tag != "" || n.Kind == pyyaml.Scalar:
		var err error
		if out.value, err = n.Value(); err != nil {
			return node{}, syntaxProblem(src, err)
		}
	case n.Kind == pyyaml.Sequence:
		list := make([]node, 0, len(n.Items))
		for _, item := range n.Items {
			value, err := convert(src, item, depth-1)
			if err != nil {
				return node{}, err
			}
			list = append(list, value)
		}
		out.value = list
	default:
		var own, merged mapping
		for _, p := range n.Pairs {
			e, err := convertPair(src, p, depth-1)
			if err != nil {
				return node{}, err
			}
			if e.merged {
				merged = append(merged, e)
			} else {
				own = append(own, e)
			}
		}
		out.value = append(own, merged...)
	}
	return out, nil
}

func convertPair(src *source, p pyyaml.Pair, depth int) (entry, error) {
	key, err := convert(src, p.Key, depth)
	if err != nil {
		return entry{}, err
	}
	if key.value == nil {
		return entry{}, key.at.problemf("a key is expected here: a word, a number or text in quotes")
	}
	value, err := convert(src, p.Value, depth)
	return entry{key: key.text, typed: key.value, at: key.at, value: value, merged: p.Merged}, err
}
