package cli

import (
	"io"
	"os"
	"testing"
	"time"

	"dot-for-dbt/internal/ui"
)

// The time that a question waits for its answer is not part of how long the command took.
func TestAgreeTime(t *testing.T) {
	stdin, person, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	if _, err := person.WriteString("y\n"); err != nil {
		t.Fatal(err)
	}
	person.Close()
	began := time.Date(2026, 1, 1, 9, 0, 0, 0, time.UTC)
	now := began
	clock := func() time.Time {
		now = now.Add(time.Minute)
		return now
	}
	a := &app{Process: Process{Stdin: stdin, Stderr: io.Discard, Now: clock}, say: ui.NewPrinter(io.Discard, ui.Auto, func(string) string { return "" }), started: began}
	if err := a.agree(t.Context(), "go on?", "nothing was run"); err != nil {
		t.Fatal(err)
	}
	if want := began.Add(time.Minute); !a.started.Equal(want) {
		t.Errorf("the command counts from %s, want %s", a.started, want)
	}
}
