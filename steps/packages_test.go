package steps

import (
	"slices"
	"testing"
)

// TestVarsOfPackages: D.7: the vars that a file of packages reads are inputs of installing them.
func TestVarsOfPackages(t *testing.T) {
	vars := map[string]any{"rev": "v1", "host": "h", "other": 1}
	for text, want := range map[string][]string{
		"- {git: x, revision: main}":                                            nil,
		"- {git: \"{{ env_var('rev') }}\"}":                                     nil,
		"- {revision: \"{{ var('rev') }}\"}":                                    {"rev"},
		"- {revision: '{{ var(\"rev\", \"main\") }}'}":                          {"rev"},
		"- {revision: '{{ var(''rev'') }}', git: \"{{ var( \\\"host\\\" )}}\"}": {"host", "rev"},
		"- {revision: \"{{ var('unset', 'main') }}\"}":                          nil,
		"- {revision: \"{{ var('r' ~ 'ev') }}\"}":                               {"host", "other", "rev"},
		"- {revision: \"{{ var(name) }}{{ var('rev') }}\"}":                     {"host", "other", "rev"},
	} {
		inputs, err := varsOf([]byte(text), vars)
		var got []string
		for _, in := range inputs {
			got = append(got, in.Label[len(varLabel):])
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %q, %v; want %q", text, got, err, want)
		}
	}
}
