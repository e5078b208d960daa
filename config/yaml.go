package config

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"dot-for-dbt/internal/lazy"
	"dot-for-dbt/internal/pyyaml"
)

// Limits far above any configuration that a person writes. dbt itself fails on vars that are nested
// more deeply than some hundred levels.
const (
	maxBytes = 128 << 10
	maxDepth = 64
)

// parseYAML reads a file's only document. An empty file is a nil value.
func parseYAML(file string, data []byte) (node, error) {
	src := sourceOf(file, data)
	if err := checkText(src, len(data)); err != nil {
		return node{}, err
	}
	tree, err := pyyaml.ReadOwn(file, data)
	if errors.Is(err, pyyaml.ErrEmpty) {
		return node{at: place{src, 1, 1}}, nil
	}
	if err != nil {
		return node{}, syntaxProblem(src, err)
	}
	return convert(src, tree, maxDepth)
}

// lineEnd matches the ends of lines in YAML 1.1, but one: see checkText.
var lineEnd = lazy.Regexp("\r\n|[\r\n\u2028\u2029]")

// sourceOf splits a file into lines as an editor and the parser do.
func sourceOf(file string, data []byte) *source {
	return &source{file: file, lines: lineEnd().Split(strings.TrimPrefix(string(data), "\ufeff"), -1)}
}

// checkText refuses characters that YAML forbids, and the next-line control, which no editor shows
// as the end of a line.
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

// syntaxProblem converts an error of the reader to a problem.
func syntaxProblem(src *source, err error) error {
	var e *pyyaml.Error
	if !errors.As(err, &e) {
		return place{src, 1, 1}.problemf("%s", err)
	}
	at := place{src, max(e.Line, 1), max(e.Column, 1)}
	p := at.problemf("%s", e.Text).hint(e.Hints()...)
	if !e.Syntax {
		return p
	}
	if at.line <= len(src.lines) {
		line := src.lines[at.line-1]
		if indent := line[:len(line)-len(strings.TrimLeft(line, " \t"))]; strings.Contains(indent, "\t") {
			return p.hint("indent with spaces: YAML takes no tabs")
		}
	}
	return p.hint("text that holds \": \" or \" #\", or begins with one of @ ` % & * ! { [, goes into quotes")
}
