package spec

import (
	"strings"
	"testing"
)

// TestCheckName proves B.1.
func TestCheckName(t *testing.T) {
	for _, name := range []string{
		"dev", "Dev-2.eu_west", "2024", "x", "x-", "a.b", "cons", "com", "com10", "lpt", "aux-1", strings.Repeat("x", 100),
	} {
		if problem := CheckName(name); problem != "" {
			t.Errorf("%q %s", name, problem)
		}
	}
	for _, name := range []string{
		"", "_x", "-x", ".x", "x.", "a..b", "a b", "a/b", `a\b`, "a:b", "dév", "a@b", "a\n", "\xff",
		"con", "CON", "con.x", "nul", "com1", "COM1.txt", "lpt9", "prn", strings.Repeat("x", 101),
	} {
		if CheckName(name) == "" {
			t.Errorf("%q passes for a name", name)
		}
	}
}
