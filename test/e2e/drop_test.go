//go:build unix

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A.11: a build is dropped with all that it has, and nothing else.
func TestDropBuilds(t *testing.T) {
	onBothAny(t, "", func(t *testing.T, adapter string, dbt generation) {
		s := newStall(t, adapter, map[string]string{"models/apart.sql": "{{ config(schema='apart') }}\nselect * from {{ ref('cheap') }}\n"})
		s.use(dbt)
		prod, first := "prod_"+s.head(), s.head()
		s.mustDot("build", "prod@HEAD")
		s.write("models/cheap.sql", "select fruit, cents from {{ ref('prices') }} where cents < 100\n")
		second := s.commit("Cheaper")
		dev := "dev_" + second
		s.mustDot("build", "dev@HEAD", "--defer", "prod@"+first, "--modified")
		s.wantSchemas(dev, dev+"_apart", prod, prod+"_apart")
		s.execute("create schema bi")
		s.execute("create table bi.mine as select 1 as x")

		refused := func(because string, args ...string) {
			t.Helper()
			before := s.rows("select table_schema || '.' || table_name from information_schema.tables order by 1")
			dot := s.dotTree()
			out := s.dot(append([]string{"drop", "--yes"}, args...)...)
			if out.code != 2 || !strings.Contains(out.stderr, because) {
				t.Errorf("dot drop %s: exit code %d, want 2 and %q", args, out.code, because)
			}
			if diff := cmp.Diff(before, s.rows("select table_schema || '.' || table_name from information_schema.tables order by 1")); diff != "" {
				t.Fatalf("it was dropped (-before +after):\n%s", diff)
			}
			if diff := cmp.Diff(dot, s.dotTree()); diff != "" {
				t.Errorf(".dot has changed (-before +after):\n%s", diff)
			}
		}
		s.part("what must stay", func() {
			refused("dev@"+second+" rests on it", "prod@"+first)
			refused("was never built", "prod@HEAD")
			refused("working tree", "prod")
			s.execute("create table " + dev + "_apart.scratch as select 1 as x")
			refused("did not make everything in its schema: "+dev+"_apart.scratch (table)", "dev@HEAD")
			s.execute("drop table " + dev + "_apart.scratch")
			s.execute("create view bi.dash as select * from " + dev + "_apart.apart")
			refused("bi.dash (view)", "dev@HEAD")
			refused("bi.dash (view)", "dev@HEAD", "prod@"+first) // and prod, which dev reads
			s.execute("drop view bi.dash")
			if adapter == "duckdb" {
				s.execute("drop view " + dev + ".dot__build")
			} else {
				s.execute("comment on schema " + dev + " is 'mine'")
			}
			refused("schema "+dev+" has no mark of dot's", "dev@HEAD")
			if adapter == "postgres" {
				s.execute("comment on schema " + dev + " is null")
			}
			s.mustDot("build", "dev@HEAD", "--defer", "prod@"+first, "--modified", "--force") // marks it again
		})
		s.part("a plan changes nothing", func() {
			before := s.dotTree()
			out := s.mustDot("plan", "drop", "dev@HEAD")
			if !strings.Contains(out.stdout, "asked for; schemas "+dev+", "+dev+"_apart") && !strings.Contains(out.stdout, dev+"_apart") {
				t.Errorf("the plan doesn't name its schemas:\n%s", out.stdout)
			}
			s.mustDot("drop", "dev@HEAD", "--dry-run")
			if diff := cmp.Diff(before, s.dotTree()); diff != "" {
				t.Errorf(".dot has changed (-before +after):\n%s", diff)
			}
			s.wantSchemas("bi", dev, dev+"_apart", prod, prod+"_apart")
		})
		s.part("stopped in the middle", func() {
			gate := s.newGate("before question")
			c := s.startAt(gate, "drop", "dev@HEAD", "--yes")
			gate.wait(c).Close() // it has looked
			opened := gate.wait(c)
			c.signal(syscall.SIGKILL)
			c.wait()
			opened.Close()
			s.nobodyLeft()
			if _, err := os.Stat(filepath.Join(s.dir, ".dot", "build", second)); err != nil {
				t.Error("its record is gone before the rest")
			}
			s.mustDot("drop", "dev@HEAD", "--yes")
			s.wantSchemas("bi", prod, prod+"_apart")
			s.mustDot("build", "dev@HEAD", "--defer", "prod@"+first, "--modified")
		})
		s.part("together", func() {
			s.mustDot("drop", "prod@"+first, "dev@HEAD", "--yes")
			s.wantSchemas("bi")
			s.wantRows("select x from bi.mine", "1")
			for _, commit := range []string{first, second} {
				if _, err := os.Stat(filepath.Join(s.dir, ".dot", "build", commit)); err == nil {
					t.Errorf(".dot/build/%s is left", commit)
				}
			}
			if trees := s.worktrees(); len(trees) > 1 {
				t.Errorf("worktrees are left: %v", trees)
			}
			s.mustDot("build", "prod@HEAD")
			s.wantSchemas("bi", "prod_"+second, "prod_"+second+"_apart")
		})
	})
}
