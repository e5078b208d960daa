//go:build unix

package e2e

import (
	"strings"
	"testing"
)

// TestValues proves C.8: a model reads a variable of the environments file as it would read the
// same lines under dbt's own vars.
func TestValues(t *testing.T) {
	onBoth(t, func(t *testing.T, adapter string) {
		const vars = `flag: no
switch: on
octal: 010
text: 0o10
minutes: 1:30
large: 1_000
day: 2024-02-29
at: 2024-02-29 12:30:00 +02:00
none: ~
most: .inf
exponent: 1e3
keys: {1: one, off: two}
`
		const model = `select '{{ 'yes' if var('flag') else 'no' }} {{ 'yes' if var('switch') else 'no' }}' as flags
, {{ var('octal') + var('minutes') + var('large') }} as numbers
, '{{ var('text') }} {{ var('exponent') }}' as texts
, '{{ var('day').isoformat() }} {{ var('day').year }} {{ var('at') }}' as times
, '{{ var('none') is none }} {{ var('most') > 1000 }} {{ var('keys')[1] }} {{ var('keys')[false] }}' as others
`
		s := newProject(t, adapter, map[string]string{
			"models/m.sql": "{{ config(materialized='table') }}\n" + model,
			// The same lines as dbt's own vars.
			"dbt_project.yml":      "name: stall\nprofile: shop\nflags: {send_anonymous_usage_stats: false}\nvars:\n" + indent(vars, "  "),
			"dot_environments.yml": "environment:\n  dev:\n    vars:\n" + indent(vars, "      ") + "  prod: {}\n",
		})
		const want = "no yes 1098 0o10 1e3 2024-02-29 2024 2024-02-29 12:30:00+02:00 True True one two"
		s.mustDot("build", "dev@HEAD", "prod@HEAD")
		s.wantTable("dev@HEAD", "m", want)
		s.wantTable("prod@HEAD", "m", want)

		s.write("dot_vars.yml", "vars: {flag: {strict: yes, values: [off]}, day: {strict: yes, values: [2024-02-29]}}\n")
		s.mustDot("plan", "build", "dev@HEAD")
		s.ends(2, `variable "flag" of environment dev is "no": allowed is false`, "plan", "build", "dev@HEAD", "--vars", "flag: 'no'")
	})
}

func indent(text, by string) string {
	return by + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n"+by) + "\n"
}
