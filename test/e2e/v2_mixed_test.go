//go:build linux

package e2e

import (
	"path/filepath"
	"testing"
)

// TestV2Mixed changes dbt's generation between the builds of a project: on PATH, as people do who try
// the other one. Each reads what the other left. It runs on DuckDB alone: the generations write the name
// of the test server's socket in different ways, so to dot they are on two servers.
func TestV2Mixed(t *testing.T) {
	full(t)
	t.Parallel()
	s := newProject(t, "duckdb", map[string]string{
		"dbt_project.yml": tables,
		"models/a.sql":    "select 1 as n\n",
		"models/b.sql":    "select n from {{ ref('a') }}\n",
		"models/c.sql":    "select n from {{ ref('b') }}\n",
	})
	s.useV2()
	one := func(do func()) { s.during([]string{"DOT_DBT=" + filepath.Join(venv(t), "bin", "dbt")}, do) }
	s.mustDot("build", "prod@main")
	s.execute("create schema ctl")
	s.git("checkout", "--quiet", "-b", "changes")
	s.write("models/b.sql", "select a.n + k.n + {{ var('plus', 0) }} as n from {{ ref('a') }} as a, ctl.k as k\n")
	s.commit("b reads a table that isn't there")
	modified := []string{"build", "dev@HEAD", "--defer", "prod@main", "--modified", "--vars", "plus: 100"}
	one(func() {
		s.part("dbt 1 on a layer of dbt 2", func() {
			s.reason("changed: dbt 2.0.0-alpha.4 → ", "build", "prod@main")
			s.ends(1, "1 error, 1 skipped", modified...)
		})
	})
	s.part("dbt 2 retries what dbt 1 did", func() {
		s.execute("create table ctl.k as select 10 as n")
		s.ends(0, "2 ok", "retry", "dev@HEAD")
		s.wantTables("dev@HEAD", "b", "c")
		s.wantTable("dev@HEAD", "c", "111")
	})
	s.part("dbt 2 fails", func() {
		s.execute("drop table ctl.k")
		s.ends(1, "1 error, 1 skipped", modified...)
		s.execute("create table ctl.k as select 20 as n")
	})
	one(func() {
		s.part("dbt 1 retries what dbt 2 did", func() {
			s.ends(0, "2 ok", "retry", "dev@HEAD")
			s.wantTables("dev@HEAD", "b", "c")
			s.wantTable("dev@HEAD", "c", "121")
		})
		s.part("dbt 1 selects by results of dbt 2", func() {
			s.ends(0, "3 ok", "build", "dev@HEAD", "--defer", "prod@main", "-s", "result:success")
		})
		s.part("dbt 1 clones what dbt 2 built", func() {
			s.ends(0, "3 ok", "clone", "dev@main", "--defer", "prod@main")
		})
	})
	s.part("dbt 2 on a layer of dbt 1", func() {
		one(func() { s.mustDot("build", "prod@main") })
		s.ends(0, "2 ok", append(modified, "--max-age", "0")...)
		s.wantTables("dev@HEAD", "a", "b", "c")
		s.wantTable("dev@HEAD", "c", "121")
	})
}
