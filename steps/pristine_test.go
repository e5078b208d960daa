package steps

import "testing"

func TestOnlyAppended(t *testing.T) {
	const line = "dbt_internal_packages/\n"
	for _, tt := range []struct {
		was, is string
		want    bool
	}{
		{"", line, true},
		{"target/\n", "target/\n" + line, true},
		{"target/", "target/\n" + line, true},
		{"target/\n", "target/\n" + line + line, true},
		{"target/\n", "target/\n", false},
		{"target/\n", "target/\n" + line + "*.sql\n", false},
		{"target/\n", line, false},
		{"target/\n", "", false},
	} {
		if got := onlyAppended([]byte(tt.was), []byte(tt.is)); got != tt.want {
			t.Errorf("%q, then %q: %v", tt.was, tt.is, got)
		}
	}
}
