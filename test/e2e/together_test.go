//go:build unix

package e2e

import (
	"slices"
	"strings"
	"syscall"
	"testing"
)

// Two dots run the same build: the second waits, and then has nothing to do.
func TestSameBuildTwice(t *testing.T) {
	onOneAny(t, "postgres", func(t *testing.T, adapter string, dbt generation) {
		s := newStall(t, adapter, nil)
		s.use(dbt)
		gate := s.newGate("before build")
		first := s.startAt(gate, "build", "dev@HEAD")
		opened := gate.wait(first)
		s.reason("is running it", "build", "dev@HEAD")
		second := s.start("build", "dev@HEAD")
		second.says("waiting for")
		opened.Close()
		for _, c := range []*call{first, second} {
			if res := c.wait(); res.code != 0 {
				t.Errorf("%s: exit code %d", c.line, res.code)
			}
		}
		if !strings.Contains(second.stderr.String(), "done meanwhile by pid") {
			t.Error("the second does not say that it was done meanwhile")
		}
		if got, want := commands(s.starts()), "list build"; got != want { // the dbt that marks the schema asks the question
			t.Errorf("dot started dbt %q, want %q", got, want)
		}
	})
}

// Two dots run different builds. On PostgreSQL they run in parallel. A DuckDB file, which only one
// process can write, makes them run one after the other.
func TestTwoBuilds(t *testing.T) {
	onBothAny(t, "postgres", func(t *testing.T, adapter string, dbt generation) {
		s := newStall(t, adapter, nil)
		s.use(dbt)
		one := s.head()
		s.write("seeds/prices.csv", "fruit,cents\nplum,30\n")
		two := s.commit("Sell nothing but plums")
		gate := s.newGate("before build")
		first := s.startAt(gate, "build", "dev@"+one)
		opened := gate.wait(first)
		second := s.start("build", "dev@"+two)
		if adapter == "duckdb" {
			second.says("waiting for DuckDB file shop.duckdb")
		} else if res := second.wait(); res.code != 0 { // while the first is at the gate
			t.Errorf("%s: exit code %d", second.line, res.code)
		}
		opened.Close()
		for _, c := range []*call{first, second} {
			<-c.done
			if c.cmd.ProcessState.ExitCode() != 0 {
				c.wait()
				t.Errorf("%s: exit code %d", c.line, c.cmd.ProcessState.ExitCode())
			}
		}
		for commit, want := range map[string]string{one: "2", two: "1"} {
			if got := s.query("select count(*) from dev_" + commit + ".prices"); got[0][0] != want {
				t.Errorf("dev_%s.prices has %s rows, want %s", commit, got[0][0], want)
			}
		}
	})
}

// Eight dots run at once on PostgreSQL, some on the same builds. Two of them are killed. The others
// end well, and the schemas have what the commits say.
func TestEightAtOnce(t *testing.T) {
	onOnlyAny(t, "postgres", func(t *testing.T, adapter string, dbt generation) {
		s := newStall(t, adapter, nil)
		s.use(dbt)
		s.ownDBT()
		one := s.head()
		s.write("seeds/prices.csv", "fruit,cents\nplum,30\n")
		two := s.commit("Sell nothing but plums")
		var all []*call
		for _, specs := range []string{
			"dev@" + one, "dev@" + one, "dev@" + one + " prod@" + two, "prod@" + one,
			"dev@" + two, "dev@" + two,
			"dev@" + two, "prod@" + two, // to be killed
		} {
			all = append(all, s.start(append([]string{"build"}, strings.Fields(specs)...)...))
		}
		eventually(t, "dbt is started", func() bool { return len(s.starts()) > 2 })
		killed := all[6:]
		for _, c := range killed {
			c.signal(syscall.SIGKILL)
		}
		for i, c := range all {
			if res := c.wait(); i < 6 && (res.code != 0 || strings.Contains(res.stderr, "error:")) {
				t.Errorf("%s: exit code %d", c.line, res.code)
			}
		}
		for schema, want := range map[string]string{"dev_" + one: "2", "prod_" + one: "2", "dev_" + two: "1", "prod_" + two: "1"} {
			if got := s.query("select (select count(*) from " + schema + ".prices), fruits is not null from " + schema + ".season"); got[0][0] != want {
				t.Errorf("%s.prices has %s rows, want %s", schema, got[0][0], want)
			}
		}
		// Each build ran once, except that a killed dot may have started it before.
		builds := 0
		for _, start := range s.starts() {
			if start.command == "build" {
				builds++
			}
		}
		if builds < 4 || builds > 4+len(killed) {
			t.Errorf("%d builds were made, want 4, and one more at most for each that was killed", builds)
		}
		schemas := []string{"dev_" + one, "dev_" + two, "prod_" + one, "prod_" + two}
		slices.Sort(schemas)
		s.wantSchemas(schemas...)
	})
}
