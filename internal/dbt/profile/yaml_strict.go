package profile

import (
	"regexp"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// The YAML library reads YAML 1.2, dbt's PyYAML reads 1.1. Where they take
// one spelling for two things (found by comparing both on made-up files), the
// spelling is refused; all have a plain way to be written.

// anchorName is what both take for the name of an anchor.
var anchorName = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// checkScalar refuses scalars with characters that only one of the two keeps.
func (r *yamlReader) checkScalar(n ast.Node) error {
	tk := n.GetToken()
	origin := tk.Origin
	if block, ok := n.(*ast.LiteralNode); ok {
		origin = block.Value.GetToken().Origin
	}
	switch n := n.(type) {
	case *ast.LiteralNode:
		if trailingSpace(origin) {
			return r.errorAt(n, "spaces at the end of a line of a block (| or >)")
		}
		return nil
	case *ast.StringNode:
		if !isPlainToken(n) {
			if joinedBlank.MatchString(origin) {
				return r.errorAt(n, "a backslash at the end of a line before an empty line")
			}
			return nil
		}
	}
	origin = strings.TrimSpace(origin)
	switch {
	case strings.Contains(origin, "\t"):
		return r.errorAt(n, "a tab in a value without quotes")
	case strings.HasPrefix(origin, "?"):
		return r.errorAt(n, "a value that begins with ? needs quotes")
	case strings.Contains(origin, "\n") && dashLine.MatchString(origin):
		return r.errorAt(n, "a value of several lines with a dash needs quotes")
	}
	return nil
}

var (
	joinedBlank = regexp.MustCompile(`\\\n[ \t]*\n`)
	dashLine    = regexp.MustCompile(`(?m)^\s*-(\s|$)|\s-\s*$`)
)

// checkTag refuses a tag whose value the library may have taken from the next
// key, and one that holds more than a tag.
func (r *yamlReader) checkTag(n *ast.TagNode) error {
	tag, value := r.at(n, yamlScalar), r.at(n.Value, yamlScalar)
	if null, ok := n.Value.(*ast.NullNode); ok && implicitNull(null) {
		return r.errorAt(n, "a tag needs a value")
	}
	if strings.ContainsAny(n.Start.Value, " \t") {
		return r.errorAt(n, "a tag with white space in it")
	}
	switch n.Value.(type) {
	case *ast.MappingNode, *ast.MappingValueNode, *ast.SequenceNode:
		if value.line != tag.line && value.col > r.outside[n] {
			return nil
		}
	}
	if value.line != tag.line {
		return r.errorAt(n, "a tag must stand on the line of its value")
	}
	return nil
}

// trailingSpace tells whether the last line of a block ends in spaces, or an
// empty one holds more of them than the block is indented by.
func trailingSpace(block string) bool {
	lines := strings.Split(block, "\n")
	first := strings.TrimLeft(strings.TrimLeft(block, "\n"), " ")
	indent := len(strings.TrimLeft(block, "\n")) - len(first)
	last := ""
	for _, line := range lines {
		if strings.Trim(line, " \t") != "" {
			last = line
		} else if len(line) > indent {
			return true
		}
	}
	return last != strings.TrimRight(last, " \t")
}

// checkMerge refuses a << that is only part of what is written.
func (r *yamlReader) checkMerge(key *ast.MergeKeyNode) error {
	before := key.Token.Prev
	sticks := before != nil && before.Type == token.MappingValueType &&
		before.Position.Line == key.Token.Position.Line && before.Position.Column+1 == key.Token.Position.Column
	if sticks || strings.TrimSpace(key.Token.Origin) != "<<" {
		return r.errorAt(key, "<< must stand alone before its colon")
	}
	return nil
}

// colonSticks tells whether a value follows its colon without a space, as in
// {a:1}, which PyYAML takes for a lone key.
func (r *yamlReader) colonSticks(v *ast.MappingValueNode) bool {
	colon := v.Start
	if colon == nil || colon.Type != token.MappingValueType {
		return false
	}
	next := colon.Next
	return next != nil && next.Position.Line == colon.Position.Line && next.Position.Column == colon.Position.Column+1 &&
		next.Type != token.CollectEntryType && next.Type != token.MappingEndType && next.Type != token.SequenceEndType
}
