package git

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"dot-for-dbt/internal/proc"
)

// conversation is a running `git cat-file --batch` or `--batch-check`, which answers one question
// at a time.
type conversation struct {
	in    *os.File
	out   *bufio.Reader
	close func() error // closes this end of the pipes

	ended  chan struct{} // closed when git has ended; the fields below are valid from then on
	stderr bytes.Buffer
	err    error
}

// errEnded says that git ended instead of answering, as it does for a reflog or an upstream that
// doesn't exist.
var errEnded = errors.New("git ended")

// info is git's answer about an object.
type info struct {
	id   string // "" if there is no object; state says why
	kind string // commit, tag, tree, blob
	size int64
	// state is "missing", "ambiguous", or a word of a newer git.
	state string
}

// converse starts cmd, a git cat-file that reads names.
func converse(ctx context.Context, cmd proc.Command) (*conversation, error) {
	childIn, in, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("git cat-file: %w", err)
	}
	out, childOut, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("git cat-file: %w", err), childIn.Close(), in.Close())
	}
	c := &conversation{in: in, out: bufio.NewReader(out), ended: make(chan struct{})}
	c.close = func() error { return errors.Join(in.Close(), out.Close()) }
	cmd.Stdin, cmd.Stdout, cmd.Stderr = childIn, childOut, &c.stderr
	go func() {
		defer close(c.ended)
		exit, err := cmd.Run(ctx)
		switch {
		case err != nil:
			c.err = explain(ctx, "cat-file", err)
		case ctx.Err() != nil:
			c.err = fmt.Errorf("git cat-file: %w", context.Cause(ctx))
		case !exit.OK():
			failed := &proc.ExitError{Program: "git", Exit: exit, Stderr: c.stderr.String()}
			c.err = explain(ctx, "cat-file", failed)
		}
		childIn.Close()
		childOut.Close() // so that the reader sees the end of the output
	}()
	return c, nil
}

// ask returns git's answer about the object called name, which must not hold a line break. With
// --batch, size bytes and a newline follow the answer. The error is errEnded if git ended; then
// call end for the reason.
func (c *conversation) ask(name string) (info, error) {
	// Writing to a git that has ended may or may not fail. Reading always shows it.
	_, _ = c.in.WriteString(name + "\n")
	line, err := c.out.ReadString('\n')
	if err != nil {
		return info{}, errEnded
	}
	var answer info
	line = strings.TrimSuffix(line, "\n")
	// "<name> missing" or "<name> ambiguous", with the name as asked or the object's id.
	if state, ok := strings.CutPrefix(line, name+" "); ok && !strings.Contains(state, " ") {
		answer.state = state
		return answer, nil
	}
	// A plan of many commits asks ten thousand times, so fmt.Sscanf would be felt.
	words := strings.Fields(line)
	if len(words) == 3 {
		if answer.size, err = strconv.ParseInt(words[2], 10, 64); err == nil {
			answer.id, answer.kind = words[0], words[1]
			return answer, nil
		}
	}
	return info{state: "missing"}, nil
}

// skipNewline reads the newline that git writes after an object's content.
func (c *conversation) skipNewline() error {
	_, err := c.out.Discard(1)
	return err
}

// end closes git's input and waits for git to end. It returns git's stderr, and an error if git
// failed.
func (c *conversation) end() (stderr string, err error) {
	closeErr := c.close()
	<-c.ended
	if c.err != nil {
		return c.stderr.String(), c.err
	}
	return c.stderr.String(), closeErr
}
