package pyyaml

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v4"

	"dot-for-dbt/internal/lazy"
)

const (
	// A part that aliases expand beyond this number of nodes, or of bytes of text, is refused.
	maxNodes = 20_000
	maxText  = 1 << 20
)

// file is a parsed file. Its parts are read on demand. Errors in other parts don't matter.
type file struct {
	own      bool // see ReadOwn
	name     string
	open     map[*yaml.Node]bool // nodes being read: an alias to one is a cycle
	left     int                 // nodes left of maxNodes
	leftText int                 // bytes left of maxText
}

// Part is a part of a file that isn't read yet. The zero Part isn't there.
type Part struct {
	file *file
	node *yaml.Node
}

// Exists reports whether the part is there.
func (p Part) Exists() bool { return p.node != nil }

// Read resolves the whole part.
func (p Part) Read() (*Node, error) {
	p.file.left, p.file.leftText = maxNodes, maxText
	return p.file.read(p.node)
}

// Errorf returns an error with the place of the part.
func (p Part) Errorf(format string, args ...any) error {
	return p.file.errorAt(p.node, format, args...)
}

func (f *file) read(n *yaml.Node) (*Node, error) {
	n, leave, err := f.enter(n)
	if err != nil {
		return nil, err
	}
	defer leave()
	var out *Node
	switch n.Kind {
	case yaml.MappingNode:
		out, err = f.mapping(n)
	case yaml.SequenceNode:
		out, err = f.sequence(n)
	default:
		out = f.scalar(n)
	}
	if err == nil {
		out.Tag, err = f.tag(n)
	}
	return out, err
}

func (f *file) sequence(n *yaml.Node) (*Node, error) {
	if err := f.checkFlow(n); err != nil {
		return nil, err
	}
	out := f.at(n, Sequence)
	for _, v := range n.Content {
		item, err := f.read(v)
		if err != nil {
			return nil, err
		}
		out.Items = append(out.Items, item)
	}
	return out, nil
}

// checkFlow refuses [?x] and {?x: y}. To PyYAML the ? marks a key; to the library it is part of the
// text.
func (f *file) checkFlow(n *yaml.Node) error {
	for _, v := range n.Content {
		if n.Style&yaml.FlowStyle != 0 && isPlain(v) && strings.HasPrefix(v.Value, "?") {
			return f.errorAt(v, "a value that begins with ? needs quotes")
		}
	}
	return nil
}

func (f *file) scalar(n *yaml.Node) *Node {
	out := f.at(n, Scalar)
	// A text with a line break is a text to every reader, but one line can't hold it unquoted.
	out.Text, out.Plain = n.Value, isPlain(n) && !strings.ContainsAny(n.Value, lineBreaks)
	return out
}

// lineBreaks are the characters that end a line in YAML 1.1.
const lineBreaks = "\n\u0085\u2028\u2029"

// isPlain reports whether a scalar has no quotes.
func isPlain(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.Style&^yaml.TaggedStyle == 0
}

// plainTag matches a tag that can be written unchanged.
var plainTag = lazy.Regexp(`^!!?[A-Za-z0-9_./:-]*$`)

// tag returns the tag of a value as it must be written, "" for none.
func (f *file) tag(n *yaml.Node) (string, error) {
	switch {
	case n.Style&yaml.TaggedStyle == 0 && n.Tag != "!":
		return "", nil
	case !plainTag().MatchString(n.Tag):
		return "", f.errorAt(n, "PyYAML knows no such tag; a text that begins with ! needs quotes")
	}
	return n.Tag, nil
}

// at makes a node with n's place in the file.
func (f *file) at(n *yaml.Node, kind Kind) *Node {
	return &Node{Kind: kind, Line: n.Line, Column: n.Column, file: f.name}
}

// errorAt returns an error with the place of n.
func (f *file) errorAt(n *yaml.Node, format string, args ...any) *Error {
	return f.at(n, Scalar).Errorf(format, args...)
}

// Errorf returns an error with the place of the node.
func (n *Node) Errorf(format string, args ...any) *Error {
	return &Error{File: n.file, Line: n.Line, Column: n.Column, Text: fmt.Sprintf(format, args...)}
}

// kindOf returns the kind of a part of a file.
func kindOf(n *yaml.Node) Kind {
	switch n.Kind {
	case yaml.MappingNode:
		return Mapping
	case yaml.SequenceNode:
		return Sequence
	}
	return Scalar
}
