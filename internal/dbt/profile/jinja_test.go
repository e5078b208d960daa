package profile

import (
	"strings"
	"testing"

	"dot-for-dbt/internal/testing/dbttest"
)

// testEnv makes an environment for tests.
func testEnv(pairs ...string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1], true
			}
		}
		return "", false
	}
}

var testScope = Scope{
	Env: testEnv("NAME", "Prod", "EMPTY", "", "N", "5", "DBT_ENV_SECRET_PW", "hunter2"),
	Vars: map[string]any{
		"env": "dev", "n": int64(5), "yes": true, "none": nil, "f": 1.5,
	},
}

// rendered are texts that dbt's own Jinja evaluates to the same result (see
// TestRenderAgreesWithJinja).
var rendered = []struct{ text, want string }{
	{"plain", "plain"},
	{"", ""},
	{"a { b } %", "a { b } %"},
	{"{{ env_var('NAME') }}", "Prod"},
	{`{{ env_var("NAME") }}`, "Prod"},
	{"{{env_var('NAME')}}", "Prod"},
	{"{{- env_var('NAME') -}} x", "Prodx"},
	{"a_{{ env_var('NAME') | lower }}_b", "a_prod_b"},
	{"{{ env_var('NAME').lower() }}", "prod"},
	{"{{ env_var('MISSING', 'x') }}", "x"},
	{"{{ env_var('MISSING', default='x') }}", "x"},
	{"{{ env_var('MISSING', env_var('NAME')) }}", "Prod"},
	{"{{ env_var('EMPTY') }}", ""},
	{"{{ env_var('EMPTY') or 'x' }}", "x"},
	{"{{ env_var('EMPTY') | default('x', true) }}", "x"},
	{"{{ 'a' if env_var('NAME') == 'Prod' else 'b' }}", "a"},
	{"{{ 'a' if env_var('NAME') != 'Prod' else 'b' }}", "b"},
	{"{% if env_var('NAME') == 'Prod' %}p{% else %}d{% endif %}", "p"},
	{"{% if var('env') == 'x' %}p{% elif var('env') == 'dev' %}d{% endif %}", "d"},
	{"{%- if var('yes') -%} p {%- endif -%}", "p"},
	{"{{ var('env') }}", "dev"},
	{"{{ var('nope', 'x') }}", "x"},
	{"{{ 'a' ~ var('env') ~ 1 }}", "adev1"},
	{"{{ 'a' + var('env') }}", "adev"},
	{"{{ var('n') + 1 }}", "6"},
	{"{{ var('f') }}", "1.5"},
	{"{{ 'x' if var('n') == 5 else 'y' }}", "x"},
	{"{{ 'x' if var('n') > 3 and var('env') in ['dev', 'test'] else 'y' }}", "x"},
	{"{{ 'x' if not var('yes') else 'y' }}", "y"},
	{"{{ env_var('N') | int + 1 }}", "6"},
	{"{{ env_var('NAME') | as_text }}", "Prod"},
	{"{{ env_var('N') | as_number }}", "5"},
	{"{{ env_var('NAME') | replace('P', 'b') | upper }}", "BROD"},
	{"{{ env_var('NAME').replace('P', 'b') }}", "brod"},
	{"{{ 'y' if env_var('NAME').startswith('Pr') else 'n' }}", "y"},
	{"{{ env_var('NAME')[:2] }}", "Pr"},
	{"{{ env_var('NAME')[0] }}", "P"},
	{"a{# note: {{ nothing }} #}b", "ab"},
	{"{{\n env_var('NAME')\n}}", "Prod"},
	{"{{env_var(\n'MISSING','x')}}", "x"},
	{"{{ env_var('NAME') }}\n", "Prod"},
	{"{{ '}}' }}", "}}"},
	{"{{ 'it' ~ \"'s\" }}", "it's"},
	{"{{ 'Zoë' | upper }}", "ZOË"},
	{"{{ (env_var('NAME') ~ '_x') | lower }}", "prod_x"},
	{"{{ 'a' ~ 'B' | lower }}", "ab"},
}

