package ui

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestCut(t *testing.T) {
	tests := []struct {
		text  string
		width int
		want  string
	}{
		{"orders", 6, "orders"},
		{"orders", 5, "orde…"},
		{"orders", 1, "…"},
		{"orders", 0, ""},
		{"日本語", 6, "日本語"},
		{"日本語", 5, "日本…"},
		{"日本語", 4, "日…"},
		{"\x1b[31morders\x1b[0m", 6, "\x1b[31morders\x1b[0m"},
		{"\x1b[31morders\x1b[0m", 4, "\x1b[31mord…\x1b[0m"},
		{"e\u0301tat", 4, "e\u0301tat"},
	}
	for _, tt := range tests {
		if got := Cut(tt.text, tt.width); got != tt.want {
			t.Errorf("Cut(%q, %d) = %q, want %q", tt.text, tt.width, got, tt.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		text, width := rapid.String().Draw(t, "text"), rapid.IntRange(0, 20).Draw(t, "width")
		if got := Cut(text, width); Width(got) > width {
			t.Errorf("Cut(%q, %d) = %q has %d columns", text, width, got, Width(got))
		}
	})
}

func TestColored(t *testing.T) {
	tests := map[string]struct{ on, off string }{
		"plain":                     {"plain", "plain"},
		"[\x1b[32mOK\x1b[0m in 1s]": {"[\x1b[32mOK\x1b[0m in 1s]", "[OK in 1s]"},
		"\x1b[1;31mnever ended":     {"\x1b[1;31mnever ended\x1b[0m", "never ended"},
		"\x1b[8mhidden":             {`\x1b[8mhidden`, `\x1b[8mhidden`},
		"\x1b[41mred ground":        {`\x1b[41mred ground`, `\x1b[41mred ground`},
		"\x1b[2Jgone":               {`\x1b[2Jgone`, `\x1b[2Jgone`},
		"\x1b]0;title\x07":          {`\x1b]0;title\x07`, `\x1b]0;title\x07`},
		"\x1b[31":                   {`\x1b[31`, `\x1b[31`},
		"\x1b[1\x1b[31mx":           {"\\x1b[1\x1b[31mx\x1b[0m", `\x1b[1x`},
		"\u009b31m":                 {`\x9b31m`, `\x9b31m`},
	}
	for in, want := range tests {
		on, off := NewPrinter(nil, Always, noEnv), NewPrinter(nil, Never, noEnv)
		if got := on.Colored(in); got != want.on {
			t.Errorf("in colour %q is %q, want %q", in, got, want.on)
		}
		if got := off.Colored(in); got != want.off {
			t.Errorf("without colour %q is %q, want %q", in, got, want.off)
		}
	}
}

// FuzzColored checks that only harmless colours get through.
func FuzzColored(f *testing.F) {
	f.Add("[\x1b[32mOK\x1b[0m in 0.1s]")
	f.Add("\x1b[\x1b[1mx\x1b")
	f.Fuzz(func(t *testing.T, text string) {
		if got := NewPrinter(nil, Never, noEnv).Colored(text); strings.ContainsAny(got, "\x1b\x07\u009b") {
			t.Errorf("%q became %q", text, got)
		}
		for rest := NewPrinter(nil, Always, noEnv).Colored(text); ; {
			i := strings.IndexByte(rest, '\x1b')
			if i < 0 {
				break
			}
			rest = rest[i:]
			n := sgrLength(rest)
			if n == 0 || !harmless(rest[:n]) {
				t.Fatalf("%q lets %q through", text, rest)
			}
			rest = rest[n:]
		}
	})
}

func TestColumnsOfWideRunes(t *testing.T) {
	got := Columns([][]string{{"日本", "x"}, {"abcd", "x"}}, nil)
	if got[0] != "日本  x" || got[1] != "abcd  x" {
		t.Errorf("got %q", got)
	}
}

// A folded text loses nothing, and each of its lines fits and has its colours.
func TestFold(t *testing.T) {
	const red, reset = "\x1b[31m", "\x1b[0m"
	tests := []struct {
		text  string
		width int
		want  []string
	}{
		{"", 5, []string{""}},
		{"abc", 0, []string{"abc"}},
		{"abcde", 5, []string{"abcde"}},
		{"abcdefg", 5, []string{"abcde", "fg"}},
		{"abc defg", 5, []string{"abc", "defg"}},
		{"a bcdefgh", 5, []string{"a bcd", "efgh"}}, // the space is too early
		{"大小大小", 5, []string{"大小", "大小"}},
		{"大", 1, []string{"大"}}, // there is no smaller piece
		{red + "abcdefg" + reset, 5, []string{red + "abcde" + reset, red + "fg" + reset}},
		{"ab" + red + "cd" + reset + "efgh", 5, []string{"ab" + red + "cd" + reset + "e", "fgh"}},
	}
	for _, test := range tests {
		if got := Fold(test.text, test.width); !slices.Equal(got, test.want) {
			t.Errorf("%q at %d: %q, want %q", test.text, test.width, got, test.want)
		}
	}
}
