//go:build unix

package e2e

import (
	"strings"
	"testing"
)

// TestCompareGone compares builds of which somebody dropped a relation, or the schema.
func TestCompareGone(t *testing.T) {
	onOneAny(t, "postgres", func(t *testing.T, adapter string, dbt generation) {
		s := newProject(t, adapter, map[string]string{
			"models/a.sql": "{{ config(materialized='table') }} select 1 as id\n",
			"models/b.sql": "{{ config(materialized='table') }} select 2 as id\n",
		})
		s.use(dbt)
		s.git("switch", "--quiet", "--create", "branch")
		s.write("models/b.sql", "{{ config(materialized='table') }} select 3 as id\n")
		s.commit("b is 3")
		s.mustDot("build", "prod@main", "dev@branch")
		unknown := func(name, spec string) {
			t.Helper()
			want := "is not there, although " + strings.Replace(s.schema(spec), "_", "@", 1) + " built it: dot build " + spec + " --check-warehouse"
			found := s.compare(2, "prod@main", "dev@branch", "--all")
			for _, r := range found.Comparisons[0].Relations {
				if r.Name != name {
					continue
				}
				if r.Verdict != "unknown" || !strings.HasSuffix(r.Reason, want) {
					t.Errorf("%s: %s: %s\nwant it unknown: %s", name, r.Verdict, r.Reason, want)
				}
				return
			}
			t.Errorf("%s is not in the report", name)
		}

		s.part("a relation", func() {
			s.execute("drop table " + s.schema("dev@branch") + ".a")
			unknown("a", "dev@branch")
			s.wantVerdicts(s.compare(2, "prod@main", "dev@branch", "--all"), 0, "a: unknown", "b: differs +1 -1 ~0")
		})
		s.part("the candidate's schema", func() {
			s.execute("drop schema " + s.schema("dev@branch") + " cascade")
			unknown("b", "dev@branch")
		})
		s.part("both schemas", func() {
			s.execute("drop schema " + s.schema("prod@main") + " cascade")
			unknown("b", "prod@main")
			s.wantSchemas()
		})
	})
}
