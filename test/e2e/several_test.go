//go:build unix

package e2e

import (
	"slices"
	"strings"
	"testing"
)

// A.4, E.3: several builds in one dot: in parallel on PostgreSQL, one after the other in one DuckDB
// file. The baseline runs before the builds that defer to it. Then one build fails, and --resume
// continues with that one.
func TestSeveralBuilds(t *testing.T) {
	onBothAny(t, "postgres", func(t *testing.T, adapter string, dbt generation) {
		s := newStall(t, adapter, map[string]string{
			"dot_environments.yml": `environment:
  default: dev
  all: {dot: {ignore-env: [SHOP_COLUMN]}}
  dev: {}
  prod: {}
`,
			"models/price.sql": "select max({{ env_var('SHOP_COLUMN', 'cents') }}) as highest from {{ ref('cheap') }}\n",
		})
		s.use(dbt)
		dev, prod := "dev_"+s.head(), "prod_"+s.head()
		both := []string{"build", "dev@HEAD", "prod@HEAD", "-j", "2"}

		gate := s.newGate("before build")
		c := s.startAt(gate, both...)
		opened := gate.wait(c)
		if adapter == "duckdb" {
			opened.Close() // the second build does not start while the first is at the gate
		}
		eventually(t, "the second dbt has started, too", func() bool { return s.startedBuilds() == 2 })
		if adapter == "postgres" {
			opened.Close()
		}
		gate.stayOpen(c)
		if res := c.wait(); res.code != 0 {
			t.Fatalf("%s: exit code %d", c.line, res.code)
		}
		s.wantSchemas(dev, prod)
		for _, schema := range []string{dev, prod} {
			s.wantRows("select highest from "+schema+".price", "95")
		}
		s.upToDate(both...)

		s.part("resume", func() {
			s.during([]string{"SHOP_COLUMN=nothing"}, func() {
				if res := s.dot(append(both, "--force", "--vars", "most: 99")...); res.code != 1 || !strings.Contains(res.stderr, "continue after the failure: ") {
					t.Errorf("exit code %d, want 1 and a hint", res.code)
				}
			})
			again := map[generation]string{1: "retry", 2: "build"}[dbt]
			resume := append(both, "--resume", "--vars", "most: 99")
			if dbts := s.started(func() { s.planIsRun(resume...) }); strings.Count(dbts, again) != 2 || strings.Contains(dbts, "build") && dbt == 1 {
				t.Errorf("--resume started dbt %q, want %s twice", dbts, again)
			}
			s.upToDate(append(both, "--vars", "most: 99")...)
			s.wantRows("select highest from "+dev+".price", "95")
		})

		s.part("baseline", func() {
			s.write("models/price.sql", "select min(cents) as lowest from {{ ref('cheap') }}\n")
			dev := "dev_" + s.commit("The other end")
			modified := []string{"build", "dev@HEAD", "prod@HEAD", "prod@HEAD~", "--defer", "prod@HEAD~", "--modified", "-j", "3"}
			s.planIsRun(modified...)
			s.wantRows("select table_name from information_schema.tables where table_schema = '"+dev+"'", "price")
			s.wantRows("select lowest from "+dev+".price", "95")
			s.upToDate(modified...)
		})
	})
}

// startedBuilds returns how many dbts were started to build.
func (s *shop) startedBuilds() int {
	s.t.Helper()
	return len(slices.DeleteFunc(s.starts(), func(start start) bool { return start.command != "build" }))
}
