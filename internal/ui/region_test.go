package ui

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"dot-for-dbt/internal/testing/screen"
)

func TestRegion(t *testing.T) {
	s := screen.New(20, 5)
	r := NewRegion(s, s.Size)
	out := r.Writer(s)
	r.Draw([]string{"one 1/9", "two 3/7"})
	fmt.Fprintln(out, "a log line")
	fmt.Fprint(out, "not whole")
	r.Draw([]string{"one 2/9", "two 3/7"})
	if got, want := s.String(), "a log line\none 2/9\ntwo 3/7\n"; got != want {
		t.Errorf("while it runs there is\n%s", got)
	}
	fmt.Fprint(out, " yet\nnow ")
	_, _ = s.Write([]byte("^C")) // as a terminal echoes it
	r.Draw([]string{"two 3/7"})
	r.Draw([]string{"a line that is much too long for it"})
	if got, want := s.String(), "a log line\nnot whole yet\na line that is muc…\n"; got != want {
		t.Errorf("got\n%s", got)
	}
	r.Close()
	r.Close()
	r.Draw([]string{"too late"})
	fmt.Fprintln(out, "the end")
	if got, want := s.String(), "a log line\nnot whole yet\nnow the end\n"; got != want {
		t.Errorf("at the end there is\n%s", got)
	}
	if len(s.Unknown()) > 0 {
		t.Errorf("it wrote %s", s.Unknown())
	}
}

func TestRegionShowsWhatFits(t *testing.T) {
	s := screen.New(20, 6)
	r := NewRegion(s, s.Size)
	out := r.Writer(s)
	fmt.Fprintln(out, "a log line")
	for range 3 {
		r.Draw([]string{"1", "2", "3", "4", "5", "6"})
	}
	if got, want := s.String(), "a log line\n4\n5\n6\n"; got != want {
		t.Errorf("got\n%s", got)
	}
}

// TestRegionLeavesNothing draws, writes and resizes in any order. At the end, the screen has the
// output and nothing else.
func TestRegionLeavesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		columns := rapid.IntRange(2, 30)
		s := screen.New(columns.Draw(t, "columns"), 40)
		r := NewRegion(s, s.Size)
		out := r.Writer(s)
		var want strings.Builder
		words := rapid.StringMatching(`[a-z語]{0,12}`)
		for range rapid.IntRange(0, 12).Draw(t, "steps") {
			switch rapid.IntRange(0, 2).Draw(t, "what") {
			case 0:
				r.Draw(rapid.SliceOfN(words, 0, 4).Draw(t, "lines"))
			case 1:
				line := "w" + words.Draw(t, "written")
				fmt.Fprintln(out, line)
				fmt.Fprintln(&want, line)
			case 2:
				s.Resize(columns.Draw(t, "new columns"), 40)
			}
		}
		r.Close()
		if got := strings.TrimRight(s.String(), "\n"); got != strings.TrimRight(want.String(), "\n") {
			t.Fatalf("left is\n%s\nwant\n%s", got, want.String())
		}
	})
}
