//go:build unix

package e2e

import (
	"strings"
	"testing"
)

// TestStanding proves that what a build has stands until a run begins to write it, each place has
// its own, and a part of the data is no baseline: D.11, E.2, F.4.
func TestStanding(t *testing.T) {
	onOneAny(t, "postgres", func(t *testing.T, adapter string, dbt generation) {
		s := newProject(t, adapter, layered)
		s.use(dbt)
		main := s.head()
		s.write("README.md", "hello\n")
		s.commit("Nothing of dbt's")
		build := []string{"build", "dev@" + main}
		s.mustDot(build...)
		stands := func() { // as a baseline
			t.Helper()
			if out := s.mustDot("plan", "run", "prod@HEAD", "--defer", "dev@"+main, "-s", "b").stdout; !strings.Contains(out, "4 of 4 nodes ok") {
				t.Errorf("the baseline is not whole:\n%s", out)
			}
		}

		s.part("questions and usage errors", func() {
			codes := map[string]int{"--help": 0, "--version": 0, "--nope": 2, "--threads abc": 2}
			if dbt == 2 {
				codes["--version"] = 1
			}
			for args, code := range codes {
				res := s.dot(append(build, append([]string{"--force", "--"}, strings.Fields(args)...)...)...)
				if res.code != code || strings.Contains(res.stderr, "done ") {
					t.Errorf("-- %s: exit code %d, want %d", args, res.code, code)
				}
				s.reason("", build...)
				stands()
			}
		})
		s.part("no connection", func() {
			if adapter == "duckdb" {
				defer s.warehouse.close(t)()
			}
			s.during([]string{"SHOP_PG_HOST=/nowhere"}, func() {
				if res := s.dot(append(build, "--force")...); res.code == 0 {
					t.Error("a build without a warehouse succeeds")
				}
			})
			stands()
		})
		s.part("a part of the data", func() {
			s.mustDot("build", "prod@"+main, "--", "--empty")
			s.reason("first run", "build", "prod@"+main)
			s.ends(2, "a was built with --empty (b reads it)", "run", "dev@HEAD", "--defer", "prod@"+main, "-s", "b")
			r := s.compare(2, "dev@"+main, "prod@"+main, "-s", "a").Comparisons[0].Relations[0]
			if r.Verdict != "unknown" || r.Reason != "was built with --empty" {
				t.Errorf("%s: %s: %s", r.Name, r.Verdict, r.Reason)
			}
		})
		s.part("another target", func() {
			s.mustDot("run", "dev@"+main, "-s", "other", "--", "--target", "prod")
			s.wantRows("select z from prod_"+main+".other", "7")
			stands()
		})
		s.part("another schema", func() {
			profiles := s.read("profiles.yml")
			s.write("profiles.yml", strings.Replace(profiles, "schema: dev", "schema: moved", 1))
			s.ends(2, "dev@"+main+" was never built in schema moved_"+main, "run", "prod@HEAD", "--defer", "dev@"+main, "-s", "b")
			if out := s.mustDot("run", "dev@"+main, "-s", "other"); strings.Contains(out.stderr, "another tool") {
				t.Error("its own build is said to be another tool's")
			}
			s.wantRows("select z from moved_"+main+".other", "7")
			s.ends(2, "a was never built by dev@"+main, "run", "prod@HEAD", "--defer", "dev@"+main, "-s", "b")
			s.write("profiles.yml", profiles)
			stands()
		})
	})
}

// The warehouse of an environment changes from DuckDB to PostgreSQL. Each has its own ledger: D.11,
// E.2.
func TestAnotherWarehouse(t *testing.T) {
	onOnlyAny(t, "postgres", func(t *testing.T, adapter string, dbt generation) {
		s := newProject(t, adapter, layered)
		s.use(dbt)
		onPostgres := s.read("profiles.yml")
		onDuckDB := "shop:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: " + s.dir + "/first.duckdb, schema: dev}\n    prod: {type: duckdb, path: " + s.dir + "/first.duckdb, schema: prod}\n"
		s.write("profiles.yml", onDuckDB)
		s.mustDot("build", "prod@HEAD")
		s.write("profiles.yml", onPostgres)
		s.reason("it was never built in this database", "build", "prod@HEAD")
		s.ends(2, "was never built in schema prod_", "build", "dev@HEAD", "--defer", "prod@HEAD", "-s", "c")
		s.mustDot("build", "prod@HEAD")
		s.wantTable("prod@HEAD", "c", "1")
		s.mustDot("build", "dev@HEAD", "--defer", "prod@HEAD", "-s", "c")
		s.wantTables("dev@HEAD", "c")
		s.write("profiles.yml", onDuckDB)
		s.ends(2, "was never built in schema dev_", "build", "prod@HEAD", "--defer", "dev@HEAD", "-s", "c")
	})
}