func TestRender(t *testing.T) {
	for _, c := range rendered {
		got, err := testScope.Render(c.text)
		if err != nil || got != c.want {
			t.Errorf("Render(%q) = %q, %v; want %q", c.text, got, err, c.want)
		}
	}
}

// TestRenderTellsSecrets: render reports a secret that is in the result, but not one in an unused
// branch.
func TestRenderTellsSecrets(t *testing.T) {
	for text, want := range map[string]bool{
		"{{ env_var('DBT_ENV_SECRET_PW') }}":                          true,
		"{{ env_var('DBT_ENV_SECRET_PW') | upper }}":                  true,
		"x{{ 'a' if env_var('DBT_ENV_SECRET_PW') == 'x' }}":           true,
		"{{ env_var('NAME') }}":                                       false,
		"{% if false %}{{ env_var('DBT_ENV_SECRET_PW') }}{% endif %}": false,
	} {
		if _, secret, err := testScope.render(text); err != nil || secret != want {
			t.Errorf("render(%q): secret %t, %v; want %t", text, secret, err, want)
		}
	}
}

// unrendered are texts that must be errors. A value is missing, or evaluating them could read
// files, take forever or differ from Jinja.
var unrendered = []string{
	"{{ env_var('MISSING') }}",
	"{{ [env_var('MISSING')] | length }}",
	"{{ var('missing') }}",
	"{{ missing }}",
	"{{ target.name }}",
	"{{ env_var() }}",
	"{{ env_var(1) }}",
	"{{ env_var('NAME', 'a', 'b') }}",
	"{{ env_var('NAME') | as_bool }}",
	"{{ env_var('NAME') | as_number }}",
	"{{ env_var('NAME') | nosuch }}",
	"{{ env_var('NAME').nosuch() }}",
	"{{ env_var('NAME')",
	"{{ env_var('NAME }}",
	"{% if true %}x",
	"{# never closed",
	"{% include '/etc/passwd' %}",
	"{% import '/etc/passwd' as x %}",
	"{% extends '/etc/passwd' %}",
	"{% for i in [1, 2] %}x{% endfor %}",
	"{% set x = 'a' %}{{ x }}",
	"{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
	"{% raw %}{{ x }}{% endraw %}",
	"{% filter upper %}x{% endfilter %}",
	"{{ range(1000000000) | length }}",
	"{{ 'a' * 1000000000 }}",
	"{{ 9 ** 9 ** 9 }}",
	"{{ '%s' % 1 }}",
	"{{ 1 / 0 }}",
	"{{ 'a' | center(1000000000) }}",
	"{{ 'a'.center(1000000000) }}",
	`{{ 'a\\b' }}`,
	"{{ 'a\nb' }}",
	"{{ lipsum(1000) }}",
	"{{ var('none') }}",
	"{{ 'x' if var('env') is defined }}",
	"{{ 'x' if 'a' in var('env') | upper }}",
	"{{ 5 - true }}",
	"{{ '' }}" + strings.Repeat("x", maxJinjaText),
	"{{ 'aaaaaaaaaa'" + strings.Repeat("|replace('a', 'aaaaaaaaaa')", 10) + "}}",
}

func TestRenderRefuses(t *testing.T) {
	var report dbttest.Errors
	for _, text := range unrendered {
		got, err := testScope.Render(text)
		if err == nil {
			t.Errorf("Render(%.60q) = %.60q, want an error", text, got)
			continue
		}
		if len(text) > 100 {
			text = text[:40] + "…"
		}
		report.Add(t, text, err)
	}
	report.Compare(t, "jinja-errors")
}

func FuzzRender(f *testing.F) {
	for _, c := range rendered {
		f.Add(c.text)
	}
	for _, text := range unrendered {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := testScope.Render(text)
		if len(got) > maxJinjaValue && len(text) <= maxJinjaText {
			t.Errorf("%d bytes from %q", len(got), text)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") && !strings.Contains(text, "hunter2") {
			t.Errorf("the error shows a secret: %v", err)
		}
		if again, err2 := testScope.Render(text); again != got || (err == nil) != (err2 == nil) {
			t.Errorf("%q gives %q, then %q", text, got, again)
		}
	})
}
