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

// An Answer is what a person made of a question.
type Answer string

// The answers there are. Never is no, now and whenever it would be asked again.
const (
	AnswerYes   Answer = "yes"
	AnswerNo    Answer = "no"
	AnswerNever Answer = "never"
)

// attempts is how often a question is asked before it is given up.
const attempts = 3

// A Prompter asks a person at a terminal.
type Prompter struct {
	in  io.Reader
	say *Printer
}

// NewPrompter returns a Prompter that reads from in and asks where say writes.
func NewPrompter(in io.Reader, say *Printer) *Prompter { return &Prompter{in: in, say: say} }

// Interactive reports whether there is a person to ask: somebody who can type
// at in and read what is written to out.
func Interactive(in *os.File, out io.Writer) bool {
	to := file(out)
	return to != nil && in != nil && term.IsTerminal(int(in.Fd())) && term.IsTerminal(int(to.Fd()))
}

// Ask asks until it gets an answer. Enter is No, and so are the end of the
// input and a third answer that is none. When ctx is done first, its cause is
// the error.
func (p *Prompter) Ask(ctx context.Context, question string) (Answer, error) {
	for range attempts {
		fmt.Fprintf(p.say.w, "%s %s [y]es / [N]o / n[e]ver: ", p.say.Paint(Busy, "question:"), text.Visible(question))
		line, err := p.readLine(ctx)
		if errors.Is(err, io.EOF) {
			p.say.Line("") // the cursor stands behind the question
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

// Confirm asks a question that only "yes" answers with yes. When ctx is done
// first, its cause is the error.
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

// readLine reads one line and nothing behind it, which is for whoever reads
// from the terminal next. A line that isn't ended is none: io.EOF.
//
// A read from a terminal can't be broken off. When ctx is done it is left
// behind, and ends with the process.
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
		if ctx.Err() != nil { // Ctrl-C makes some terminals end the line, too
			return "", context.Cause(ctx)
		}
		if r.err != nil && !errors.Is(r.err, io.EOF) {
			return "", fmt.Errorf("read the answer: %w", r.err)
		}
		return r.line, r.err
	}
}
