package profile

import (
	"fmt"
	"regexp"
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

// isText tells whether PyYAML reads a scalar as a text, in quotes or without.
func (n *yamlNode) isText() bool {
	if n.tag != "" || !n.plain {
		return n.tag == "" || n.tag == "!!str"
	}
	return isPyText(n.text)
}

// label is a key as the part of a label. Two keys are one to PyYAML if their labels
// are the same; two spellings of one number count as two. Brackets mark a key that
// is no text: 5, yes.
func (n *yamlNode) label() string {
	if n.isText() {
		return framed(n.text)
	}
	return "[" + framed(n.written()) + "]"
}

// oneWord needs no frame in a label.
var oneWord = regexp.MustCompile(`^[\pL\pN_-]+$`)

// framed puts a text in quotes where it could be mistaken for several parts of a label.
func framed(text string) string {
	if oneWord.MatchString(text) {
		return text
	}
	return quoteYAML(text)
}

// place is file:line:column.
func (n *yamlNode) place(file string) string {
	return fmt.Sprintf("%s:%d:%d", file, n.line, n.col)
}
