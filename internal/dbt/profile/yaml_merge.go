package profile

import (
	"strings"

	"github.com/goccy/go-yaml/ast"

	"dot-for-dbt/internal/hint"
)

// mapping reads a block of pairs as PyYAML does: what << brings in comes
// first and the keys written out win over it.
func (r *yamlReader) mapping(n ast.Node, values []*ast.MappingValueNode) (*yamlNode, error) {
	out := r.at(n, yamlMapping)
	for _, v := range values {
		key, ok := v.Key.(*ast.MergeKeyNode)
		if !ok {
			continue
		}
		if err := r.checkMerge(key); err != nil {
			return nil, err
		}
		merged, err := r.merge(v.Value)
		if err != nil {
			return nil, err
		}
		out.set(merged...)
	}
	for _, v := range values {
		if isMerge(v.Key) {
			continue
		}
		key, err := r.key(v.Key)
		if err != nil {
			return nil, err
		}
		if key.plain && r.colonSticks(v) {
			return nil, r.errorAt(v.Key, "a space is missing after the colon, or quotes around the value")
		}
		value, err := r.node(v.Value)
		if err != nil {
			return nil, err
		}
		out.set(yamlPair{key, value})
	}
	return out, nil
}

// set adds pairs; a key that is there already keeps its place and gets the
// new value, as in a Python dict.
func (n *yamlNode) set(pairs ...yamlPair) {
next:
	for _, p := range pairs {
		for i := range n.pairs {
			if n.pairs[i].key.same(p.key) {
				n.pairs[i].value = p.value
				continue next
			}
		}
		n.pairs = append(n.pairs, p)
	}
}

// isMerge tells whether a key is a << that merges; in quotes it is a key like any.
func isMerge(key ast.MapKeyNode) bool {
	_, ok := key.(*ast.MergeKeyNode)
	return ok
}

// merge reads what stands behind <<: a mapping, or a list of them of which
// the first wins.
func (r *yamlReader) merge(n ast.Node) ([]yamlPair, error) {
	source, err := r.node(n)
	if err != nil {
		return nil, err
	}
	sources := []*yamlNode{source}
	if source.kind == yamlSequence {
		sources = source.items
	}
	var out yamlNode
	for i := len(sources) - 1; i >= 0; i-- {
		if sources[i].kind != yamlMapping {
			return nil, r.errorAt(n, "<< merges mappings, and this is %s", sources[i].kind)
		}
		out.set(sources[i].pairs...)
	}
	return out.pairs, nil
}

// key reads a key, which must be a single value.
func (r *yamlReader) key(n ast.MapKeyNode) (*yamlNode, error) {
	key, err := r.node(n)
	if err != nil {
		return nil, err
	}
	if key.kind != yamlScalar {
		return nil, hint.New(r.errorAt(n, "a key must be a single value, not %s", key.kind).Error(), quoteJinjaHint)
	}
	if key.plain && key.text == "<<" { // which the parser took for a text
		return nil, r.errorAt(n, "<< must stand alone before its colon")
	}
	if (key.plain && key.text == "") || strings.Contains(key.text, "\n") {
		return nil, r.errorAt(n, "a key must be a text of one line")
	}
	return key, nil
}

// quoteJinjaHint helps with the commonest slip in a profiles.yml.
const quoteJinjaHint = `Jinja must stand in quotes: "{{ env_var('NAME') }}"`
