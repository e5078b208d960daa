package profile

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"dot-for-dbt/internal/hint"
)

// Files beyond these are refused: the YAML library takes time that grows with
// the square of the nesting.
const (
	maxYAMLBytes    = 256 << 10
	maxYAMLBrackets = 20_000
)

// errYAMLEmpty is a file without any value in it.
var errYAMLEmpty = errors.New("the file is empty")

// parseYAML reads a file of dbt's. The file's text is never part of an error:
// passwords stand in it.
func parseYAML(file string, data []byte) (root ast.Node, r *yamlReader, err error) {
	defer func() {
		if p := recover(); p != nil {
			root, r, err = nil, nil, fmt.Errorf("%s: this is no YAML that can be read", file)
		}
	}()
	if err := checkYAMLBytes(file, data); err != nil {
		return nil, nil, err
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	data = bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
	data = bytes.ReplaceAll(data, []byte("\r"), []byte("\n"))

	parsed, err := parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return nil, nil, yamlSyntax(file, data, err)
	}
	for _, doc := range parsed.Docs {
		switch body := doc.Body.(type) {
		case nil:
		case *ast.DirectiveNode:
			return nil, nil, fmt.Errorf("%s: directives (%%YAML, %%TAG) are not supported here", file)
		default:
			if root != nil {
				return nil, nil, fmt.Errorf("%s: more than one document (---)", file)
			}
			root = body
		}
	}
	if root == nil {
		return nil, nil, fmt.Errorf("%s: %w", file, errYAMLEmpty)
	}
	return root, newYAMLReader(file, root), nil
}

func checkYAMLBytes(file string, data []byte) error {
	switch {
	case len(data) > maxYAMLBytes, bytes.Count(data, []byte("["))+bytes.Count(data, []byte("{")) > maxYAMLBrackets:
		return fmt.Errorf("%s: too large to be a file of dbt's (more than %d KiB or %d brackets)", file, maxYAMLBytes>>10, maxYAMLBrackets)
	case !utf8.Valid(data):
		return fmt.Errorf("%s: not UTF-8 text", file)
	case bytes.IndexByte(data, 0) >= 0:
		return fmt.Errorf("%s: not a text file", file)
	case bytes.ContainsAny(data, "\u0085\u2028\u2029"):
		return fmt.Errorf("%s: a line separator character (U+0085, U+2028 or U+2029), a line's end to dbt only", file)
	}
	return nil
}

// yamlSyntax is the library's error with its place, without its excerpt.
func yamlSyntax(file string, data []byte, err error) error {
	var syntax yaml.Error
	if !errors.As(err, &syntax) || syntax.GetToken() == nil || syntax.GetToken().Position == nil {
		return fmt.Errorf("%s: this is no YAML that can be read", file)
	}
	at := syntax.GetToken().Position
	msg := fmt.Sprintf("%s:%d:%d: %s", file, at.Line, at.Column, syntax.GetMessage())
	if lines := strings.Split(string(data), "\n"); at.Line >= 1 && at.Line <= len(lines) && strings.Contains(lines[at.Line-1], "{{") {
		return hint.New(msg, quoteJinjaHint)
	}
	return errors.New(msg)
}

// mappingOf is the pairs of a mapping whose values are still unread, by the
// text of their keys; merges are followed. Pairs whose key is no single value
// are passed over: nobody can ask for them.
func (r *yamlReader) mappingOf(n ast.Node) (*lazyMapping, error) {
	m := &lazyMapping{values: map[string]ast.Node{}}
	return m, r.collect(m, n, map[ast.Node]bool{}, false)
}

// lazyMapping is a mapping of which only the keys are read.
type lazyMapping struct {
	keys   []string // in order
	values map[string]ast.Node
	visits int // of parts of the file, many times one where aliases multiply
}

func (r *yamlReader) collect(m *lazyMapping, n ast.Node, seen map[ast.Node]bool, merging bool) error {
	if m.visits++; m.visits > maxYAMLNodes {
		return r.errorAt(n, "aliases make this longer than %d values", maxYAMLNodes)
	}
	switch n := n.(type) {
	case *ast.AnchorNode:
		return r.collect(m, n.Value, seen, merging)
	case *ast.TagNode:
		return r.collect(m, n.Value, seen, merging)
	case *ast.AliasNode:
		anchor := r.aliases[n]
		if anchor == nil {
			return r.errorAt(n, "the alias *%s has no anchor before it", n.Value.GetToken().Value)
		}
		if seen[anchor] {
			return r.errorAt(n, "the alias *%s contains itself", n.Value.GetToken().Value)
		}
		seen[anchor] = true
		defer delete(seen, anchor)
		return r.collect(m, anchor.Value, seen, merging)
	case *ast.MappingValueNode:
		return r.collectPairs(m, []*ast.MappingValueNode{n}, seen)
	case *ast.MappingNode:
		return r.collectPairs(m, n.Values, seen)
	case *ast.SequenceNode:
		if !merging {
			break
		}
		for i := len(n.Values) - 1; i >= 0; i-- { // the first wins
			if err := r.collect(m, n.Values[i], seen, false); err != nil {
				return err
			}
		}
		return nil
	}
	return r.errorAt(n, "expected a mapping")
}

func (r *yamlReader) collectPairs(m *lazyMapping, pairs []*ast.MappingValueNode, seen map[ast.Node]bool) error {
	for _, p := range pairs {
		if key, ok := p.Key.(*ast.MergeKeyNode); ok {
			if err := r.checkMerge(key); err != nil {
				return err
			}
			if err := r.collect(m, p.Value, seen, true); err != nil {
				return err
			}
		}
	}
	for _, p := range pairs {
		if isMerge(p.Key) {
			continue
		}
		key, err := r.read(p.Key)
		if err != nil || key.kind != yamlScalar {
			continue
		}
		if _, there := m.values[key.text]; !there {
			m.keys = append(m.keys, key.text)
		}
		m.values[key.text] = p.Value
	}
	return nil
}
