package profile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"dot-for-dbt/internal/hint"
)

// A file above this size can't be one of dbt's, and is refused.
const maxYAMLBytes = 256 << 10

// errYAMLEmpty is the error for a file without any value.
var errYAMLEmpty = errors.New("the file is empty")

// parseYAML reads a file of dbt's. Errors never hold text of the file, which may contain passwords.
func parseYAML(file string, data []byte) (root *yaml.Node, r *yamlReader, err error) {
	defer func() {
		if p := recover(); p != nil { // the library panics where it has a bug
			root, r, err = nil, nil, fmt.Errorf("%s: this YAML can't be read", file)
		}
	}()
	if err := checkYAMLBytes(file, data); err != nil {
		return nil, nil, err
	}
	loader, err := yaml.NewLoader(bytes.NewReader(data), yaml.WithStreamNodes(), yaml.WithPlugin(lenientAliases{}))
	if err != nil {
		return nil, nil, err
	}
	for {
		var n yaml.Node
		switch err := loader.Load(&n); {
		case err == io.EOF && (root == nil || root.Tag == "!!null"):
			return nil, nil, fmt.Errorf("%s: %w", file, errYAMLEmpty)
		case err == io.EOF:
			return root, &yamlReader{file: file, open: map[*yaml.Node]bool{}}, nil
		case err != nil:
			return nil, nil, syntaxError(file, data, err)
		case n.Kind != yaml.StreamNode && root != nil:
			return nil, nil, fmt.Errorf("%s: more than one document (---)", file)
		case n.Kind != yaml.StreamNode:
			root = n.Content[0]
		case n.Stream.Version != nil, len(n.Stream.TagDirectives) > 0:
			return nil, nil, fmt.Errorf("%s: directives (%%YAML, %%TAG) are not supported here", file)
		}
	}
}

func checkYAMLBytes(file string, data []byte) error {
	switch {
	case len(data) > maxYAMLBytes:
		return fmt.Errorf("%s: too large to be a file of dbt's (more than %d KiB)", file, maxYAMLBytes>>10)
	case !utf8.Valid(data):
		return fmt.Errorf("%s: not UTF-8 text", file)
	}
	return nil
}

// cited matches the only message of the library that quotes the file: a character of a tag, and so
// perhaps of a password.
var cited = regexp.MustCompile(`^found character '.*' that`)

// syntaxError rewords the library's error, with its place but without any text of the file.
func syntaxError(file string, data []byte, err error) error {
	var e *yaml.LoadError
	if !errors.As(err, &e) {
		return fmt.Errorf("%s: this YAML can't be read", file)
	}
	switch e.Stage {
	case yaml.ScannerStage, yaml.ParserStage:
	case yaml.ReaderStage:
		return fmt.Errorf("%s:%d: not a text file: it holds a control character", file, 1+bytes.Count(data[:e.Mark.Index], []byte("\n")))
	default:
		return fmt.Errorf("%s:%d:%d: this YAML can't be read", file, e.Mark.Line, e.Mark.Column)
	}
	message := cited.ReplaceAllString(e.Message, "found a character that")
	begin := e.Mark.Line
	switch {
	case e.ContextMsg == "":
	case e.ContextMark.Line > 0 && e.ContextMark.Line < begin:
		begin = e.ContextMark.Line
		message = fmt.Sprintf("%s that begins at line %d: %s", e.ContextMsg, begin, message)
	default:
		message = e.ContextMsg + ": " + message
	}
	message = fmt.Sprintf("%s:%d:%d: %s", file, e.Mark.Line, e.Mark.Column, message)
	for i, line := range bytes.Split(data, []byte("\n")) {
		if begin <= i+1 && i+1 <= e.Mark.Line && bytes.Contains(line, []byte("{{")) {
			return hint.New(message, quoteJinjaHint)
		}
	}
	return errors.New(message)
}
