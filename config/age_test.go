package config_test

import (
	"testing"
	"time"

	"dot-for-dbt/config"
)

// TestParseAge proves C.9: max-age.
func TestParseAge(t *testing.T) {
	for text, want := range map[string]config.Age{
		"0": {}, "0h": {}, "12h": {Limit: 12 * time.Hour}, "30m": {Limit: 30 * time.Minute}, "90s": {Limit: 90 * time.Second},
		"7d": {Limit: 7 * 24 * time.Hour}, "1d12h30m": {Limit: 36*time.Hour + 30*time.Minute}, "36500d": {Limit: 36500 * 24 * time.Hour},
		"never": {Never: true},
	} {
		got, err := config.ParseAge(text)
		if err != nil || got != want {
			t.Errorf("ParseAge(%q) = %v, %v; want %v", text, got, err, want)
		}
		if again, err := config.ParseAge(got.String()); err != nil || again != got {
			t.Errorf("%q came back from %q as %v, %v", text, got, again, err)
		}
	}
	for _, text := range []string{"", "12", "h", "-1h", "+1h", "1.5h", "1h1d", "Never", "1w", "36501d", "99999999999999999999d", "9999999999h", "12 h", "1h\n"} {
		if got, err := config.ParseAge(text); err == nil {
			t.Errorf("ParseAge(%q) = %v; want an error", text, got)
		}
	}
}
