package profile

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestScanEnvVars proves F.2.
func TestScanEnvVars(t *testing.T) {
	one := EnvUse{Names: []string{"X"}}
	computed := EnvUse{Computed: []string{"f:1"}}
	for name, c := range map[string]struct {
		text string
		want EnvUse
	}{
		"none":                         {"select 1", EnvUse{}},
		"not Jinja":                    {"the env_var('X') function", EnvUse{}},
		"single quotes":                {"{{ env_var('X') }}", one},
		"double quotes":                {`{{ env_var("X") }}`, one},
		"no spaces":                    {"{{env_var('X')}}", one},
		"white space":                  {"{{ env_var\t( \n 'X' \n ) }}", one},
		"default":                      {"{{ env_var('X', 'y') | lower }}", one},
		"computed default":             {"{{ env_var('X', y) }}", one},
		"by keyword":                   {"{{ env_var(var='X') }}", one},
		"in a statement":               {"{% if env_var('X') == 'y' %}{% endif %}", one},
		"sorted, once":                 {"{{ env_var('X') }}{{ env_var('A') }}{{ env_var('X') }}", EnvUse{Names: []string{"A", "X"}}},
		"secret":                       {"{{ env_var('DBT_ENV_SECRET_X') }}", EnvUse{Names: []string{"DBT_ENV_SECRET_X"}}},
		"builtins":                     {"{{ builtins.env_var('X') }}", one},
		"in a string":                  {`{{ config(pre_hook="{{ env_var('X') }}") }}`, one},
		"after }} in a string":         {`{{ config(a="{{ b }}", c=env_var('X')) }}`, one},
		"after braces":                 {"{{ {'a': {'b': 1}}['a'] ~ env_var('X') }}", one},
		"in YAML, escaped":             {`a: "{{ env_var(\"X\") }}"`, one},
		"in YAML, doubled":             {"a: '{{ env_var(''X'') }}'", one},
		"in a Jinja comment":           {"{# {{ env_var('X') }} #}", one},
		"prose in a comment":           {"{# wraps env_var for us #}", EnvUse{}},
		"in a SQL comment":             {"-- {{ env_var('X') }}", one},
		"in raw":                       {"{% raw %}{{ env_var('X') }}{% endraw %}", one},
		"another function":             {"{{ my_env_var('X') }}{{ env_vars('X') }}", EnvUse{}},
		"prose in a string":            {"{{ log('env_var X is missing') }}", EnvUse{}},
		"never closed":                 {"{{ 'it's } {{ env_var('X')", one},
		"comment never closed":         {"{# {{ env_var('X') }}", one},
		"name in a variable":           {"{{ env_var(x) }}", computed},
		"name put together":            {"{{ env_var('X' ~ y) }}", computed},
		"name filtered":                {"{{ env_var('x' | upper) }}", computed},
		"name from Jinja":              {"{{ config(a=\"{{ env_var('{{ x }}') }}\") }}", computed},
		"name with an escape":          {`{{ env_var('\x58') }}`, computed},
		"no name":                      {"{{ env_var() }}", computed},
		"empty name":                   {"{{ env_var('') }}", computed},
		"passed on":                    {"{% set f = env_var %}{{ f('X') }}", computed},
		"looked up":                    {"{{ builtins['env_var']('X') }}", computed},
		"defined anew":                 {"{% macro env_var(name) %}{% endmacro %}", computed},
		"computed in a comment":        {"{# {{ env_var(x) }} #}", computed},
		"line":                         {"\n\n{{ x }}\n{{ env_var(x) }}", EnvUse{Computed: []string{"f:4"}}},
		"markdown beside docs":         {"{% docs x %}call env_var(name) to read it{% enddocs %}", EnvUse{}},
		"different quotes":             {`{{ env_var('X") }}`, computed},
		"a quote inside the other one": {`{{ env_var("it's") }}`, computed},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, ScanEnvVars("f", []byte(c.text))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// FuzzScanEnvVars: a plain call is found whatever precedes it.
func FuzzScanEnvVars(f *testing.F) {
	f.Add("select {{ 'a' }}")
	f.Add("{{ it's")
	f.Add("{# {% raw %} '")
	f.Add(`{{ config(x="{{ y }}") }}{% if "%}" %}`)
	f.Fuzz(func(t *testing.T, before string) {
		use := ScanEnvVars("f", []byte(before+"\n{{ env_var('FOUND_IT') }}"))
		if strings.HasSuffix(before, "{") || strings.Contains(strings.Join(use.Names, " "), "FOUND_IT") {
			return
		}
		t.Errorf("missed after %q: %+v", before, use)
	})
}
