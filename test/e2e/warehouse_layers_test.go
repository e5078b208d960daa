//go:build unix

package e2e

import (
	"maps"
	"strings"
	"testing"
)

// TestCheckWarehouse drops what dot has built: E.2, F.1.
func TestCheckWarehouse(t *testing.T) {
	onOneAny(t, "duckdb", func(t *testing.T, adapter string, dbt generation) {
		s := newProject(t, adapter, layered)
		s.use(dbt)
		s.mustDot("build", "prod@main")
		prod := "prod_" + s.head()
		s.git("switch", "--quiet", "--create", "late")
		s.write("models/d.sql", "select x from {{ ref('c') }}\n")
		s.commit("d reads c")
		deferred := []string{"build", "dev@HEAD", "--defer", "prod@main", "--modified"}
		s.mustDot(deferred...)

		found := func(args ...string) {
			t.Helper()
			if out := s.mustDot(append(args, "--check-warehouse", "-v")...); !strings.Contains(out.stderr, "up to date") || !strings.Contains(out.stderr, "; sources not checked") {
				t.Errorf("dot %s does not say that it is up to date, or what was not checked", strings.Join(args, " "))
			}
		}
		found("build", "prod@main")
		s.execute("drop table " + prod + ".c")
		s.upToDate("build", "prod@main") // which says that it didn't look
		s.reason("1 of its 4 relations is not in the warehouse: c", "build", "prod@main", "--check-warehouse")
		found(deferred...) // d itself is there
		s.ends(2, "c is not in the warehouse any more (d reads it)", append(deferred, "--check-warehouse", "--force")...)
		s.ends(2, "c is not in the warehouse any more", append(deferred, "--force")...) // it is known by now
		s.mustDot("build", "prod@main", "--check-warehouse")
		s.wantTable("prod@main", "c", "1")
		s.mustDot(append(deferred, "--check-warehouse")...)
		s.wantTable("dev@HEAD", "d", "1")

		s.execute("drop schema " + prod + " cascade")
		s.reason("4 of its 4 relations are not in the warehouse: a, b, c, other", "build", "prod@main", "--check-warehouse")
		s.ends(2, prod[:4]+"@"+prod[5:]+" has none of its relations any more: a is not in the warehouse any more", append(deferred, "--check-warehouse", "--force")...)
		s.mustDot("build", "prod@main", "--check-warehouse")
		s.wantTable("prod@main", "c", "1")
		s.mustDot("drop", "prod@main", "dev@HEAD", "--yes") // the new schema has the build's mark, too
	})
}

// TestLosses rebuilds what the views of others stand on. On PostgreSQL, dbt drops them: E.2.
func TestLosses(t *testing.T) {
	onOnlyAny(t, "postgres", func(t *testing.T, adapter string, dbt generation) {
		files := maps.Clone(layered)
		files["models/v.sql"] = "{{ config(materialized='view') }} select x from {{ ref('a') }}\n"
		s := newProject(t, adapter, files)
		s.use(dbt)
		s.mustDot("build", "prod@main")
		main := s.head()
		s.git("switch", "--quiet", "--create", "late")
		s.write("models/w.sql", "{{ config(materialized='view') }} select x from {{ ref('a') }}\n")
		s.commit("a view on a")
		deferred := []string{"build", "dev@HEAD", "--defer", "prod@main", "--modified"}
		s.mustDot(deferred...)
		dev := "dev_" + s.head()
		s.query("create schema bi; create view bi.dash as select * from prod_" + main + ".a; create view bi.own as select * from prod_" + main + ".v")

		s.part("the plan names the builds that stand on it", func() {
			plan := s.plan("build", "prod@main", "--force").Steps
			if got := plan[len(plan)-1].Detail; !strings.Contains(got, "1 view of dev@"+s.head()+" stands on its relations") {
				t.Errorf("the build's detail: %q", got)
			}
		})
		s.part("what dbt would drop is asked for", func() {
			s.ends(2, "dbt would drop these with the relations that prod@"+main+" replaces", "build", "prod@main", "--force")
			said := s.said[len(s.said)-1].stderr
			for _, want := range []string{dev + ".w (view of dev@" + s.head() + "), with a", "bi.dash (view, owner ", "bi.own (view, owner ", "--yes"} {
				if !strings.Contains(said, want) {
					t.Errorf("it does not say %q", want)
				}
			}
			if strings.Contains(said, "prod_"+main+".v") {
				t.Error("v is built again, and is said to be lost")
			}
			s.upToDate(deferred...)
		})
		s.part("several builds are not asked for, and need --yes", func() {
			s.ends(2, "bi.dash (view, owner ", "build", "prod@main", "dev@HEAD", "--defer", "prod@main", "--force")
			if out := s.said[len(s.said)-1].stderr; !strings.Contains(out, "hint: --yes goes on and drops them") || !strings.Contains(out, "blocked  dev@"+s.head()) {
				t.Error("it does not say how to go on, or builds what stands on the refused one")
			}
			s.upToDate(deferred...)
		})
		// at a terminal, an answer is typed to the question
		answer := func(typed string, code int, says string) {
			t.Helper()
			c, screen := s.startAtTerminal("build", "prod@main", "--force")
			eventually(t, "dot asks", func() bool { return strings.Contains(c.stderr.String(), "drop them and go on?") || c.ended() })
			if _, err := screen.WriteString(typed); err != nil {
				t.Fatal(err)
			}
			if res := c.wait(); res.code != code || !strings.Contains(res.stderr, says) {
				t.Errorf("exit code %d, want %d; it has to say %q", res.code, code, says)
			}
		}
		s.part("no is no, and so is Ctrl-C", func() {
			answer("n\n", 2, "nothing was run")
			answer("\x03", 130, "interrupted")
			s.upToDate(deferred...)
			s.wantRows("select x from bi.dash", "1")
		})
		s.part("yes drops it, and nobody believes in it", func() {
			answer("y\n", 0, ", schema prod_"+main)
			s.reason("1 of its 1 relations changed: model.stall.w was dropped when prod@"+main+" replaced a", deferred...)
			s.mustDot(deferred...)
			s.wantRows("select x from "+dev+".w", "1")
		})
		s.part("a run that does not get there drops nothing", func() {
			s.during([]string{"PGOPTIONS=-c default_transaction_read_only=on"}, func() {
				if dbt == 2 { // which fails before the build: asking what there is, it tries to make a schema
					s.ends(2, "asking the warehouse", "build", "prod@main", "--force", "--yes")
					return
				}
				s.ends(1, "dbt build failed on prod@", "build", "prod@main", "--force", "--yes")
			})
		})
		s.part("its own view is only told of", func() {
			s.mustDot("build", "prod@main", "--yes")
			s.mustDot(deferred...)
			out := s.mustDot("run", "prod@main", "-s", "a", "--yes")
			if want := "dbt drops v with a, which it replaces (-s a+ builds them again)"; !strings.Contains(out.stderr, want) {
				t.Errorf("it does not say %q", want)
			}
			s.reason("model.stall.v was dropped when prod@"+main+" replaced a", "build", "prod@main")
		})
	})
}
