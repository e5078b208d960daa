package proc

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"dot-for-dbt/internal/text"
)

// maxStderr is how many bytes of a failed command's stderr are kept, the last ones.
const maxStderr = 16 << 10

// ExitError says that a command ran and failed.
type ExitError struct {
	Program string // the command's Argv[0]
	Exit    Exit
	Stderr  string // what it said last; without control characters but newlines, and without surrounding space
}

func (e *ExitError) Error() string {
	if e.Stderr == "" {
		return fmt.Sprintf("%s: %s", e.Program, e.Exit)
	}
	return fmt.Sprintf("%s: %s: %s", e.Program, e.Exit, e.Stderr)
}

// Output runs a command and returns what it wrote to stdout; the command's own Stdout and Stderr are not used.
// If it fails, stdout is what it wrote until then and the error is an [ExitError], or wraps ctx's cause when that is
// why it ended.
func Output(ctx context.Context, c Command) (stdout []byte, err error) {
	var out bytes.Buffer
	said := &tail{max: maxStderr}
	c.Stdout, c.Stderr = &out, said
	exit, err := c.Run(ctx)
	switch {
	case err != nil:
		return nil, err
	case exit.OK():
		return out.Bytes(), nil
	case ctx.Err() != nil:
		return out.Bytes(), fmt.Errorf("%s: %w", c.name(), context.Cause(ctx))
	}
	return out.Bytes(), &ExitError{Program: c.name(), Exit: exit, Stderr: said.text()}
}

// tail is a writer that keeps the end of what is written to it.
type tail struct {
	max  int
	kept []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.kept = append(t.kept, p...)
	if extra := len(t.kept) - t.max; extra > t.max {
		t.kept = append(t.kept[:0], t.kept[extra:]...)
	}
	return len(p), nil
}

// text is what was kept, safe to show on a terminal.
func (t *tail) text() string {
	kept := t.kept
	if extra := len(kept) - t.max; extra > 0 {
		kept = kept[extra:]
	}
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r == '\t' || text.Steers(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(string(kept), "\uFFFD")))
}
