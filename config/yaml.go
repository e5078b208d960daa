package config

import (
	"bytes"
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Limits far above any configuration that a person writes. The parser's time and memory grow with
// the square of a mapping's length and of the depth.
const (
	maxBytes  = 128 << 10
	maxDepth  = 64      // nested [ and {
	maxIndent = 512     // columns before a block's - or :, which limits the depth of blocks
	maxSize   = 1 << 20 // bytes of text, plus 1 for each value, with aliases expanded
)

// parseYAML reads a file's only document. An empty file is a nil value.
func parseYAML(file string, data []byte) (node, error) {
	text, src := normalize(file, data)
	if err := checkText(src, len(text)); err != nil {
		return node{}, err
	}
	tokens := lexer.Tokenize(text)
	if err := checkTokens(src, tokens); err != nil {
		return node{}, err
	}
	parsed, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey()) // tree.go finds duplicates
	if err != nil {
		return node{}, syntaxProblem(src, err)
	}
	var body ast.Node
	for _, doc := range parsed.Docs {
		if doc.Body == nil || doc.Body.Type() == ast.DirectiveType {
			continue
		}
		if body != nil {
			return node{}, placeOf(src, doc.Body).problemf("a second document begins here: one is expected").
				hint("remove the --- line before it, or what follows it")
		}
		body = doc.Body
	}
	if body == nil {
		return node{at: place{src, 1, 1}}, nil
	}
	r := reader{src: src, anchors: map[string]anchor{}}
	return r.node(body)
}

// normalize removes differences that editors and systems make, so that positions match those in an
// editor.
func normalize(file string, data []byte) (string, *source) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	text := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(string(data))
	return text, &source{file: file, lines: strings.Split(text, "\n")}
}

// checkText refuses characters that YAML forbids but the parser accepts.
func checkText(src *source, size int) error {
	if size > maxBytes {
		return place{src, 1, 1}.problemf("larger than the %d KiB that a configuration may have", maxBytes>>10)
	}
	for i, line := range src.lines {
		column := 0
		for j, r := range line {
			column++
			at := place{src, i + 1, column}
			if r == utf8.RuneError && !strings.HasPrefix(line[j:], "\ufffd") {
				return at.problemf("not UTF-8").hint("save the file as UTF-8")
			}
			if unicode.IsControl(r) && r != '\t' {
				return at.problemf("control character %U", r).hint(`remove it, or write it as an escape in double quotes: "\x1b"`)
			}
		}
	}
	return nil
}

// checkTokens keeps the parser's stack and memory limited. It also refuses an empty document before
// another one: the parser drops what follows it.
func checkTokens(src *source, tokens token.Tokens) error {
	depth, afterHeader := 0, false
	for _, t := range tokens {
		at := place{src, t.Position.Line, t.Position.Column}
		isHeader := t.Type == token.DocumentHeaderType
		if isHeader && afterHeader {
			return at.problemf("a second document begins here: one is expected").hint("remove this line")
		}
		afterHeader = isHeader || afterHeader && t.Type == token.CommentType
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			depth++
		case token.SequenceEndType, token.MappingEndType:
			depth--
		case token.SequenceEntryType, token.MappingValueType, token.MappingKeyType:
			if depth <= 0 && t.Position.Column > maxIndent {
				return at.problemf("nested too deeply")
			}
		}
		if depth > maxDepth {
			return at.problemf("nested too deeply")
		}
	}
	return nil
}

// syntaxProblem converts an error of the parser to a problem.
func syntaxProblem(src *source, err error) error {
	at, text := place{src, 1, 1}, err.Error()
	var syntax yaml.Error
	if errors.As(err, &syntax) {
		text = strings.ReplaceAll(syntax.GetMessage(), "\t", `\t`)
		if t := syntax.GetToken(); t != nil && t.Position != nil {
			at.line, at.column = t.Position.Line, t.Position.Column
		}
	}
	p := at.problemf("%s", text)
	if at.line <= len(src.lines) {
		line := src.lines[at.line-1]
		if indent := line[:len(line)-len(strings.TrimLeft(line, " \t"))]; strings.Contains(indent, "\t") {
			return p.hint("indent with spaces: YAML takes no tabs")
		}
	}
	return p.hint("text that holds \": \" or \" #\", or begins with one of @ ` % & * ! { [, goes into quotes")
}
