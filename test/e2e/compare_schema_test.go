//go:build unix

package e2e

import (
	"strings"
	"testing"
)

// TestCompareSchemaInValues compares models whose values have the name of their build's
// schema. Only that name differs, or only the other differences count.
func TestCompareSchemaInValues(t *testing.T) {
	onOneAny(t, "postgres", func(t *testing.T, adapter string, dbt generation) {
		s := newProject(t, adapter, map[string]string{
			"dbt_project.yml":    tables,
			"models/a.sql":       "select 1 as id, 10 as amount union all select 2, 20\n",
			"models/b.sql":       "select 3 as id, 30 as amount\n",
			"models/unioned.sql": "select cast('{{ ref('a') }}' as text) as _dbt_source_relation, id from {{ ref('a') }}\nunion all select cast('{{ ref('b') }}' as text), id from {{ ref('b') }}\n",
			"models/spaces.sql":  "-- depends_on: {{ ref('a') }}\nselect table_schema, table_name from information_schema.tables where table_schema = '{{ this.schema }}' and table_name = 'a'\n",
			"models/commit.sql":  "select cast('build {{ this.schema.split('_')[-1] }}' as text) as build, count(*) as n from {{ ref('unioned') }}\n",
		})
		s.use(dbt)
		s.mustDot("build", "prod@main", "dev@main")
		s.git("switch", "--quiet", "--create", "branch")
		s.write("models/a.sql", "select 1 as id, 11 as amount union all select 2, 20\n")
		s.write("models/unioned.sql", s.read("models/unioned.sql")+"union all select cast('{{ this }}' as text), 4\n")
		s.commit("more rows")
		s.mustDot("build", "dev@branch")

		s.part("one commit in two environments", func() {
			found := s.compare(0, "prod@main", "dev@main", "--exit-code", "--all")
			s.wantVerdicts(found, 0, "a: same", "b: same", "commit: same", "spaces: same but for the schema", "unioned: same but for the schema")
			s.wantReasons(found, map[string]string{"spaces": "differs only by the schema's name, in table_schema", "unioned": "differs only by the schema's name, in _dbt_source_relation"})
		})
		s.part("two commits", func() {
			found := s.compare(0, "dev@main", "dev@branch")
			s.wantVerdicts(found, 0,
				"a: differs +1 -1 ~0",
				"b: same code",
				"commit: differs +1 -1 ~0",
				"spaces: same but for the schema",
				"unioned: differs +1 -0 ~0",
			)
			for _, r := range found.Comparisons[0].Relations {
				if want := "the schema's name was not compared, in _dbt_source_relation"; r.Name == "unioned" && r.Reason != want {
					t.Errorf("unioned: %s, want %s", r.Reason, want)
				}
			}
		})
		s.part("a branch that reads some of it from the baseline", func() {
			s.git("switch", "--quiet", "--create", "little", "main")
			s.write("models/b.sql", "select 3 as id, 30 + 0 as amount\n")
			s.commit("b in another way")
			s.mustDot("build", "dev@little", "--defer", "prod@main", "--modified")
			s.wantVerdicts(s.compare(0, "prod@main", "dev@little", "--exit-code"), 0,
				"a: same relation", "b: same", "commit: same but for the schema", "spaces: same relation", "unioned: same but for the schema")
		})
		s.part("a table for people", func() {
			if out := s.mustDot("compare", "prod@main", "dev@little").stdout; !strings.Contains(out, "differs only by the schema's name, in _dbt_source_relation") {
				t.Error("the table does not say that only the schema's name differs")
			}
		})
	})
}
