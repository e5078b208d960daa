package workspace

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"reflect"
	"slices"
	"strings"

	"dot-for-dbt/internal/durable"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// configFile holds the user's settings for this clone of the repository. The
// file is the user's: dot keeps entries that it doesn't know.
//
//	prompts: {gitignore: disabled, vscode: disabled}
const configFile = "config.yml"

// disabled is the only value of a prompt. An enabled prompt has no entry.
const disabled = "disabled"

// maxConfig is the largest size that is read, in bytes: the parser's time grows
// with the square of the size.
const maxConfig = 64 << 10

// PromptDisabled reports whether the user has disabled a question, such as
// "gitignore". Errors in the file have its file:line:column.
func (w *Workspace) PromptDisabled(name string) (bool, error) {
	c, err := w.readConfig()
	if err != nil {
		return false, err
	}
	return c.disabled(name)
}

// DisablePrompt records that a question must not be asked again. It creates the
// workspace if there is none.
func (w *Workspace) DisablePrompt(name string) error {
	c, err := w.readConfig()
	if err != nil {
		return err
	}
	if done, err := c.disabled(name); done || err != nil {
		return err
	}
	text, err := c.withDisabled(name)
	if err != nil {
		return err
	}
	if err := w.Create(); err != nil && !errors.Is(err, ErrOtherKey) { // the settings don't depend on the key
		return err
	}
	return durable.Write(c.file, text, 0o600)
}

// config is the parsed file.
type config struct {
	file   string
	mark   string // the byte order mark, or ""
	text   []byte
	tree   *ast.File
	values map[string]any
}

func (w *Workspace) readConfig() (*config, error) {
	file := w.file(configFile)
	info, err := os.Stat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return parseConfig(file, nil)
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular() || info.Size() > maxConfig:
		return nil, fmt.Errorf("%s is not a settings file: move it away", file)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return parseConfig(file, text)
}

// parseConfig parses a configuration: a mapping, or nothing.
func parseConfig(file string, text []byte) (*config, error) {
	c := &config{file: file, text: text, values: map[string]any{}}
	if rest, marked := bytes.CutPrefix(text, []byte(byteOrderMark)); marked {
		c.mark, c.text = byteOrderMark, rest
	}
	var err error
	if c.tree, err = parser.ParseBytes(c.text, parser.ParseComments); err != nil {
		return nil, c.yamlError(err)
	}
	if slices.ContainsFunc(c.tree.Docs[min(1, len(c.tree.Docs)):], func(d *ast.DocumentNode) bool { return d.Body != nil }) {
		return nil, fmt.Errorf("%s: one document is expected, without --- between", file)
	}
	if err := yaml.Unmarshal(c.text, &c.values); err != nil {
		return nil, c.yamlError(err)
	}
	return c, nil
}

const byteOrderMark = "\ufeff"

// disabled reports whether the question is disabled.
func (c *config) disabled(name string) (bool, error) {
	switch prompts := c.values["prompts"].(type) {
	case nil:
		return false, nil
	case map[string]any:
		value, ok := prompts[name]
		if ok && value != disabled {
			return false, c.errorAt("prompts."+name, fmt.Sprintf("%s is expected, or nothing", disabled))
		}
		return ok, nil
	default:
		return false, c.errorAt("prompts", "a mapping is expected, such as {"+name+": "+disabled+"}")
	}
}

// withDisabled returns the text with one more disabled question. It inserts the
// entry into the text: marshalling the YAML would lose comments and layout. To
// check the result, it parses the new text.
func (c *config) withDisabled(name string) ([]byte, error) {
	at, put := c.insertion(name + ": " + disabled)
	at = min(at, len(c.text))
	text := slices.Concat(c.text[:at], []byte(put), c.text[at:])

	want := map[string]any{}
	prompts := map[string]any{name: disabled}
	for key, value := range c.values {
		want[key] = value
	}
	if there, ok := c.values["prompts"].(map[string]any); ok {
		for key, value := range there {
			prompts[key] = value
		}
	}
	want["prompts"] = prompts
	got, err := parseConfig(c.file, text)
	if err != nil || !reflect.DeepEqual(got.values, want) {
		return nil, &handError{c.file, name}
	}
	return append([]byte(c.mark), text...), nil
}

