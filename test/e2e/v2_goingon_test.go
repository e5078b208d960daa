//go:build linux

package e2e

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// TestV2Retry goes on after failures of dbt 2, whose own retry has no vars, no deferral and no
// --full-refresh, and says that all is well if nothing fits its selection.
func TestV2Retry(t *testing.T) {
	onBoth(t, "postgres", func(t *testing.T, adapter string) {
		// The tables of ctl are missing until a part of the test makes them.
		s := newProject(t, adapter, map[string]string{
			"dbt_project.yml": tables,
			"models/a.sql":    "select 1 as n\n",
			"models/b.sql":    "select n from {{ ref('a') }}\n",
			"models/c.sql":    "select n from {{ ref('b') }}\n",
			"models/grows.sql": "{{ config(materialized='incremental') }}\n" +
				"select n from {{ ref('b') }}\n",
		})
		s.useV2()
		s.mustDot("build", "prod@HEAD") // makes the DuckDB file: dbt 2 can't read one of a newer DuckDB
		s.execute("create schema ctl")
		s.git("checkout", "--quiet", "-b", "changes")
		s.write("models/b.sql", "select a.n + k.n + {{ var('plus', 0) }} as n from {{ ref('a') }} as a, ctl.k as k\n")
		s.commit("b reads a table that isn't there")
		modified := []string{"build", "dev@HEAD", "--defer", "prod@main", "--modified"}
		resume := append(modified, "--resume")
		s.part("--resume with --modified and --defer", func() {
			s.ends(1, "1 error, 2 skipped", modified...)
			s.ends(1, "1 error, 2 skipped", resume...)
			s.reason("last run failed", modified...)
			s.execute("create table ctl.k as select 10 as n")
			s.ends(0, "3 ok", resume...)
			s.wantTables("dev@HEAD", "b", "c", "grows") // a is prod's
			s.wantTable("dev@HEAD", "c", "11")
			s.reason("", modified...)
		})
		s.part("retry with vars, flags and deferral", func() {
			s.execute("drop table ctl.k")
			s.ends(1, "1 error, 2 skipped", append(modified, "--vars", "plus: 100", "--", "--full-refresh")...)
			s.execute("create table ctl.k as select 20 as n")
			s.refused([]string{"retry", "dev@HEAD", "-s", "b"}, "", "takes no --select")
			s.ends(0, "3 ok", "retry", "dev@HEAD")
			s.wantTables("dev@HEAD", "b", "c", "grows")
			s.wantTable("dev@HEAD", "c", "121")
			s.wantTable("dev@HEAD", "grows", "121") // without --full-refresh it has 11, too
			s.reason("changed by a later dot retry", modified...)
		})
		s.part("retry is retried", func() {
			s.execute("drop table ctl.k")
			s.ends(1, "1 error, 2 skipped", append(modified, "--vars", "plus: 3")...)
			s.ends(1, "1 error, 2 skipped", "retry", "dev@HEAD")
			s.execute("create table ctl.k as select 30 as n")
			s.ends(0, "3 ok", "retry", "dev@HEAD", "--vars", "plus: 4")
			s.wantTable("dev@HEAD", "c", "35")
		})
		s.part("--fail-fast", func() {
			s.execute("drop table ctl.k")
			s.ends(1, "1 error, 2 skipped", append(modified, "--", "--fail-fast")...)
			if plan := s.mustDot("plan", "build", "prod@HEAD", "--defer", "dev@HEAD", "-s", "c"); !strings.Contains(plan.stdout, "2 of 4 nodes ok") {
				t.Error("the one that failed, and that of prod, count as built, or the skipped ones don't")
			}
			s.execute("create table ctl.k as select 40 as n")
			s.ends(0, "3 ok", "retry", "dev@HEAD")
			s.wantTable("dev@HEAD", "c", "41")
		})
	})
}

