//go:build linux

package e2e

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestV2Kinds has dbt 2 fail in different ways. It ends with 1 in all of them, or with 0 although
// nothing was done.
func TestV2Kinds(t *testing.T) {
	onBoth(t, "duckdb", func(t *testing.T, adapter string) {
		s := newProject(t, adapter, map[string]string{
			"dbt_project.yml": tables,
			"models/a.sql":    "select 1 as n\n",
			"models/b.sql":    "select n from {{ ref('a') }}\n",
			"models/src.yml":  "sources: [{name: s, tables: [{name: t}]}]\n",
		})
		s.useV2()
		s.mustDot("build", "prod@main")
		s.part("nobody is let in", func() {
			open := s.warehouse.close(t)
			s.ends(2, "exit code 1", "build", "prod@main", "--force") // on PostgreSQL before the build
			s.ends(2, "exit code 1", "build", "dev@main")
			if adapter == "duckdb" {
				s.reason("last run failed", "build", "dev@main")
			}
			open()
			s.ends(0, "2 ok", "build", "prod@main", "--force")
		})
		s.part("commands that dbt 2 doesn't have", func() {
			for command, file := range map[string]string{"docs generate": "catalog.json", "source freshness": "sources.json"} {
				args := append(strings.Fields(command), "prod@main")
				s.ends(2, "ended without an error on prod@"+s.head()+", but wrote no "+file, args...)
				s.reason("", "build", "prod@main")
			}
			s.reason("last run failed", "docs", "generate", "prod@main")
		})
		s.part("a selection is compiled", func() {
			if res := s.mustDot("compile", "prod@main", "-s", "b"); strings.Contains(res.stderr, "selects nothing") {
				t.Error("dot says that nothing was compiled")
			}
		})
		s.part("a state for a selection is not deferred to", func() {
			state := []string{"build", "dev@main", "--", "--select", "b", "--state", filepath.Join(s.dir, ".dot/build", s.head(), "env/prod/target")}
			s.ends(1, "1 error", state...)
			s.ends(0, "1 ok", append(state, "--defer", "--favor-state")...)
		})
		s.git("checkout", "--quiet", "-b", "changes")
		s.part("a commit that excludes dbt 2", func() {
			s.write("dbt_project.yml", tables+"require-dbt-version: '<2.0.0'\n")
			s.commit("dbt 1 only")
			s.refused([]string{"build", "dev@HEAD"}, "", "requires dbt <2.0.0, but dbt is 2.0.0-alpha.4", "version-check: false")
			s.write("dot_environments.yml", "environment: {default: dev, dev: {}, prod: {dot: {version-check: false}}}\n")
			s.during([]string{"DBT_LOG_FORMAT_FILE=debug", "DBT_LOG_LEVEL=none", "DBT_ENGINE_HINTS_ENABLED=1"}, func() { // which dbt 2 refuses
				s.ends(0, "2 ok", "build", "prod@HEAD")
			})
			s.git("reset", "--quiet", "--hard", "main")
		})
		s.part("a node doesn't compile", func() {
			s.write("models/c.sql", "{% if execute %}{{ exceptions.raise_compiler_error('not today') }}{% endif %} select n from {{ ref('a') }}\n")
			s.commit("c never compiles")
			res := s.ends(1, "2 ok, 1 error", "build", "dev@HEAD")
			if !strings.Contains(res.stderr, "not today") {
				t.Error("the reason is missing")
			}
			if plan := s.mustDot("plan", "build", "prod@HEAD", "--defer", "dev@HEAD", "-s", "b"); !strings.Contains(plan.stdout, "2 of 3 nodes ok") {
				t.Error("the nodes that were built are not known")
			}
			s.reason("last run failed", "build", "dev@HEAD")
		})
		s.part("a unit test", func() {
			s.git("checkout", "--quiet", "-b", "tested", "main")
			s.write("models/b.yml", "unit_tests: [{name: one, model: b, given: [{input: ref('a'), rows: [{n: 3}]}], expect: {rows: [{n: 3}]}}]\n")
			s.commit("b is tested")
			if adapter == "duckdb" {
				s.ends(0, "3 ok", "build", "dev@HEAD")
				return
			}
			s.ends(2, "exit code 2", "build", "dev@HEAD") // 2.0.0-alpha.4 panics
			s.reason("last run failed", "build", "dev@HEAD")
			s.git("checkout", "--quiet", "changes")
		})
		s.part("a file can't be parsed", func() {
			s.write("models/c.sql", "select n from {{ ref('nowhere') }}\n")
			s.commit("c reads what isn't there")
			s.ends(2, "'nowhere' not found", "build", "dev@HEAD")
		})
	})
}

// TestV2ModifiedTests changes what tests and contracts say and no node's code. dbt 2's state:modified finds none of
// these, but runs a unit test without its model.
func TestV2ModifiedTests(t *testing.T) {
	onOne(t, "duckdb", func(t *testing.T, adapter string) {
		properties := func(severity, constraint, expected string) string {
			return "models:\n" +
				"  - {name: one, columns: [{name: n, data_tests: [{accepted_values: {arguments: {values: [2]}, config: {severity: " + severity + "}}}]}]}\n" +
				"  - {name: firm, config: {contract: {enforced: true}}, columns: [{name: n, data_type: integer, constraints: " + constraint + "}]}\n" +
				"unit_tests:\n  - {name: doubles, model: twice, given: [{input: ref('one'), rows: [{n: 2}]}], expect: {rows: [{n: " + expected + "}]}}\n"
		}
		s := newProject(t, adapter, map[string]string{
			"dbt_project.yml":  tables,
			"models/one.sql":   "select 1 as n\n",
			"models/twice.sql": "select n * 2 as n from {{ ref('one') }}\n",
			"models/firm.sql":  "select 1 as n\n",
			"models/all.yml":   properties("warn", "[]", "4"),
		})
		s.useV2()
		s.mustDot("build", "prod@main", "dev@.")

		s.git("switch", "--quiet", "--create", "branch")
		s.write("models/all.yml", properties("warn", "[]", "5"))
		s.ends(1, "1 error", "build", "dev@.")
		s.write("models/all.yml", properties("error", "[{type: not_null}]", "5"))
		s.commit("What is expected")
		args := []string{"build", "dev@branch", "--defer", "prod@main", "--modified"}
		s.ends(1, "1 ok, 1 error, 1 fail", args...)
		want := map[string][]string{
			"unit_test.stall.twice.doubles": {"unit test"}, "model.stall.firm": {"columns"}, "test.stall.accepted_values_one_n__2.275c57c09e": {"severity"},
		}
		if diff := cmp.Diff(want, s.modified(args...)); diff != "" {
			t.Errorf("modified (-want +got):\n%s", diff)
		}
		s.wantTables("dev@branch", "firm")
		s.ends(1, "1 error, 1 fail", "test", "dev@branch", "--defer", "prod@main", "--modified")
	})
}