// insertion returns the text to insert, and its offset.
func (c *config) insertion(entry string) (at int, put string) {
	eol := "\n"
	if bytes.Contains(c.text, []byte("\r\n")) {
		eol = "\r\n"
	}
	switch prompts := c.find("prompts").(type) {
	case *ast.MappingNode:
		if prompts.IsFlowStyle {
			if len(prompts.Values) > 0 {
				entry += ", "
			}
			return c.offset(prompts.Start) + 1, entry
		}
		first := prompts.Values[0].Key.GetToken()
		return c.offset(first), entry + eol + strings.Repeat(" ", first.Position.Column-1)
	case *ast.NullNode: // "prompts:" without a value
		colon := c.key("prompts").Start
		indent := strings.Repeat(" ", c.key("prompts").Key.GetToken().Position.Column-1)
		return c.offset(colon) + 1, eol + indent + "  " + entry
	default:
		indent := ""
		if m, ok := c.body().(*ast.MappingNode); ok && len(m.Values) > 0 {
			indent = strings.Repeat(" ", m.Values[0].Key.GetToken().Position.Column-1)
		}
		put = indent + "prompts:" + eol + indent + "  " + entry + eol
		if len(c.text) > 0 && !bytes.HasSuffix(c.text, []byte("\n")) {
			put = eol + put
		}
		return len(c.text), put
	}
}

func (c *config) body() ast.Node {
	if len(c.tree.Docs) == 0 {
		return nil
	}
	return c.tree.Docs[0].Body
}

// key returns an entry of the file, nil if there is none.
func (c *config) key(name string) *ast.MappingValueNode {
	if m, ok := c.body().(*ast.MappingNode); ok {
		for _, v := range m.Values {
			if v.Key.GetToken().Value == name {
				return v
			}
		}
	}
	return nil
}

// find returns the value of an entry, nil if there is none.
func (c *config) find(name string) ast.Node {
	if v := c.key(name); v != nil {
		return v.Value
	}
	return nil
}

// offset is the byte offset of a token. The lexer's own offsets count characters,
// with CRLF as one.
func (c *config) offset(t *token.Token) int {
	at, line := 0, t.Position.Line
	for l := range bytes.Lines(c.text) {
		if line--; line == 0 {
			column := 1
			for i := range string(l) {
				if column == t.Position.Column {
					return at + i
				}
				column++
			}
		}
		at += len(l)
	}
	return len(c.text)
}

// errorAt returns an error about the value at a path such as prompts.vscode.
func (c *config) errorAt(path, text string) error {
	where := c.file
	if p, err := yaml.PathString("$." + path); err == nil {
		if n, err := p.FilterFile(c.tree); err == nil {
			at := n.GetToken().Position
			where = fmt.Sprintf("%s:%d:%d", c.file, at.Line, at.Column)
		}
	}
	return fmt.Errorf("%s: %s", where, text)
}

// yamlError converts a parser's error to file:line:column and message.
func (c *config) yamlError(err error) error {
	line, column, text := 1, 1, err.Error()
	var of yaml.Error
	if errors.As(err, &of) {
		text = of.GetMessage()
		if t := of.GetToken(); t != nil && t.Position != nil {
			line, column = t.Position.Line, t.Position.Column
		}
	}
	return fmt.Errorf("%s:%d:%d: %s", c.file, line, column, text)
}

// handError is the error for a file in which dot can't insert the entry.
type handError struct{ file, prompt string }

func (e *handError) Error() string {
	return fmt.Sprintf("%s is written in a way that dot can't add to", e.file)
}

// Hints are what to do next.
func (e *handError) Hints() []string {
	return []string{fmt.Sprintf("add to it yourself: prompts: {%s: %s}", e.prompt, disabled)}
}
