package profile

import (
	"fmt"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v4"
)

// A file that aliases expand beyond this number of nodes is refused.
const maxYAMLNodes = 20_000

// yamlReader turns parts of a parsed file into yamlNodes on demand. It never looks at other parts,
// so errors in those don't matter.
type yamlReader struct {
	file string
	open map[*yaml.Node]bool // nodes being read: an alias to one is a cycle
	left int                 // nodes left of maxYAMLNodes
}

// read resolves a part of the file completely.
func (r *yamlReader) read(n *yaml.Node) (*yamlNode, error) {
	r.left = maxYAMLNodes
	return r.node(n)
}

func (r *yamlReader) node(n *yaml.Node) (*yamlNode, error) {
	n, leave, err := r.enter(n)
	if err != nil {
		return nil, err
	}
	defer leave()
	var out *yamlNode
	switch n.Kind {
	case yaml.MappingNode:
		out, err = r.mapping(n)
	case yaml.SequenceNode:
		out, err = r.sequence(n)
	default:
		out = r.scalar(n)
	}
	if err == nil {
		out.tag, err = r.tag(n)
	}
	return out, err
}

func (r *yamlReader) sequence(n *yaml.Node) (*yamlNode, error) {
	if err := r.checkFlow(n); err != nil {
		return nil, err
	}
	out := r.at(n, yamlSequence)
	for _, v := range n.Content {
		item, err := r.node(v)
		if err != nil {
			return nil, err
		}
		out.items = append(out.items, item)
	}
	return out, nil
}

// checkFlow refuses [?x] and {?x: y}. To PyYAML the ? marks a key; to the library it is part of the
// text.
func (r *yamlReader) checkFlow(n *yaml.Node) error {
	for _, v := range n.Content {
		if n.Style&yaml.FlowStyle != 0 && isPlain(v) && strings.HasPrefix(v.Value, "?") {
			return r.errorAt(v, "a value that begins with ? needs quotes")
		}
	}
	return nil
}

func (r *yamlReader) scalar(n *yaml.Node) *yamlNode {
	out := r.at(n, yamlScalar)
	// A text with a line break is a text to every reader, but one line can't hold it unquoted.
	out.text, out.plain = n.Value, isPlain(n) && !strings.ContainsAny(n.Value, lineBreaks)
	return out
}

// lineBreaks are the characters that end a line in YAML 1.1.
const lineBreaks = "\n\u0085\u2028\u2029"

// isPlain reports whether a scalar has no quotes.
func isPlain(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.Style&^yaml.TaggedStyle == 0
}

// plainTag matches a tag that can be written unchanged.
var plainTag = regexp.MustCompile(`^!!?[A-Za-z0-9_./:-]*$`)

// tag returns the tag of a value as it must be written, "" for none.
func (r *yamlReader) tag(n *yaml.Node) (string, error) {
	switch {
	case n.Style&yaml.TaggedStyle == 0 && n.Tag != "!":
		return "", nil
	case !plainTag.MatchString(n.Tag):
		return "", r.errorAt(n, "PyYAML knows no such tag; a text that begins with ! needs quotes")
	}
	return n.Tag, nil
}

// at makes a node with n's place in the file.
func (r *yamlReader) at(n *yaml.Node, kind yamlKind) *yamlNode {
	return &yamlNode{kind: kind, line: n.Line, col: n.Column}
}

// errorAt returns an error with the place of n. It never quotes the file, which may contain
// passwords.
func (r *yamlReader) errorAt(n *yaml.Node, format string, args ...any) error {
	at := r.at(n, yamlScalar)
	return fmt.Errorf("%s: "+format, append([]any{at.place(r.file)}, args...)...)
}

// kindOf returns the kind of a part of a file.
func kindOf(n *yaml.Node) yamlKind {
	switch n.Kind {
	case yaml.MappingNode:
		return yamlMapping
	case yaml.SequenceNode:
		return yamlSequence
	}
	return yamlScalar
}
