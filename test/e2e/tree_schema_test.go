//go:build unix

package e2e

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// edited is a project that is edited: a table, a view, an incremental model and a table on these.
var edited = map[string]string{
	"dbt_project.yml":     tables,
	"seeds/numbers.csv":   "n\n1\n2\n",
	"models/a.sql":        "select n as x from {{ ref('numbers') }}\n",
	"models/b.sql":        "{{ config(materialized='view') }} select x from {{ ref('a') }}\n",
	"models/c.sql":        "select x from {{ ref('b') }}\n",
	"models/grows.sql":    "{{ config(materialized='incremental') }} select x, 'one' as code from {{ ref('a') }}\n",
	"models/other.sql":    "select 7 as z\n",
	"models/between.sql":  "{{ config(materialized='ephemeral') }} select z from {{ ref('other') }}\n",
	"models/last.sql":     "select (select max(z) from {{ ref('between') }}) as z, (select sum(x) from {{ ref('c') }}) as x\n",
	"models/schema.yml":   "models:\n  - name: a\n    columns: [{name: x, data_tests: [not_null]}]\n",
	"macros/not_here.sql": "{% macro nothing() %}{% endmacro %}\n",
}

// built returns the rows of all relations in a schema, by name.
func (s *shop) built(schema string) map[string][]string {
	s.t.Helper()
	all := map[string][]string{}
	for _, row := range s.query("select table_name from information_schema.tables where table_schema = '" + schema + "'") {
		rows := s.rows("select * from " + schema + "." + row[0])
		slices.Sort(rows)
		all[row[0]] = rows
	}
	return all
}

