package config

import (
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// node is a value of a YAML document with its position. Anchors, aliases, merges and tags are
// resolved.
type node struct {
	at place
	// value is nil, bool, int64, *big.Int (where int64 is too small), float64,
	// string, []node or mapping.
	value any
}

// mapping is in the order of the file, and each key occurs once.
type mapping []entry

type entry struct {
	key    string // as written, whatever its type
	at     place  // the key's position
	value  node
	merged bool // it came through <<
}

// plain returns n without positions: map[string]any, []any and scalars. Each call makes a copy.
func (n node) plain() any {
	switch value := n.value.(type) {
	case []node:
		list := make([]any, len(value))
		for i, item := range value {
			list[i] = item.plain()
		}
		return list
	case mapping:
		m := make(map[string]any, len(value))
		for _, e := range value {
			m[e.key] = e.value.plain()
		}
		return m
	default:
		return value
	}
}

// reader converts the parser's tree to nodes.
type reader struct {
	src     *source
	anchors map[string]anchor
	size    int // of all nodes so far, counted as for maxSize
}

type anchor struct {
	node node
	size int
}

func (r *reader) node(n ast.Node) (node, error) {
	at := placeOf(r.src, n)
	if err := r.grow(at, 1); err != nil {
		return node{}, err
	}
	switch n := n.(type) {
	case *ast.AnchorNode:
		return r.anchor(n)
	case *ast.AliasNode:
		return r.alias(n)
	case *ast.TagNode:
		return r.tagged(n)
	case *ast.SequenceNode:
		list := make([]node, 0, len(n.Values))
		for _, item := range n.Values {
			value, err := r.node(item)
			if err != nil {
				return node{}, err
			}
			list = append(list, value)
		}
		return node{at, list}, nil
	case *ast.MappingNode:
		return r.mapping(at, n.Values)
	case *ast.MappingValueNode:
		return r.mapping(at, []*ast.MappingValueNode{n})
	default:
		text, quoted, ok := scalarText(n)
		if !ok {
			return node{}, at.problemf("a value is expected here")
		}
		if err := r.grow(at, len(text)); err != nil {
			return node{}, err
		}
		if quoted {
			return node{at, text}, nil
		}
		value, err := plainScalar(at, text)
		return node{at, value}, err
	}
}

// grow limits the size that a few lines of aliases can expand to.
func (r *reader) grow(at place, size int) error {
	r.size += size
	if r.size > maxSize {
		return at.problemf("too large once aliases are replaced by their values")
	}
	return nil
}

func (r *reader) anchor(n *ast.AnchorNode) (node, error) {
	before := r.size
	value, err := r.node(n.Value)
	if err != nil {
		return node{}, err
	}
	r.anchors[tokenText(n.Name)] = anchor{value, r.size - before}
	return value, nil
}

// alias returns the anchor's node, so that an error about it shows the anchor's position.
func (r *reader) alias(n *ast.AliasNode) (node, error) {
	at, name := placeOf(r.src, n), tokenText(n.Value)
	known, ok := r.anchors[name]
	if !ok {
		return node{}, at.problemf("no anchor %q comes before this alias", "&"+name)
	}
	return known.node, r.grow(at, known.size)
}

// tagged accepts one tag, !!str: text whatever it looks like.
func (r *reader) tagged(n *ast.TagNode) (node, error) {
	at := placeOf(r.src, n)
	tag := n.GetToken().Value
	text, _, ok := scalarText(n.Value)
	if tag != "!!str" || !ok {
		return node{}, at.problemf("tag %q has no meaning here", tag).hint("remove the tag; for text, put the value into quotes")
	}
	return node{at, text}, nil
}

func (r *reader) mapping(at place, pairs []*ast.MappingValueNode) (node, error) {
	var (
		own  mapping
		from *node // the value of <<
		seen = map[string]place{}
	)
	for _, pair := range pairs {
		key, keyAt, err := r.key(pair.Key)
		if err != nil {
			return node{}, err
		}
		if first, twice := seen[key]; twice {
			return node{}, keyAt.problemf("key %q is given twice, first in line %d", key, first.line)
		}
		seen[key] = keyAt
		if err := r.grow(keyAt, len(key)); err != nil {
			return node{}, err
		}
		value, err := r.node(pair.Value)
		if err != nil {
			return node{}, err
		}
		if pair.Key.IsMergeKey() {
			from = &value
			continue
		}
		own = append(own, entry{key: key, at: keyAt, value: value})
	}
	if from != nil {
		var err error
		if own, err = merge(own, *from); err != nil {
			return node{}, err
		}
	}
	return node{at, own}, nil
}

// merge adds the entries of << to own. Own keys win, then keys of earlier mappings in a list.
func merge(own mapping, from node) (mapping, error) {
	sources := []node{from}
	if list, ok := from.value.([]node); ok {
		sources = list
	}
	known := map[string]bool{}
	for _, e := range own {
		known[e.key] = true
	}
	for _, source := range sources {
		entries, ok := source.value.(mapping)
		if !ok {
			return nil, source.at.problemf("<< needs a mapping or a list of mappings, but this is %s", describe(source.value))
		}
		for _, e := range entries {
			if !known[e.key] {
				known[e.key] = true
				e.merged = true
				own = append(own, e)
			}
		}
	}
	return own, nil
}

// key returns the text of a key as written: 2024, true and "2024" are all text.
func (r *reader) key(n ast.Node) (string, place, error) {
	at := placeOf(r.src, n)
	switch n := n.(type) {
	case *ast.MappingKeyNode:
		return r.key(n.Value)
	case *ast.MergeKeyNode:
		return "<<", at, nil
	default:
		text, quoted, ok := scalarText(n)
		if !ok || text == "" && !quoted {
			return "", at, at.problemf("a key is expected here: a word, a number or text in quotes")
		}
		return text, at, nil
	}
}

// scalarText returns a scalar's text. Quoted text and blocks are text whatever they look like.
func scalarText(n ast.Node) (text string, quoted, ok bool) {
	switch n := n.(type) {
	case *ast.LiteralNode:
		return n.Value.Value, true, true
	case *ast.StringNode:
		t := n.GetToken().Type
		return n.Value, t == token.SingleQuoteType || t == token.DoubleQuoteType, true
	case *ast.NullNode:
		if n.GetToken().Type == token.ImplicitNullType {
			return "", false, true
		}
		return n.GetToken().Value, false, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, false, true
	}
	return "", false, false
}

// placeOf returns the beginning of n. For a block of keys the parser itself gives the first colon.
func placeOf(src *source, n ast.Node) place {
	t := n.GetToken()
	switch n := n.(type) {
	case *ast.MappingNode:
		if !n.IsFlowStyle && len(n.Values) > 0 {
			t = n.Values[0].Key.GetToken()
		}
	case *ast.MappingValueNode:
		t = n.Key.GetToken()
	}
	if t == nil || t.Position == nil {
		return place{src, 1, 1}
	}
	return place{src, t.Position.Line, t.Position.Column}
}

func tokenText(n ast.Node) string {
	if n == nil || n.GetToken() == nil {
		return ""
	}
	return n.GetToken().Value
}
