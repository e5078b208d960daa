package proc

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"dot-for-dbt/internal/text"
)

// maxStderr is the number of bytes kept of a failed command's stderr: the last ones.
const maxStderr = 16 << 10

// ExitError says that a command ran and failed.
type ExitError struct {
	Program string // the command's Argv[0]
	Exit    Exit
	Stderr  string // the end of stderr, without control characters (except newlines) and surrounding space
}

func (e *ExitError) Error() string {
	if e.Stderr == "" {
		return fmt.Sprintf("%s: %s", e.Program, e.Exit)
	}
	return fmt.Sprintf("%s: %s: %s", e.Program, e.Exit, e.Stderr)
}

// Output runs a command and returns its stdout. It ignores the command's own Stdout and Stderr
// fields. If the command fails, stdout is the output so far, and the error is an [ExitError]. If
// ctx ended it, the error wraps ctx's cause.
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

// tail is a writer that keeps the end of its input.
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

// text is the input that was kept, safe to show on a terminal.
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