// asAlone checks that the working tree's schema has what a build of these files alone has.
func (s *shop) asAlone(after string) {
	s.t.Helper()
	s.mustDot("build", "dev@.", "--own-schema")
	alone := strings.TrimSpace(s.mustDot("schema", "dev@.", "--own-schema").stdout)
	want, got := s.built(alone), s.built(s.schema("dev@."))
	for name := range got { // what the files don't have any more may stay
		if want[name] == nil {
			delete(got, name)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		s.t.Errorf("%s: the schema of the working tree (-want +got):\n%s", after, diff)
	}
}

// saved builds the working tree, and checks what dot says of it: ": 4 ok".
func (s *shop) saved(want string, args ...string) {
	s.t.Helper()
	res := s.mustDot(append([]string{"build", "dev@."}, args...)...)
	if !strings.Contains(res.stderr, want) {
		s.t.Errorf("dot build dev@. %s does not say %q:\n%s", strings.Join(args, " "), want, res.stderr)
	}
}

// keepsFailing checks that a build fails, and the next one, too, though only a file that no node reads was
// saved in between.
func (s *shop) keepsFailing(note string) {
	s.t.Helper()
	s.ends(1, "dbt build failed on dev@.", "build", "dev@.")
	s.write("notes.md", note)
	s.ends(1, "dbt build failed on dev@.", "build", "dev@.")
}

// killedAt kills a build of the working tree at a gate.
func (s *shop) killedAt(gate string) {
	s.t.Helper()
	g := s.newGate(gate)
	c := s.startAt(g, "build", "dev@.")
	opened := g.wait(c)
	c.signal(syscall.SIGKILL)
	c.wait()
	s.nobodyLeft()
	opened.Close()
}

// TestTreeKeepsRows edits an incremental model that --full-refresh does not build anew.
func TestTreeKeepsRows(t *testing.T) {
	onOneAny(t, "duckdb", func(t *testing.T, adapter string, dbt generation) {
		grows := func(code string) string {
			return "{{ config(materialized='incremental', full_refresh=false) }} select 7 as x, '" + code + "' as code\n"
		}
		s := newProject(t, adapter, map[string]string{"dbt_project.yml": tables, "models/grows.sql": grows("one")})
		s.use(dbt)
		s.saved(": 1 ok")
		s.write("models/grows.sql", grows("two"))
		s.saved("grows keeps rows of other code, and its configuration has full_refresh: false")
		s.wantRows("select code from "+s.schema("dev@.")+".grows order by 1", "one", "two")
	})
}

// TestTreeSchema follows the schema of a working tree through edits.
func TestTreeSchema(t *testing.T) {
	onOneAny(t, "postgres", func(t *testing.T, adapter string, dbt generation) {
		s := newProject(t, adapter, edited)
		s.use(dbt)
		s.part("all is built, once", func() {
			s.saved(": 8 ok")
			s.saved("up to date")
			s.write("notes.md", "")
			s.saved("nothing modified") // not even an ephemeral model, which dbt 2 reports as skipped
			s.saved("up to date")
		})
		schema := s.schema("dev@.")
		s.part("an edit builds what depends on it", func() {
			s.write("models/b.sql", "{{ config(materialized='view') }} select x + 1 as x from {{ ref('a') }}\n")
			s.saved(": 3 ok")
			s.wantRows("select x from "+schema+".last", "5")
			s.saved("up to date")
		})
		s.part("an incremental model with other code is built anew", func() {
			s.write("models/grows.sql", "{{ config(materialized='incremental') }} select x, 'two' as code from {{ ref('a') }}\n")
			s.saved(": 1 ok")
			s.wantRows("select x, code from "+schema+".grows order by 1", "1 two", "2 two")
		})
		s.part("a file that no node reads builds nothing", func() {
			s.write("notes.md", "x")
			s.saved("nothing modified")
			s.saved("up to date")
		})
		s.part("what failed is built again, and nothing else", func() {
			s.write("models/c.sql", "select nonsense from {{ ref('b') }}\n")
			s.keepsFailing("y")
			s.write("models/c.sql", "select x from {{ ref('b') }}\n")
			s.saved(": 2 ok")
		})
		s.part("a test that failed runs again", func() {
			s.write("models/schema.yml", "models:\n  - name: other\n    columns: [{name: z, data_tests: [{accepted_values: {arguments: {values: [8]}}}]}]\n")
			s.keepsFailing("z")
			s.write("models/schema.yml", edited["models/schema.yml"])
			s.saved(" ok")
			s.asAlone("after failures")
		})
		s.part("a test that reads nothing", func() {
			s.write("tests/alone.sql", "select 1 as x\n")
			s.keepsFailing("zz")
			s.write("tests/alone.sql", "select 1 as x where 1 = 0\n")
			s.saved(": 1 ok")
			s.write("notes.md", "zzz")
			s.saved("nothing modified")
		})
		s.part("a test that no run has reached", func() {
			s.write("tests/late.sql", "select z from {{ ref('other') }} where z < 0\n")
			s.mustDot("run", "dev@.")
			s.saved(": 1 ok")
			s.write("models/other.sql", "select 17 as z\n")
			s.mustDot("run", "dev@.")
			s.saved(": 1 ok")
			s.saved("nothing modified")
			s.git("clean", "--quiet", "--force", "tests")
		})
		s.part("all anew", func() {
			s.saved(": 8 ok", "--full-refresh")
			s.write("notes.md", "zzzz")
			s.saved(": 8 ok", "--full-refresh")
		})
		s.part("a part of what is changed", func() {
			s.write("models/a.sql", "select n + 10 as x from {{ ref('numbers') }}\n")
			s.saved(": 2 ok", "-s", "a")
			s.mustDot("test", "dev@.") // of a
			s.ends(2, "nothing was run", "show", "dev@.", "-s", "last")
			s.ends(2, "nothing was run", "build", "dev@.", "-s", "last")
			s.saved(": 4 ok")
			s.mustDot("test", "dev@.")
			s.asAlone("after a part")
		})
		s.part("a model that goes and comes", func() {
			s.write("models/other.sql", "select 8 as z\n")
			s.git("mv", "models/last.sql", "models/latest.sql")
			s.saved(": 2 ok")
			s.git("mv", "models/latest.sql", "models/last.sql")
			s.write("models/other.sql", "select 9 as z\n")
			s.saved(": 2 ok")
		})
		s.part("back to the commit", func() {
			s.git("checkout", "--quiet", ".")
			s.saved(" ok")
		})
		s.part("it goes with all its builds", func() {
			s.mustDot("drop", "dev@.", "--yes")
			if schemas := s.schemas(); slices.Contains(schemas, schema) {
				t.Errorf("%s is left of %q", schema, schemas)
			}
		})
	})
}

// TestTreeSchemaStopped kills a build of the working tree, and starts two at once. With dbt 2 no model stands at a
// gate (2.0.0-alpha.4).
func TestTreeSchemaStopped(t *testing.T) {
	slow(t)
	onOne(t, "postgres", func(t *testing.T, adapter string) {
		s := newProject(t, adapter, edited)
		s.saved(": 8 ok")
		s.part("killed", func() {
			s.write("models/a.sql", "select n + 20 as x from {{ ref('numbers') }}\n")
			s.killedAt("before c")
			s.write("models/other.sql", "select 10 as z\n")
			s.saved(" ok")
			s.asAlone("after a kill")
			s.write("models/a.sql", "select n + 30 as x from {{ ref('numbers') }}\n")
			s.killedAt("after list")
			s.git("checkout", "--quiet", ".")
			s.saved(" ok")
		})
		s.part("two dots at once", func() {
			s.write("models/a.sql", "select n + 40 as x from {{ ref('numbers') }}\n")
			g := s.newGate("before c")
			first := s.startAt(g, "build", "dev@.")
			opened := g.wait(first)
			s.write("models/a.sql", "select n + 50 as x from {{ ref('numbers') }}\n")
			second := s.start("build", "dev@.")
			second.says("waiting")
			opened.Close()
			if res := first.wait(); res.code != 0 {
				t.Errorf("the first ends with %d", res.code)
			}
			if res := second.wait(); res.code != 0 {
				t.Errorf("the second ends with %d", res.code)
			}
			s.asAlone("after two at once")
		})
	})
}

// TestTreeSchemaEdits makes random edits, and builds now and then. DOT_TEST_EDITS is the number of
// cases, DOT_TEST_SEED the first one's seed. If it is even, dbt 2 builds.
func TestTreeSchemaEdits(t *testing.T) {
	slow(t)
	t.Parallel()
	seed, cases := uint64(2), uint64(1)
	if inFull() {
		seed, cases = 1, 2
	}
	first := number(t, "DOT_TEST_SEED", seed)
	for i := range number(t, "DOT_TEST_EDITS", cases) {
		seed := first + i
		t.Run(fmt.Sprintf("seed_%d", seed), func(t *testing.T) {
			s := newProject(t, "duckdb", edited)
			if seed%2 == 0 && os.Getenv("DOT_TEST_V2") != "" { // which starts quickly
				s.useV2()
			}
			random := rand.New(rand.NewPCG(seed, 1))
			for round := range 6 {
				for range 1 + random.IntN(3) {
					s.edit(random)
				}
				switch random.IntN(3) {
				case 0:
					s.dot("build", "dev@.", "-s", []string{"a", "b+", "numbers", "last", "grows"}[random.IntN(5)])
					s.edit(random)
				case 1:
					g := s.newGate([]string{"before c", "after list", "before build", "before grows"}[random.IntN(4)])
					c := s.startAt(g, "build", "dev@.")
					if opened, stands := g.tryWait(c); stands {
						c.signal(syscall.SIGKILL)
						c.wait()
						s.nobodyLeft()
						opened.Close()
					}
					s.edit(random)
				}
				s.mustDot("build", "dev@.")
				s.asAlone(fmt.Sprintf("round %d", round))
			}
		})
	}
}

// edit changes a file at random, or takes all changes back.
func (s *shop) edit(random *rand.Rand) {
	s.t.Helper()
	n := random.IntN(4)
	switch random.IntN(8) {
	case 0:
		s.write("models/a.sql", fmt.Sprintf("select n + %d as x from {{ ref('numbers') }}\n", n))
	case 1:
		s.write("models/b.sql", fmt.Sprintf("{{ config(materialized='%s') }} select x + %d as x from {{ ref('a') }}\n", []string{"view", "table"}[n%2], n))
	case 2:
		s.write("models/grows.sql", fmt.Sprintf("{{ config(materialized='incremental') }} select x, '%d' as code from {{ ref('a') }}\n", n))
	case 3:
		s.write("models/between.sql", fmt.Sprintf("{{ config(materialized='ephemeral') }} select z + %d as z from {{ ref('other') }}\n", n))
	case 4:
		s.write("seeds/numbers.csv", fmt.Sprintf("n\n%d\n", n))
	case 5:
		s.write("models/other.sql", fmt.Sprintf("select %d as z\n", n))
	case 6:
		s.git("checkout", "--quiet", ".")
	case 7:
		s.write("models/c.sql", fmt.Sprintf("select x, %d as more from {{ ref('b') }}\n", n))
	}
}
