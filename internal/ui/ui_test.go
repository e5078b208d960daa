package ui

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// advised is an error with hints.
type advised struct {
	error
	advice []string
}

func (e advised) Hints() []string { return e.advice }
func (e advised) Unwrap() error   { return e.error }

func noEnv(string) string { return "" }

func TestErrorPrintsEachHintOnce(t *testing.T) {
	inner := advised{errors.New("unknown ref"), []string{"git fetch"}}
	outer := advised{fmt.Errorf("plan: %w", inner), []string{"dot plan", "git fetch"}}
	var b strings.Builder
	NewPrinter(&b, Auto, noEnv).Error(outer)
	want := "error: plan: unknown ref\nhint: dot plan\nhint: git fetch\n"
	if b.String() != want {
		t.Errorf("got %q, want %q", b.String(), want)
	}
}

func TestErrorOfSeveral(t *testing.T) {
	err := errors.Join(advised{errors.New("one"), []string{"first"}}, advised{errors.New("two"), []string{"second"}})
	var b strings.Builder
	NewPrinter(&b, Auto, noEnv).Error(err)
	want := "error: one\n  two\nhint: first\nhint: second\n"
	if b.String() != want {
		t.Errorf("got %q, want %q", b.String(), want)
	}
}

func TestColorModes(t *testing.T) {
	for mode, want := range map[ColorMode]bool{Auto: false, Never: false, Always: true} {
		var b strings.Builder
		NewPrinter(&b, mode, noEnv).Note("x")
		if got := strings.Contains(b.String(), "\x1b["); got != want {
			t.Errorf("%s: coloured %v", mode, got)
		}
	}
}

func TestColumns(t *testing.T) {
	got := Columns([][]string{{"run", "deps", "x"}, {"skip", "ü", "long text"}, {"a continuation"}}, nil)
	want := []string{"run   deps  x", "skip  ü     long text", "a continuation"}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("line %d: %q, want %q", i, got[i], want[i])
		}
	}
}
