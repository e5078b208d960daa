package steps

import (
	"testing"

	"dot-for-dbt/config"
)

// TestSuffix proves D.5.
func TestSuffix(t *testing.T) {
	tests := []struct{ name, template, want string }{
		{"by default", "", "abc1234"},
		{"with the environment", "{env}_{short}", "dev_abc1234"},
		{"twice", "{short}_{short}", "abc1234_abc1234"},
		{"with words", "pr_{short}_x", "pr_abc1234_x"},
		{"with what is no placeholder", "{short}{ref}", "abc1234{ref}"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			env := config.Environment{Name: "dev", Dot: config.Settings{SchemaSuffix: test.template}}
			if got := suffix(env, "abc1234"); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// An environment's name that looks like a placeholder is not replaced again.
func TestSuffixOnce(t *testing.T) {
	env := config.Environment{Name: "{short}", Dot: config.Settings{SchemaSuffix: "{env}_{short}"}}
	if got, want := suffix(env, "abc1234"), "{short}_abc1234"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
