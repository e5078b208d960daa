//go:build unix

package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A.11: a working tree's schema goes with all builds that it had, and nothing else.
func TestDropTree(t *testing.T) {
	onOneAny(t, "postgres", func(t *testing.T, adapter string, dbt generation) {
		s := newProject(t, adapter, edited)
		s.use(dbt)
		head := s.head()
		s.mustDot("build", "prod@HEAD")
		prod := "prod_" + head
		s.write("models/b.sql", "{{ config(materialized='view') }} select x + 1 as x from {{ ref('a') }}\n")
		s.saved(" ok", "--defer", "prod@HEAD")
		schema := s.schema("dev@.")
		s.git("mv", "models/last.sql", "models/latest.sql") // last is left
		s.write("models/apart.sql", "{{ config(schema='apart') }} select x from {{ ref('b') }}\n")
		s.saved(" ok", "--defer", "prod@HEAD")
		s.must(s.commandIn(s.dir, "rm", "models/apart.sql")) // as apart
		s.write("models/b.sql", "{{ config(materialized='view') }} select x + 2 as x from {{ ref('a') }}\n")
		s.saved(" ok", "--defer", "prod@HEAD")
		s.wantSchemas(schema, schema+"_apart", prod)
		builds := func() (names []string) {
			all, err := filepath.Glob(filepath.Join(s.dir, ".dot", "build", "*", "env", "*"))
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range all {
				names = append(names, filepath.Base(name))
			}
			slices.Sort(names)
			return names
		}
		tree := "dev~" + strings.TrimPrefix(schema, "dev_")
		if diff := cmp.Diff([]string{tree, tree, tree, "prod"}, builds()); diff != "" {
			t.Errorf("builds (-want +got):\n%s", diff)
		}
		stays := func(because string, args ...string) {
			t.Helper()
			dot, tables := s.dotTree(), s.rows(allTables)
			res := s.dot(args...)
			if res.code != 2 || !strings.Contains(res.stderr, because) {
				t.Errorf("dot %s: exit code %d, want 2 and %q:\n%s", strings.Join(args, " "), res.code, because, res.stderr)
			}
			if diff := cmp.Diff(tables, s.rows(allTables)); diff != "" {
				t.Errorf("it was dropped (-before +after):\n%s", diff)
			}
			if diff := cmp.Diff(dot, s.dotTree()); diff != "" {
				t.Errorf(".dot has changed (-before +after):\n%s", diff)
			}
		}
		s.part("what must stay", func() {
			s.execute("create table " + schema + "_apart.scratch as select 1 as x")
			stays("did not make everything in its schema: "+schema+"_apart.scratch (table)", "drop", "dev@.", "--yes")
			s.execute("drop table " + schema + "_apart.scratch")
			stays("was never built", "drop", "dev@HEAD", "--yes")
			stays("which all its builds share", "drop", "dev@.", "--own-schema", "--yes")
			s.mustDot("build", "dev@HEAD", "--defer", "dev@.", "-s", "grows")
			stays("dev@"+head+" rests on it", "drop", "dev@.", "--yes")
		})
		s.part("earlier builds alone", func() {
			s.mustDot("drop", "dev@HEAD", "--yes")
			s.mustDot("prune", "dev@.", "--gone", "--yes")
			if diff := cmp.Diff([]string{tree, "prod"}, builds()); diff != "" {
				t.Errorf("builds (-want +got):\n%s", diff)
			}
			if trees := s.worktrees(); len(trees) != 3 {
				t.Errorf("worktrees: %v", trees)
			}
			s.wantSchemas(schema, schema+"_apart", prod)
			s.saved("up to date", "--defer", "prod@HEAD")
			if res := s.mustDot("prune", "dev@.", "--gone", "--yes"); !strings.Contains(res.stdout+res.stderr, "nothing to prune") {
				t.Errorf("it prunes again:\n%s", res.stderr)
			}
		})
		s.part("a mark of another clone", func() {
			mark := s.rows("select " + map[string]string{
				"duckdb":   "mark from " + schema + ".dot__build",
				"postgres": "obj_description('" + schema + "'::regnamespace)",
			}[adapter])[0]
			setMark := func(text string) {
				if adapter == "postgres" {
					s.execute("comment on schema " + schema + " is '" + text + "'")
					return
				}
				s.execute("create or replace view " + schema + ".dot__build as select '" + text + "' as mark")
				s.execute("comment on view " + schema + ".dot__build is '" + text + "'")
			}
			_, digest, _ := strings.Cut(mark, strings.TrimPrefix(schema, "dev_")+"-")
			setMark(strings.Replace(mark, digest[:8], "00000000", 1))
			stays("of another clone", "drop", "dev@.", "--yes")
			s.write("models/b.sql", "{{ config(materialized='view') }} select x + 100 as x from {{ ref('a') }}\n")
			s.ends(2, "schema "+schema+" is that of another working tree", "build", "dev@.", "--force")
			s.wantRows("select count(*) from "+schema+".b where x > 100", "0")
			setMark(mark)
			s.saved(" ok", "--defer", "prod@HEAD")
		})
		s.part("stopped in the middle", func() {
			gate := s.newGate("before question")
			c := s.startAt(gate, "drop", "dev@.", "--yes")
			gate.wait(c).Close() // it has looked
			opened := gate.wait(c)
			c.signal(syscall.SIGKILL)
			c.wait()
			opened.Close()
			s.nobodyLeft()
			s.git("stash", "--quiet", "--include-untracked") // whatever the files are by now
			res := s.mustDot("drop", "dev@.", "--yes")
			if !strings.Contains(res.stderr, "dropped dev@.: ") {
				t.Errorf("it doesn't say so:\n%s", res.stderr)
			}
			s.wantSchemas(prod)
			if diff := cmp.Diff([]string{"prod"}, builds()); diff != "" {
				t.Errorf("builds (-want +got):\n%s", diff)
			}
			if trees := s.worktrees(); len(trees) != 2 {
				t.Errorf("worktrees: %v", trees)
			}
			if left, err := os.ReadDir(filepath.Join(s.dir, ".dot", "trees")); err != nil || len(left) > 0 {
				t.Errorf("%v is left, %v", left, err)
			}
			s.saved(": 8 ok")
			s.asAlone("after a drop")
		})
		s.part("by rule, the last build takes the schema with it", func() {
			s.write("models/other.sql", "select 12 as z\n")
			s.saved(": 2 ok")
			s.mustDot("prune", "dev", "--keep", "0", "--yes")
			s.wantSchemas(prod)
		})
		s.part("while a merge has conflicts", func() {
			s.saved(": 8 ok")
			s.git("stash", "--quiet")
			s.must(s.commandIn(s.dir, "sh", "-c", "echo 'select 13 as z' >models/other.sql; git add .; git stash pop || true"))
			s.ends(2, "the working tree has conflicts: models/other.sql", "build", "dev@.")
			s.mustDot("status", "dev@.")
			s.mustDot("drop", "dev@.", "--yes")
			s.wantSchemas(prod)
			s.ends(2, "the working tree has conflicts: models/other.sql", "drop", "dev@.", "--yes")
		})
	})
}

// allTables names all relations.
const allTables = "select table_schema || '.' || table_name from information_schema.tables order by 1"
