package profile

import (
	"fmt"
	"regexp"
)

// yamlKind is the kind of a yamlNode.
type yamlKind int

const (
	yamlScalar yamlKind = iota
	yamlMapping
	yamlSequence
)

func (k yamlKind) String() string {
	return [...]string{"a single value", "a mapping", "a list"}[k]
}

// yamlNode is a value as written. A plain scalar keeps its text, since only the reader (PyYAML,
// YAML 1.1) may decide whether yes or 0o14 is a text. Aliases and merges are resolved.
type yamlNode struct {
	kind      yamlKind
	tag       string // as written ("!!str"), "" for none
	text      string // of a scalar
	plain     bool   // a scalar without quotes: the reader decides about its type
	pairs     []yamlPair
	items     []*yamlNode
	line, col int
}

type yamlPair struct{ key, value *yamlNode }

// get returns the value of the last pair whose key reads name, or nil.
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

// isNull reports whether every YAML reader takes the node for null.
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

// string returns the text of a scalar; ok is false for anything else.
func (n *yamlNode) string() (text string, ok bool) {
	if n == nil || n.kind != yamlScalar || n.isNull() {
		return "", false
	}
	return n.text, true
}

// isText reports whether PyYAML reads a scalar as a text, quoted or not.
func (n *yamlNode) isText() bool {
	if n.tag != "" || !n.plain {
		return n.tag == "" || n.tag == "!!str"
	}
	return isPyText(n.text)
}

// label writes a key as a part of a label. If two labels are the same, the keys are one key to
// PyYAML. (Two spellings of one number get different labels.) Brackets mark a key that is not a
// text: 5, yes.
func (n *yamlNode) label() string {
	if n.isText() {
		return framed(n.text)
	}
	return "[" + framed(n.written()) + "]"
}

// oneWord matches texts that need no quotes in a label.
var oneWord = regexp.MustCompile(`^[\pL\pN_-]+$`)

// framed quotes a text that could pass for several parts of a label.
func framed(text string) string {
	if oneWord.MatchString(text) {
		return text
	}
	return quoteYAML(text)
}

// place returns file:line:column.
func (n *yamlNode) place(file string) string {
	return fmt.Sprintf("%s:%d:%d", file, n.line, n.col)
}
