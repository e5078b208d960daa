package ui

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
)

const asked = "question: add it? [y]es / [N]o / n[e]ver: "

// TestAsk proves H.1.
func TestAsk(t *testing.T) {
	const again = "note: answer y, n or e\n"
	tests := map[string]struct {
		typed string
		want  Answer
		said  string
		left  string
	}{
		"y":              {"y\n", AnswerYes, asked, ""},
		"yes":            {"yes\n", AnswerYes, asked, ""},
		"capitals":       {" YES \r\n", AnswerYes, asked, ""},
		"n":              {"n\n", AnswerNo, asked, ""},
		"no":             {"no\n", AnswerNo, asked, ""},
		"Enter":          {"\n", AnswerNo, asked, ""},
		"e":              {"e\n", AnswerNever, asked, ""},
		"never":          {"never\n", AnswerNever, asked, ""},
		"end of input":   {"", AnswerNo, asked + "\n", ""},
		"y and the end":  {"y", AnswerNo, asked + "\n", ""},
		"garbage, yes":   {"what?\ny\n", AnswerYes, asked + again + asked, ""},
		"garbage, end":   {"what?\n", AnswerNo, asked + again + asked + "\n", ""},
		"garbage thrice": {"a\nb\nc\ny\n", AnswerNo, strings.Repeat(asked+again, 3) + "note: taken as no\n", "y\n"},
		"reads one line": {"y\nselect 1;\n", AnswerYes, asked, "select 1;\n"},
	}
	for name, tt := range tests {
		t.Run("H.1 "+name, func(t *testing.T) {
			in, out := strings.NewReader(tt.typed), &strings.Builder{}
			got, err := NewPrompter(in, NewPrinter(out, Auto, noEnv)).Ask(t.Context(), "add it?")
			if err != nil || got != tt.want {
				t.Errorf("got %q, %v; want %q", got, err, tt.want)
			}
			if out.String() != tt.said {
				t.Errorf("said %q, want %q", out, tt.said)
			}
			if left, _ := io.ReadAll(in); string(left) != tt.left {
				t.Errorf("left %q, want %q", left, tt.left)
			}
		})
	}
}

func TestAskCancelled(t *testing.T) {
	in, typing := io.Pipe() // nobody types anything
	defer typing.Close()
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("Ctrl-C")
	asking := &onWrite{do: func() { cancel(cause) }}
	if _, err := NewPrompter(in, NewPrinter(asking, Auto, noEnv)).Ask(ctx, "add it?"); !errors.Is(err, cause) {
		t.Errorf("got %v", err)
	}
}

// onWrite calls do on each write.
type onWrite struct{ do func() }

func (w *onWrite) Write(p []byte) (int, error) {
	w.do()
	return len(p), nil
}

func TestAskReadError(t *testing.T) {
	in, typing := io.Pipe()
	typing.CloseWithError(io.ErrUnexpectedEOF)
	if answer, err := NewPrompter(in, NewPrinter(io.Discard, Auto, noEnv)).Ask(t.Context(), "add it?"); err == nil {
		t.Errorf("got %q", answer)
	}
}

// TestInteractive proves H.3.
func TestInteractive(t *testing.T) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	if Interactive(nil, null) || Interactive(null, null) || Interactive(null, io.Discard) {
		t.Error("nobody is there")
	}
}