// TestV2Interrupted ends dot and dbt 2 in the middle of a query. dbt 2 then writes that every node has
// an error, or nothing.
func TestV2Interrupted(t *testing.T) {
	onBoth(t, "duckdb", func(t *testing.T, adapter string) {
		// It takes forever as long as a table has a row.
		busy := map[string]string{
			"duckdb":   "select count(*) as n from ctl.busy, range(100000) as x(i), range(100000) as y(i) where (x.i + y.i) % 13 = 1",
			"postgres": "select count(*) as n from ctl.busy, pg_sleep(600 * busy.n)",
		}[adapter]
		s := newProject(t, adapter, map[string]string{
			"dbt_project.yml":  tables,
			"models/first.sql": "select 1 as one\n",
			"models/grows.sql": "{{ config(materialized='incremental') }}\nselect 1 as one\n",
			"models/nap.sql":   "-- depends_on: {{ ref('first') }} {{ ref('grows') }}\n" + busy + "\n",
			"models/after.sql": "select n from {{ ref('nap') }}\n",
			"tests/quick.sql":  "select one from {{ ref('first') }} where one > 1\n",
			"tests/slow.sql":   "select n from {{ ref('after') }}, (" + busy + ") as b(m) where m > 0\n",
		})
		s.useV2()
		s.mustDot("build", "prod@HEAD", "-s", "first") // makes the DuckDB file
		s.execute("create schema ctl")
		s.execute("create table ctl.busy as select 1 as n")
		build := []string{"build", "dev@HEAD", "--", "--threads", "2"}
		during := func(node string, end func(c *call, dbt int), args ...string) result {
			t.Helper()
			spans := filepath.Join(s.dir, ".dot", "build", s.head(), "env", "dev", "logs", "spans.jsonl")
			before, err := os.ReadFile(spans)
			if err != nil {
				before = []byte("none")
			}
			c := s.start(args...)
			eventually(t, "dbt begins "+node, func() bool {
				if c.ended() {
					c.wait()
					t.Fatal("dot ended before " + node)
				}
				text, err := os.ReadFile(spans)
				return err == nil && !bytes.HasPrefix(text, before) && strings.Contains(string(text), `"unique_id":"`+node)
			})
			end(c, s.childOf(c))
			res := c.wait()
			if p, ok := s.warehouse.(postgresDB); ok { // after a kill, the server goes on
				p.admin(t, "select pg_terminate_backend(pid) from pg_stat_activity where datname = '"+p.Name+"'")
			}
			return res
		}
		kill := func(pid int, sig syscall.Signal) {
			t.Helper()
			if err := syscall.Kill(pid, sig); err != nil {
				t.Error(err)
			}
		}
		known := func() { // two nodes are there, and nothing says that others are
			t.Helper()
			if plan := s.mustDot("plan", "build", "prod@HEAD", "--defer", "dev@HEAD", "-s", "nap"); !strings.Contains(plan.stdout, "2 of 4 nodes ok") {
				t.Error("the two nodes that were built are not known")
			}
		}
		s.part("Ctrl-C", func() {
			res := during("model.stall.nap", func(c *call, _ int) { c.signal(syscall.SIGINT) }, build...)
			if res.code != 130 || !strings.Contains(res.stderr, "note: interrupted\n") {
				t.Errorf("exit code %d, want 130, and a word about it", res.code)
			}
			s.reason("last run interrupted", build...)
			known()
		})
		s.part("dbt is ended", func() {
			res := during("model.stall.nap", func(_ *call, dbt int) { kill(dbt, syscall.SIGTERM) }, build...)
			if res.code != 143 || !strings.Contains(res.stderr, "killed by SIGTERM") {
				t.Errorf("exit code %d, want 143, and a word about it", res.code)
			}
			s.reason("last run", build...)
			known()
		})
		s.part("both are killed", func() {
			during("model.stall.nap", func(c *call, dbt int) { c.signal(syscall.SIGKILL); kill(dbt, syscall.SIGKILL) }, build...)
			s.reason("last run interrupted", build...)
		})
		s.part("going on", func() {
			s.execute("delete from ctl.busy")
			s.mustDot(append(build[:2:2], append([]string{"--resume"}, build[2:]...)...)...)
			results := s.read(".dot/build/" + s.head() + "/env/dev/target/run_results.json")
			if strings.Contains(results, `"model.stall.grows"`) || !strings.Contains(results, `"model.stall.nap"`) {
				t.Error("what was built before dot was killed ran again, or what was not did not")
			}
			s.wantTable("dev@HEAD", "grows", "1")
			s.wantTable("dev@HEAD", "after", "0")
			s.reason("", build...)
		})
		s.part("Ctrl-C in tests", func() {
			s.execute("insert into ctl.busy values (1)")
			res := during("test.stall.slow", func(c *call, _ int) { c.signal(syscall.SIGINT) }, "test", "dev@HEAD")
			results := s.read(".dot/build/" + s.head() + "/env/dev/target/run_results.json")
			if res.code != 130 || strings.Contains(results, "Compilation Error") || strings.Contains(results, `"test.stall.slow"`) {
				t.Errorf("exit code %d, want 130 and no result of a test that was cancelled:\n%s", res.code, results)
			}
			s.execute("delete from ctl.busy")
			s.mustDot("test", "dev@HEAD", "--resume")
		})
	})
}

// childOf returns the dbt that a running dot has started.
func (s *shop) childOf(c *call) int {
	s.t.Helper()
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", c.cmd.Process.Pid))
	if err != nil {
		s.t.Fatal(err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			s.t.Fatal(err)
		}
		for _, child := range strings.Fields(string(text)) {
			words, err := os.ReadFile("/proc/" + child + "/cmdline")
			if pid, _ := strconv.Atoi(child); err == nil && strings.HasPrefix(string(words), filepath.Join(s.bin, "dbt")+"\x00") {
				return pid
			}
		}
	}
	s.t.Fatal("dot runs no dbt")
	return 0
}
