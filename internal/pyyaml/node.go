package pyyaml

import (
	"fmt"

	"dot-for-dbt/internal/lazy"
)

// Kind is the kind of a Node.
type Kind int

// The kinds of a node.
const (
	Scalar Kind = iota
	Mapping
	Sequence
)

func (k Kind) String() string {
	return [...]string{"a single value", "a mapping", "a list"}[k]
}

// Node is a value as written. A plain scalar keeps its text: see [Node.Value] for its meaning.
// Aliases and merges are resolved.
type Node struct {
	Kind         Kind
	Tag          string // as written ("!!str"), "" for none
	Text         string // of a scalar
	Plain        bool   // a scalar without quotes: the reader decides about its type
	Pairs        []Pair
	Items        []*Node
	Line, Column int

	file string // for errors
}

// Pair is a pair of a mapping. Merged is set if it came through <<.
type Pair struct {
	Key, Value *Node
	Merged     bool
}

// Get returns the value of the last pair whose key reads name, or nil.
func (n *Node) Get(name string) *Node {
	if n == nil || n.Kind != Mapping {
		return nil
	}
	for i := len(n.Pairs) - 1; i >= 0; i-- {
		if n.Pairs[i].Key.Text == name {
			return n.Pairs[i].Value
		}
	}
	return nil
}

// IsNull reports whether the node is null.
func (n *Node) IsNull() bool {
	if n.Kind != Scalar || !n.Plain || n.Tag != "" {
		return false
	}
	switch n.Text {
	case "", "~", "null", "Null", "NULL":
		return true
	}
	return false
}

// Str returns the text of a scalar; ok is false for anything else.
func (n *Node) Str() (text string, ok bool) {
	if n == nil || n.Kind != Scalar || n.IsNull() {
		return "", false
	}
	return n.Text, true
}

// IsText reports whether PyYAML reads a scalar as a text, quoted or not.
func (n *Node) IsText() bool {
	if n.Tag != "" || !n.Plain {
		return n.Tag == "" || n.Tag == "!!str"
	}
	return isText(n.Text)
}

// Label writes a key as a part of a label. If two labels are the same, the keys are one key to
// PyYAML. (Two spellings of one number get different labels.) Brackets mark a key that is not a
// text: 5, yes.
func (n *Node) Label() string {
	if n.IsText() {
		return framed(n.Text)
	}
	return "[" + framed(n.Written()) + "]"
}

// oneWord matches texts that need no quotes in a label.
var oneWord = lazy.Regexp(`^[\pL\pN_-]+$`)

// framed quotes a text that could pass for several parts of a label.
func framed(text string) string {
	if oneWord().MatchString(text) {
		return text
	}
	return Quote(text)
}

// Place returns file:line:column.
func (n *Node) Place(file string) string {
	return fmt.Sprintf("%s:%d:%d", file, n.Line, n.Column)
}
