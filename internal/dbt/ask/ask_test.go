package ask

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

func TestReason(t *testing.T) {
	tests := []struct{ message, want string }{
		{"Database Error in model chunk_0000 (models/chunk_0000.sql)\n  permission denied for table x\n  compiled code at target/run/x.sql", "permission denied for table x"},
		{"Runtime Error in model chunk_0000 (models/chunk_0000.sql)\n  Binder Error: no x\n  \n  LINE 4: select x\n   ^", "Binder Error: no x"},
		{"", "dbt gave no reason"},
		{"Database Error in model chunk_0000 (models/chunk_0000.sql)", "dbt gave no reason"},
		{strings.Repeat("ä", 400), strings.Repeat("ä", 300) + "…"},
	}
	for _, tt := range tests {
		if got := Reason(tt.message); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.message, got, tt.want)
		}
	}
}

// Any text in a name or a condition passes through Jinja and JSON unchanged.
func TestPlain(t *testing.T) {
	in := "a {% endraw %} {{ b }} {# c #} 'd' \"e\" \\ %s ä 大 😀 \x00 \u2028 -- <&>"
	text, err := plain(in)
	if err != nil {
		t.Fatal(err)
	}
	if strings.ContainsRune(string(text), '%') || slices.ContainsFunc([]rune(string(text)), func(r rune) bool { return r > 0x7e }) {
		t.Errorf("%s has a percent sign, or is not ASCII", text)
	}
	var out string
	if err := json.Unmarshal(text, &out); err != nil || out != in {
		t.Errorf("%q came back as %q: %v", in, out, err)
	}
}
