package text

import "testing"

func TestVisible(t *testing.T) {
	tests := map[string]string{
		"plain":                "plain",
		"tab\tand\nline":       "tab\tand\nline",
		"\x1b[31mred":          `\x1b[31mred`,
		"title\x07":            `title\x07`,
		"no text \x9b31m":      "no text \ufffd31m",
		"c1 \u009b31m":         `c1 \x9b31m`,
		"right \u202e to left": `right \x202e to left`,
		"ünïcode │":            "ünïcode │",
	}
	for in, want := range tests {
		if got := Visible(in); got != want {
			t.Errorf("Visible(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestEscape(t *testing.T) {
	in := []byte("{\n\t\"a\": \"\u202e\ufeff\u009b\"\n}")
	want := "{\n\t\"a\": \"\\u202e\\ufeff\\u009b\"\n}"
	if got := string(Escape(in)); got != want {
		t.Errorf("escaped %q, want %q", got, want)
	}
}
