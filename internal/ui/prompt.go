package ui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"dot-for-dbt/internal/text"

	"golang.org/x/term"
)

// An Answer is a person's answer to a question.
type Answer string

// All answers. Never means no, and that the question must not come again.
const (
	AnswerYes   Answer = "yes"
	AnswerNo    Answer = "no"
	AnswerNever Answer = "never"
)

// attempts is how often a question is asked.
const attempts = 3

// A Prompter asks a person at a terminal.
type Prompter struct {
	in  io.Reader
	say *Printer
}

// NewPrompter returns a Prompter that reads from in and asks where say writes.
func NewPrompter(in io.Reader, say *Printer) *Prompter { return &Prompter{in: in, say: say} }

// Interactive reports whether there is a person to ask: both in and out are terminals.
func Interactive(in *os.File, out io.Writer) bool {
	to := file(out)
	return to != nil && in != nil && term.IsTerminal(int(in.Fd())) && term.IsTerminal(int(to.Fd()))
}

// Ask repeats a question until it gets an answer. Enter means No. So do the end of the input and a
// third invalid answer. If ctx is done first, its cause is the error.
func (p *Prompter) Ask(ctx context.Context, question string) (Answer, error) {
	for range attempts {
		fmt.Fprintf(p.say.w, "%s %s [y]es / [N]o / n[e]ver: ", p.say.Paint(Busy, "question:"), text.Visible(question))
		line, err := p.readLine(ctx)
		if errors.Is(err, io.EOF) {
			p.say.Line("") // the cursor is still on the question's line
			return AnswerNo, nil
		}
		if err != nil {
			return AnswerNo, err
		}
		switch strings.ToLower(strings.TrimSpace(line)) {
		case "y", "yes":
			return AnswerYes, nil
		case "n", "no", "":
			return AnswerNo, nil
		case "e", "never":
			return AnswerNever, nil
		}
		p.say.Note("answer y, n or e")
	}
	p.say.Note("taken as no")
	return AnswerNo, nil
}

// Confirm asks a question to which only "yes" means yes. If ctx is done first, its cause is the
// error.
func (p *Prompter) Confirm(ctx context.Context, question string) (bool, error) {
	fmt.Fprintf(p.say.w, "%s %s [y]es / [N]o: ", p.say.Paint(Busy, "question:"), text.Visible(question))
	line, err := p.readLine(ctx)
	if errors.Is(err, io.EOF) {
		p.say.Line("")
		return false, nil
	}
	answer := strings.ToLower(strings.TrimSpace(line))
	return answer == "y" || answer == "yes", err
}

// readLine reads one line and not a byte more: the next reader of the terminal gets the rest. A
// line without an end does not count: io.EOF.
//
// A read from a terminal can't be cancelled. If ctx is done, the read goes on in the background,
// and ends with the process.
func (p *Prompter) readLine(ctx context.Context) (string, error) {
	type result struct {
		line string
		err  error
	}
	done := make(chan result, 1)
	go func() {
		var line []byte
		for char := make([]byte, 1); ; {
			n, err := p.in.Read(char)
			switch {
			case n > 0 && char[0] == '\n':
				done <- result{line: string(line)}
				return
			case n > 0:
				line = append(line, char[0])
			case err != nil:
				done <- result{err: err}
				return
			}
		}
	}()
	select {
	case <-ctx.Done():
		return "", context.Cause(ctx)
	case r := <-done:
		if ctx.Err() != nil { // on some terminals, Ctrl-C ends the line, too
			return "", context.Cause(ctx)
		}
		if r.err != nil && !errors.Is(r.err, io.EOF) {
			return "", fmt.Errorf("read the answer: %w", r.err)
		}
		return r.line, r.err
	}
}
