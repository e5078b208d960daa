package version

import "testing"

func TestAtLeast(t *testing.T) {
	tests := []struct {
		version, least string
		want           bool
	}{
		{"1.11.16", "1.12", false},
		{"1.12.0b1", "1.12", true},
		{"1.12", "1.12", true},
		{"1.9.10", "1.10", false},
		{"2.0.0-beta.2", "1.12", true},
		{"2", "1.12", true},
		{"", "1.12", false},
		{"x.y", "1.12", false},
	}
	for _, tt := range tests {
		if got := AtLeast(tt.version, tt.least); got != tt.want {
			t.Errorf("%q at least %q: %t, want %t", tt.version, tt.least, got, tt.want)
		}
	}
}
