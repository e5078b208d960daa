package workspace

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"

	"dot-for-dbt/internal/durable"
	"dot-for-dbt/internal/pyyaml"
)

// configFile holds the user's settings for this clone of the repository. The
// file is the user's: dot keeps entries that it doesn't know.
//
//	prompts: {gitignore: disabled, vscode: disabled}
const configFile = "config.yml"

// disabled is the only value of a prompt. An enabled prompt has no entry.
const disabled = "disabled"

// maxConfig is the largest size that is read, in bytes.
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
	if done, err := c.disabled(name); done && err == nil {
		return nil
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
	file string
	mark string // the byte order mark, or ""
	text []byte
	tree *pyyaml.Node // a mapping; nil if the file has no values
	// values are those of the tree.
	values any
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
	c.tree, err = pyyaml.ReadOwn(file, c.text)
	switch {
	case errors.Is(err, pyyaml.ErrEmpty):
		return c, nil
	case err != nil:
		return nil, err
	case c.tree.Kind != pyyaml.Mapping:
		return nil, c.tree.Errorf("a mapping is expected")
	}
	c.values, err = c.tree.Value()
	return c, err
}

const byteOrderMark = "\ufeff"

// disabled reports whether the question is disabled.
func (c *config) disabled(name string) (bool, error) {
	prompts := c.tree.Get("prompts")
	switch {
	case prompts == nil || prompts.IsNull():
		return false, nil
	case prompts.Kind != pyyaml.Mapping:
		return false, prompts.Errorf("a mapping is expected, such as {%s: %s}", name, disabled)
	}
	value := prompts.Get(name)
	if value == nil {
		return false, nil
	}
	if value.Kind != pyyaml.Scalar || value.Text != disabled {
		return false, value.Errorf("%s is expected, or nothing", disabled)
	}
	return true, nil
}

// withDisabled returns the text with one more disabled question. It inserts the
// entry into the text: marshalling the YAML would lose comments and layout. To
// check the result, it parses the new text.
func (c *config) withDisabled(name string) ([]byte, error) {
	at, length, put := c.insertion(name)
	at = min(at, len(c.text))
	text := slices.Concat(c.text[:at], []byte(put), c.text[at+length:])

	values, _ := c.values.(map[string]any) // a Dict can't be compared below, and nobody needs one
	want := map[string]any{}
	maps.Copy(want, values)
	prompts := map[string]any{}
	if there, ok := values["prompts"].(map[string]any); ok {
		maps.Copy(prompts, there)
	}
	prompts[name] = disabled
	want["prompts"] = prompts
	got, err := parseConfig(c.file, text)
	if err != nil || values == nil || !reflect.DeepEqual(got.values, any(want)) {
		return nil, &handError{c.file, name}
	}
	return append([]byte(c.mark), text...), nil
}

// insertion returns the text to insert for a disabled question, its offset, and the
// number of bytes that it replaces.
func (c *config) insertion(name string) (at, length int, put string) {
	entry := name + ": " + disabled
	eol := "\n"
	if bytes.Contains(c.text, []byte("\r\n")) {
		eol = "\r\n"
	}
	key, prompts := c.find("prompts")
	switch {
	case prompts == nil:
		indent := ""
		if c.tree != nil && len(c.tree.Pairs) > 0 {
			indent = strings.Repeat(" ", c.tree.Pairs[0].Key.Column-1)
		}
		put = indent + "prompts:" + eol + indent + "  " + entry + eol
		if len(c.text) > 0 && !bytes.HasSuffix(c.text, []byte("\n")) {
			put = eol + put
		}
		return len(c.text), 0, put
	case prompts.IsNull(): // "prompts:" without a value
		from := c.offset(key)
		colon := from + bytes.IndexByte(c.text[from:], ':')
		return colon + 1, 0, eol + strings.Repeat(" ", key.Column-1) + "  " + entry
	}
	if value := prompts.Get(name); value != nil && value.Plain {
		return c.offset(value), len(value.Text), disabled
	}
	start := c.offset(prompts)
	if !bytes.HasPrefix(c.text[start:], []byte("{")) {
		return start, 0, entry + eol + strings.Repeat(" ", prompts.Column-1)
	}
	if len(prompts.Pairs) > 0 {
		entry += ", "
	}
	return start + 1, 0, entry
}

// find returns an entry of the file, nil if there is none.
func (c *config) find(name string) (key, value *pyyaml.Node) {
	if c.tree != nil {
		for _, p := range c.tree.Pairs {
			if p.Key.Text == name {
				return p.Key, p.Value
			}
		}
	}
	return nil, nil
}

// offset is the byte offset of a node.
func (c *config) offset(n *pyyaml.Node) int {
	at, line := 0, n.Line
	for l := range bytes.Lines(c.text) {
		if line--; line == 0 {
			column := 1
			for i := range string(l) {
				if column == n.Column {
					return at + i
				}
				column++
			}
		}
		at += len(l)
	}
	return len(c.text)
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
