package pyyaml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"dot-for-dbt/internal/lazy"
)

// MaxBytes is the largest size of a file. A larger one can't be one of dbt's, and is refused.
const MaxBytes = 256 << 10

// ErrEmpty is the error for a file without any value.
var ErrEmpty = errors.New("the file is empty")

// Parse reads a file's only document. name is the file's name in errors.
func Parse(name string, data []byte) (root Part, err error) {
	defer func() {
		if p := recover(); p != nil { // the library panics where it has a bug
			root, err = Part{}, &Error{File: name, Text: "this YAML can't be read"}
		}
	}()
	if err := checkBytes(name, data); err != nil {
		return Part{}, err
	}
	if bytes.Contains(data, []byte("%YAML")) {
		data = versionDirective().ReplaceAll(data, []byte("${1}1"))
	}
	loader, err := yaml.NewLoader(bytes.NewReader(data), yaml.WithStreamNodes(), yaml.WithPlugin(lenientAliases{}))
	if err != nil {
		return Part{}, err
	}
	var found *yaml.Node
	for {
		var n yaml.Node
		switch err := loader.Load(&n); {
		case err == io.EOF && (found == nil || found.Tag == "!!null"):
			return Part{}, fmt.Errorf("%s: %w", name, ErrEmpty)
		case err == io.EOF:
			return Part{&file{name: name, open: map[*yaml.Node]bool{}}, found}, nil
		case err != nil:
			return Part{}, syntaxError(name, data, err)
		case n.Kind != yaml.StreamNode && found != nil:
			second := n.Content[0]
			return Part{}, &Error{
				File: name, Line: second.Line, Column: second.Column, Text: "a second document begins here, and one is expected",
				hints: []string{"remove the line --- before it, or what follows it"},
			}
		case n.Kind != yaml.StreamNode:
			found = n.Content[0]
		case len(n.Stream.TagDirectives) > 0:
			return Part{}, &Error{File: name, Text: "%TAG directives are not supported here"}
		}
	}
}

// ReadOwn reads a whole file of dot's own, which holds no password. A key that repeats is an error
// there, and the error names it; PyYAML takes the last one.
func ReadOwn(name string, data []byte) (*Node, error) {
	root, err := Parse(name, data)
	if err != nil {
		return nil, err
	}
	root.file.own = true
	return root.Read()
}

// versionDirective matches a %YAML 1.2 at the top of a file. To libyaml it is the same as 1.1; the
// library refuses it.
var versionDirective = lazy.Regexp(`^((?:\x{feff})?(?:[ \t]*(?:#[^\r\n]*)?\r?\n)*%YAML[ \t]+1\.)2\b`)

// TooLarge returns the error for a file above [MaxBytes].
func TooLarge(name string) error {
	return &Error{File: name, Text: fmt.Sprintf("too large to be a file of dbt's (more than %d KiB)", MaxBytes>>10)}
}

func checkBytes(name string, data []byte) error {
	switch {
	case len(data) > MaxBytes:
		return TooLarge(name)
	case !utf8.Valid(data):
		return &Error{File: name, Text: "not UTF-8 text"}
	}
	return nil
}

// cited matches the only message of the library that quotes the file: a character of a tag, and so
// perhaps of a password.
var cited = lazy.Regexp(`^found character '.*' that`)

// syntaxError rewords the library's error, with its place but without any text of the file.
func syntaxError(name string, data []byte, err error) error {
	const unreadable = "this YAML can't be read"
	var e *yaml.LoadError
	if !errors.As(err, &e) {
		return &Error{File: name, Text: unreadable}
	}
	switch e.Stage {
	case yaml.ScannerStage, yaml.ParserStage:
	case yaml.ReaderStage:
		return &Error{File: name, Line: 1 + bytes.Count(data[:e.Mark.Index], []byte("\n")), Text: "not a text file: it holds a control character"}
	default:
		return &Error{File: name, Line: e.Mark.Line, Column: e.Mark.Column, Text: unreadable}
	}
	out := &Error{File: name, Line: e.Mark.Line, Column: e.Mark.Column, Syntax: true, Text: cited().ReplaceAllString(e.Message, "found a character that")}
	begin := e.Mark.Line
	last, end := endOf(data)
	if begin > last { // nobody sees the file's end below its last line
		begin, out.Line, out.Column = last, last, end
	}
	switch {
	case e.ContextMsg == "":
	case e.ContextMark.Line > 0 && e.ContextMark.Line <= begin && e.Mark.Line > last:
		begin, out.Line, out.Column = e.ContextMark.Line, e.ContextMark.Line, e.ContextMark.Column
		out.Text = e.ContextMsg + ": " + out.Text
	case e.ContextMark.Line > 0 && e.ContextMark.Line < begin:
		begin = e.ContextMark.Line
		out.Text = fmt.Sprintf("%s that begins at line %d: %s", e.ContextMsg, begin, out.Text)
	default:
		out.Text = e.ContextMsg + ": " + out.Text
	}
	for i, line := range bytes.Split(data, []byte("\n")) { // Jinja without quotes?
		if begin <= i+1 && i+1 <= e.Mark.Line && bytes.Contains(line, []byte("{{")) {
			out.hints = []string{quoteJinjaHint}
		}
	}
	return out
}

// endOf returns the last line of a file that has text, and the column after it.
func endOf(data []byte) (line, column int) {
	text := bytes.TrimRight(data, " \t\r\n")
	return 1 + bytes.Count(text, []byte("\n")), 1 + utf8.RuneCount(text[bytes.LastIndexByte(text, '\n')+1:])
}
