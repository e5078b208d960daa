//go:build unix

package e2e

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestValues proves C.8: a model reads a variable of the environments file as it would read the
// same lines under dbt's own vars.
func TestValues(t *testing.T) {
	slow(t)
	onOne(t, "duckdb", func(t *testing.T, adapter string) {
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

// TestHiddenValues proves D.8: a hook that holds the value of a variable is named, and the value is in no message
// of dot's and in none of its own files. (dbt writes it into its manifest.)
func TestHiddenValues(t *testing.T) {
	onOneAny(t, "duckdb", func(t *testing.T, adapter string, dbt generation) {
		s := newProject(t, adapter, map[string]string{
			"models/m.sql": `{{ config(materialized='table', pre_hook="select '" ~ env_var('S3_WORD') ~ "' as word", grants={'select': [env_var('S3_WORD')]} if target.type == 'none' else {}) }}
select 1 as x
`,
		})
		s.use(dbt)
		s.setenv("S3_WORD=CANARY")
		shown := func(args ...string) string {
			t.Helper()
			res := s.mustDot(args...)
			if strings.Contains(res.stderr+res.stdout, "CANARY") {
				t.Errorf("dot %s shows the value", strings.Join(args, " "))
			}
			return res.stderr
		}
		const warned = "model.stall.m: 1 pre-hook"
		if !strings.Contains(shown("build", "prod@HEAD", "dev@HEAD", "--log", "quiet"), warned) {
			t.Errorf("no warning of the hook")
		}
		if strings.Contains(shown("build", "dev@HEAD", "--force", "-v"), warned) {
			t.Errorf("the hook is listed again")
		}
		shown("explain", "build", "dev@HEAD")
		shown("plan", "build", "dev@HEAD", "--format", "json")
		shown("compare", "prod@HEAD", "dev@HEAD", "--format", "json")
		s.eachFile(".dot", func(name, text string) {
			if strings.Contains(text, "CANARY") && !isDBTs(name) {
				t.Errorf("%s holds the value", name)
			}
		})
		s.setenv("S3_WORD=ANOTHER")
		if !strings.Contains(shown("build", "dev@HEAD"), warned) {
			t.Errorf("the hook has changed, and is not listed")
		}
	})
}

// isDBTs reports whether a file below .dot is one of dbt's, or a copy.
func isDBTs(name string) bool {
	return strings.Contains(name, "/target/") || strings.Contains(name, "/logs/") || strings.Contains(name, "/state/") || strings.HasSuffix(name, "/partial_parse.msgpack")
}

// eachFile calls visit with the files below a directory of the project.
func (s *shop) eachFile(below string, visit func(name, text string)) {
	s.t.Helper()
	err := filepath.WalkDir(filepath.Join(s.dir, below), func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(name)
		visit(filepath.ToSlash(name), string(text))
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// TestSecretInAName proves D.8 and F.2: dbt hides a secret's value in all that it prints, also where the value is part
// of a node's name. dot knows the node nevertheless.
func TestSecretInAName(t *testing.T) {
	onOneAny(t, "postgres", func(t *testing.T, adapter string, dbt generation) {
		s := newProject(t, adapter, map[string]string{
			"dbt_project.yml":         tables,
			"models/b_postgres.sql":   "select 1 as x\n",
			"models/b_duck.sql":       "select 2 as x\n",
			"models/c.sql":            "select a.x + b.x as x from {{ ref('b_postgres') }} a cross join {{ ref('b_duck') }} b\n",
			"models/postgres_log.sql": "select 4 as x\n",
		})
		s.use(dbt)
		s.setenv("DBT_ENV_SECRET_X=postgres", "DBT_ENV_SECRET_Y=duck", "DBT_ENV_SECRET_Z=model")
		res := s.mustDot("build", "prod@HEAD")
		if strings.Contains(res.stderr, "warning") || !strings.Contains(res.stderr, "4 ok") {
			t.Errorf("said: %s", res.stderr)
		}
		s.eachFile(".dot", func(name, text string) {
			if strings.Contains(text, "*****") && !isDBTs(name) {
				t.Errorf("%s has what dbt printed:\n%s", name, text)
			}
		})
		if last := s.plan("build", "prod@HEAD").last(); last.Decision != "skip" {
			t.Errorf("the second time: %s (%s)", last.Decision, last.Reason)
		}

		s.write("models/b_duck.sql", "select 5 as x\n")
		s.commit("Another duck")
		res = s.mustDot("build", "dev@HEAD", "--defer", "prod@HEAD~", "--modified")
		if strings.Contains(res.stderr, "warning") || strings.Contains(res.stderr, "interrupted") {
			t.Errorf("said: %s", res.stderr)
		}
		s.wantTables("dev@HEAD", "b_duck", "c")
		s.wantTable("dev@HEAD", "c", "6")
		res = s.mustDot("compare", "prod@HEAD~", "dev@HEAD", "-s", "b_duck")
		if !strings.Contains(res.stdout, "b_duck") {
			t.Errorf("compared: %s", res.stdout)
		}
	})
}

// A.8: a project whose own flags switch dbt's artifacts off is built, skipped, a baseline and
// compared, in dot's host and outside.
func TestProjectWithoutArtifacts(t *testing.T) {
	onOnlyAny(t, "duckdb", func(t *testing.T, adapter string, dbt generation) {
		s := newProject(t, adapter, map[string]string{
			"dbt_project.yml": "name: stall\nprofile: shop\nflags: {send_anonymous_usage_stats: false, write_json: false}\nmodels: {+materialized: table}\n",
			"models/a.sql":    "select 1 as x\n",
			"models/b.sql":    "select x from {{ ref('a') }}\n",
		})
		s.use(dbt)
		s.mustDot("build", "prod@HEAD")
		if last := s.plan("build", "prod@HEAD").last(); last.Decision != "skip" {
			t.Errorf("the second time: %s (%s)", last.Decision, last.Reason)
		}
		s.write("models/b.sql", "select x + 1 as x from {{ ref('a') }}\n")
		s.commit("One more")
		s.during([]string{"DOT_DBT_HOST=off", "DBT_WRITE_JSON=false"}, func() {
			s.mustDot("build", "dev@HEAD", "--defer", "prod@HEAD~", "--modified")
		})
		s.wantTables("dev@HEAD", "b")
		s.wantTable("dev@HEAD", "b", "2")
		if res := s.mustDot("compare", "prod@HEAD~", "dev@HEAD"); !strings.Contains(res.stdout, "differs") {
			t.Errorf("compared: %s", res.stdout)
		}
	})
}
