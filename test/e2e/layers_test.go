//go:build unix

package e2e

import (
	"fmt"
	"strings"
	"testing"
)

// layered is a project of three layers of models, as main has it.
var layered = map[string]string{
	"dbt_project.yml":  tables,
	"models/a.sql":     "select 1 as x\n",
	"models/b.sql":     "select x from {{ ref('a') }}\n",
	"models/c.sql":     "select x from {{ ref('b') }}\n",
	"models/other.sql": "select 7 as z\n",
	"macros/late.sql": `{% macro late(there) %}
  {% do run_query("create schema if not exists late") %}
  {% do run_query("drop table if exists late.arrival") %}
  {% if there %}{% do run_query("create table late.arrival as select 1 as one") %}{% endif %}
{% endmacro %}
`,
	"models/schema.yml": `models:
  - name: a
    columns: [{name: x, data_tests: [{accepted_values: {arguments: {values: [1]}}}]}]
`,
}

// TestLayers follows what builds read that rest on each other: E.1, E.2, E.3.
func TestLayers(t *testing.T) {
	onOneAny(t, "postgres", func(t *testing.T, adapter string, dbt generation) {
		s := newProject(t, adapter, layered)
		s.use(dbt)
		s.git("switch", "--quiet", "--create", "late")
		s.write("models/a.sql", "select 2 as x\n")
		s.write("models/schema.yml", "")
		s.write("models/b.sql", "select a.x from {{ ref('a') }} a join late.arrival on true\n")
		s.commit("b reads what isn't there yet")
		s.mustDot("build", "prod@main")
		late := func(there bool) { // makes the table that b reads, or drops it
			if adapter == "postgres" {
				s.query("create schema if not exists late; drop table if exists late.arrival cascade")
				if there {
					s.query("create table late.arrival as select 1 as one")
				}
				return
			}
			s.mustDot("run-operation", "dev", "--", "late", "--args", fmt.Sprintf("{there: %t}", there))
		}

		s.part("a resumed build reads its own", func() {
			s.ends(1, "dbt build failed on dev@", "build", "dev@HEAD", "--defer", "prod@main", "--modified")
			late(true)
			s.mustDot("build", "dev@HEAD", "--defer", "prod@main", "--modified", "--resume")
			s.wantTable("dev@HEAD", "b", "2")
			s.wantTable("dev@HEAD", "c", "2")
			s.wantTables("dev@HEAD", "a", "b", "c")
		})
		s.part("and so does a retried one", func() {
			late(false)
			s.ends(1, "dbt build failed on dev@", "build", "dev@HEAD", "--defer", "prod@main", "--modified", "--force")
			late(true)
			s.mustDot("retry", "dev@HEAD")
			s.wantTable("dev@HEAD", "b", "2")
		})
		s.part("what was built is a layer for the next", func() {
			s.git("switch", "--quiet", "--create", "next")
			s.write("models/d.sql", "select x, (select max(z) from {{ ref('other') }}) as z from {{ ref('c') }}\n")
			s.commit("d reads both")
			s.mustDot("build", "dev@next", "--defer", "dev@late", "--modified")
			s.wantTables("dev@next", "d")
			s.wantTable("dev@next", "d", "2 7") // c of late, other of main
		})
		s.part("pieces add up", func() {
			s.mustDot("run", "prod@next", "--defer", "prod@main", "-s", "a")
			s.mustDot("run", "prod@next", "--defer", "prod@main", "-s", "b")
			s.wantTable("prod@next", "b", "2") // its own a
		})
		s.part("what is changed and not built is read from below, and said", func() {
			out := s.mustDot("run", "prod@late", "--defer", "prod@main", "-s", "c")
			s.wantTable("prod@late", "c", "1")
			if !strings.Contains(out.stderr, "c reads the b of prod@") || !strings.Contains(out.stderr, "which this commit changes (-s 'b c' builds both)") {
				t.Errorf("said: %s", out.stderr)
			}
		})
		s.part("and is missing for whoever rests on that", func() {
			s.git("switch", "--quiet", "--create", "more", "late")
			s.write("models/e.sql", "select x from {{ ref('b') }}\n")
			s.commit("e reads b")
			s.ends(2, "b is changed by prod@", "build", "dev@more", "--defer", "prod@late", "-s", "e")
			s.wantTables("dev@more")
		})
		s.part("nothing to do is a layer", func() {
			s.git("switch", "--quiet", "--create", "readme", "next")
			s.write("README.md", "hello\n")
			s.commit("a readme")
			s.mustDot("build", "dev@readme", "--defer", "dev@next", "--modified")
			s.git("switch", "--quiet", "--create", "after")
			s.write("models/f.sql", "select z from {{ ref('d') }}\n")
			s.commit("f reads d")
			s.mustDot("build", "dev@after", "--defer", "dev@readme", "--modified")
			s.wantTable("dev@after", "f", "7")
		})
		s.part("a build is its own baseline without harm", func() {
			s.mustDot("build", "prod@main", "--defer", "prod@main", "--force")
			s.wantTable("prod@main", "b", "1")
		})
	})
}

// TestTestsOfOwn proves that tests are of what was built here: a failing one fails
// again when the build goes on.
func TestTestsOfOwn(t *testing.T) {
	onOneAny(t, "postgres", func(t *testing.T, adapter string, dbt generation) {
		s := newProject(t, adapter, layered)
		s.use(dbt)
		s.mustDot("build", "prod@main")
		s.git("switch", "--quiet", "--create", "worse")
		s.write("models/a.sql", "select 2 as x\n")
		s.commit("a value that its test refuses")
		s.ends(1, "1 fail", "build", "dev@HEAD", "--defer", "prod@main", "--modified")
		s.ends(1, "1 fail", "build", "dev@HEAD", "--defer", "prod@main", "--modified", "--resume")
		s.ends(1, "1 fail", "test", "dev@HEAD", "--defer", "prod@main", "-s", "a")
		s.ends(1, "1 fail", "build", "dev@HEAD", "--defer", "prod@main", "-s", "test_type:data")
	})
}

// ends runs dot, which has to end with a code and say something.
func (s *shop) ends(code int, says string, args ...string) result {
	s.t.Helper()
	res := s.dot(args...)
	if res.code != code {
		s.t.Errorf("dot %s: exit code %d, want %d", strings.Join(args, " "), res.code, code)
	}
	if !strings.Contains(res.stderr, says) {
		s.t.Errorf("dot %s does not say %q", strings.Join(args, " "), says)
	}
	return res
}
