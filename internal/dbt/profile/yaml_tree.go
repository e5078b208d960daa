package profile

import (
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// yamlKind is what a yamlNode is.
type yamlKind int

const (
	yamlScalar yamlKind = iota
	yamlMapping
	yamlSequence
)

func (k yamlKind) String() string {
	return [...]string{"a single value", "a mapping", "a list"}[k]
}

// yamlNode is a value as it was written: a plain scalar keeps its text, since
// only the reader (PyYAML, YAML 1.1) may say whether yes or 0o14 is a text.
// Aliases and merges are resolved.
type yamlNode struct {
	kind      yamlKind
	tag       string // as written ("!!str"), "" for none
	text      string // of a scalar
	plain     bool   // a scalar without quotes: its type is the reader's to find
	pairs     []yamlPair
	items     []*yamlNode
	line, col int
}

type yamlPair struct{ key, value *yamlNode }

// get is the value of the last pair whose key reads name, or nil.
func (n *yamlNode) get(name string) *yamlNode {
	if n == nil || n.kind != yamlMapping {
		return nil
	}
	for i := len(n.pairs) - 1; i >= 0; i-- {
		if n.pairs[i].key.text == name {
			return n.pairs[i].value
		}
	}
	return nil
}

// isNull tells whether every reader of YAML takes the node for nothing.
func (n *yamlNode) isNull() bool {
	if n.kind != yamlScalar || !n.plain || n.tag != "" {
		return false
	}
	switch n.text {
	case "", "~", "null", "Null", "NULL":
		return true
	}
	return false
}

// string is the text of a scalar that is there; ok is false for anything else.
func (n *yamlNode) string() (text string, ok bool) {
	if n == nil || n.kind != yamlScalar || n.isNull() {
		return "", false
	}
	return n.text, true
}

// same tells whether PyYAML takes two keys for one: the later one then replaces
// the earlier one. Two spellings of one number count as two keys.
func (n *yamlNode) same(other *yamlNode) bool {
	if n.isText() && other.isText() {
		return n.text == other.text
	}
	return n.text == other.text && n.tag == other.tag && n.plain == other.plain
}

// isText tells whether PyYAML reads a scalar as a text, in quotes or without.
func (n *yamlNode) isText() bool {
	if n.tag != "" || !n.plain {
		return n.tag == "" || n.tag == "!!str"
	}
	return isPyText(n.text)
}

// A profiles.yml that aliases blow up beyond this is refused.
const maxYAMLNodes = 20_000

// yamlReader turns parts of a parsed file into yamlNodes, on demand: what is
// not asked for is never looked at, and may be as wrong as it likes.
type yamlReader struct {
	file    string
	aliases map[*ast.AliasNode]*ast.AnchorNode
	outside map[*ast.TagNode]int     // the column of the key or dash before each tag
	open    map[*ast.AnchorNode]bool // being resolved: an alias to one is a circle
	left    int
}

func newYAMLReader(file string, root ast.Node) *yamlReader {
	r := &yamlReader{
		file:    file,
		aliases: map[*ast.AliasNode]*ast.AnchorNode{},
		outside: map[*ast.TagNode]int{},
		open:    map[*ast.AnchorNode]bool{},
	}
	r.bind(root, 0, map[string]*ast.AnchorNode{})
	return r
}

// bind notes which anchor each alias means, the last one of its name before
// it, and what stands before each tag. column is that of the key or dash that
// n belongs to.
func (r *yamlReader) bind(n ast.Node, column int, anchors map[string]*ast.AnchorNode) {
	switch n := n.(type) {
	case *ast.AnchorNode:
		anchors[n.Name.GetToken().Value] = n
		r.bind(n.Value, column, anchors)
	case *ast.AliasNode:
		r.aliases[n] = anchors[n.Value.GetToken().Value]
	case *ast.TagNode:
		r.outside[n] = column
		r.bind(n.Value, column, anchors)
	case *ast.MappingKeyNode:
		r.bind(n.Value, column, anchors)
	case *ast.MappingNode:
		for _, v := range n.Values {
			r.bind(v, column, anchors)
		}
	case *ast.MappingValueNode:
		column = r.at(n, yamlMapping).col
		r.bind(n.Key, column, anchors)
		r.bind(n.Value, column, anchors)
	case *ast.SequenceNode:
		column = r.at(n, yamlSequence).col
		for _, v := range n.Values {
			r.bind(v, column, anchors)
		}
	}
}

// read resolves a part of the file, whole.
func (r *yamlReader) read(n ast.Node) (*yamlNode, error) {
	r.left = maxYAMLNodes
	return r.node(n)
}

func (r *yamlReader) node(n ast.Node) (*yamlNode, error) {
	if r.left--; r.left < 0 {
		return nil, r.errorAt(n, "aliases make this longer than %d values", maxYAMLNodes)
	}
	switch n := n.(type) {
	case *ast.AnchorNode:
		if r.open[n] {
			return nil, r.errorAt(n, "the alias *%s contains itself", n.Name.GetToken().Value)
		}
		if !anchorName.MatchString(n.Name.GetToken().Value) {
			return nil, r.errorAt(n, "an anchor's name may hold letters, digits, - and _ only")
		}
		r.open[n] = true
		defer delete(r.open, n)
		return r.node(n.Value)
	case *ast.AliasNode:
		anchor := r.aliases[n]
		if anchor == nil {
			return nil, r.errorAt(n, "the alias *%s has no anchor before it", n.Value.GetToken().Value)
		}
		return r.node(anchor)
	case *ast.TagNode:
		return r.tagged(n)
	case *ast.MappingKeyNode:
		return r.node(n.Value)
	case *ast.MappingNode:
		return r.mapping(n, n.Values)
	case *ast.MappingValueNode:
		return r.mapping(n, []*ast.MappingValueNode{n})
	case *ast.SequenceNode:
		out := r.at(n, yamlSequence)
		for _, v := range n.Values {
			item, err := r.node(v)
			if err != nil {
				return nil, err
			}
			out.items = append(out.items, item)
		}
		return out, nil
	}
	return r.scalar(n)
}

func (r *yamlReader) tagged(n *ast.TagNode) (*yamlNode, error) {
	if n.Value == nil {
		return nil, r.errorAt(n, "a tag needs a value")
	}
	if err := r.checkTag(n); err != nil {
		return nil, err
	}
	out, err := r.node(n.Value)
	if err != nil {
		return nil, err
	}
	if out.tag != "" {
		return nil, r.errorAt(n, "two tags on one value")
	}
	out.tag = n.Start.Value
	return out, nil
}

func (r *yamlReader) scalar(n ast.Node) (*yamlNode, error) {
	if err := r.checkScalar(n); err != nil {
		return nil, err
	}
	out := r.at(n, yamlScalar)
	switch n := n.(type) {
	case *ast.LiteralNode:
		out.text = n.Value.Value
	case *ast.NullNode:
		out.plain = true
		if !implicitNull(n) {
			out.text = n.GetToken().Value
		}
	case *ast.StringNode:
		out.text, out.plain = n.Value, isPlainToken(n)
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		out.text, out.plain = n.GetToken().Value, true
	default:
		return nil, r.errorAt(n, "this value can't be read")
	}
	if out.plain && strings.Contains(out.text, "\n") {
		// Several paragraphs are a text to every reader; one line can't hold them plain.
		out.plain = false
	}
	return out, nil
}

// at makes a node with n's place in the file.
func (r *yamlReader) at(n ast.Node, kind yamlKind) *yamlNode {
	out := &yamlNode{kind: kind}
	switch m := n.(type) { // a block mapping's own token is its first colon
	case *ast.MappingNode:
		if !m.IsFlowStyle && len(m.Values) > 0 {
			n = m.Values[0].Key
		}
	case *ast.MappingValueNode:
		n = m.Key
	}
	if p := n.GetToken().Position; p != nil {
		out.line, out.col = p.Line, p.Column
	}
	return out
}

// errorAt is an error with the place of n; it never quotes the file, where
// passwords stand.
func (r *yamlReader) errorAt(n ast.Node, format string, args ...any) error {
	at := r.at(n, yamlScalar)
	return fmt.Errorf("%s: "+format, append([]any{at.place(r.file)}, args...)...)
}

// place is file:line:column.
func (n *yamlNode) place(file string) string {
	return fmt.Sprintf("%s:%d:%d", file, n.line, n.col)
}

// implicitNull tells whether a null is one that was not written: "key:".
func implicitNull(n *ast.NullNode) bool { return n.GetToken().Type == token.ImplicitNullType }

// isPlainToken tells whether a text stands without quotes.
func isPlainToken(n *ast.StringNode) bool {
	switch n.Token.Type {
	case token.SingleQuoteType, token.DoubleQuoteType:
		return false
	}
	return true
}
