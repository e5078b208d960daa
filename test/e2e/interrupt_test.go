//go:build unix

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A.7: dot is stopped in different ways in the middle of a query. The query ends in the database,
// too, dbt's partial results are kept, and the same command continues from there.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	s := newStall(t, "postgres", map[string]string{
		// It sleeps as long as a table says, so that the last run is quick.
		"models/nap.sql": "{{ config(materialized='table') }}\n" +
			"select n.seconds from public.nap as n, {{ ref('first') }} as f, {{ ref('grows') }} as g, pg_sleep(n.seconds)\n",
		"models/first.sql": "select 1 as one\n",
		// Built twice on top of itself it has two rows.
		"models/grows.sql": "{{ config(materialized='incremental') }}\nselect 1 as one\n",
	})
	s.ownDBT()
	s.unhosted() // for the rest see TestHostedFaults
	s.query("create table public.nap as select 600 as seconds")
	build := []string{"build", "dev@HEAD", "-s", "+nap"}
	// asleep waits until the query runs.
	asleep := func(c *call) {
		t.Helper()
		eventually(t, "the model sleeps", func() bool {
			if c.ended() {
				c.wait()
				t.Fatal("dot ended before the model slept")
			}
			return s.napping()
		})
	}
	// stopped waits until nothing runs any more, in the database, too.
	stopped := func(c *call, code int, says string) {
		t.Helper()
		if res := c.wait(); res.code != code || !strings.Contains(res.stderr, says) {
			t.Errorf("exit code %d, want %d; it has to say %q", res.code, code, says)
		}
		eventually(t, "the query has ended", func() bool { return !s.napping() })
		dbts := s.starts()
		eventually(t, "dbt is gone", func() bool { return !alive(dbts[len(dbts)-1].pid) })
		s.reason("last run interrupted", build...)
	}

	s.part("Ctrl-C at a terminal", func() {
		c, screen := s.startAtTerminal(build...)
		asleep(c)
		if _, err := screen.WriteString("\x03"); err != nil {
			t.Fatal(err)
		}
		stopped(c, 130, "interrupting: dbt may take a while to cancel its queries; Ctrl-C again kills it")
		// The ledger has the nodes that dbt had built, and no others.
		plan := s.mustDot("plan", "build", "prod@HEAD", "--defer", "dev@HEAD", "-s", "nap").stdout
		if !strings.Contains(plan, "2 of 6 nodes ok") {
			t.Error("the baseline's two nodes that were built are not known")
		}
	})
	s.part("the terminal is closed", func() {
		c, screen := s.startAtTerminal(build...)
		asleep(c)
		screen.Close()
		stopped(c, 129, "")
	})
	s.part("dot is killed", func() {
		if !isDir("/proc/self") {
			t.Skip("nobody tells dbt here")
		}
		c := s.start(build...)
		asleep(c)
		c.signal(syscall.SIGKILL)
		stopped(c, -1, "")
	})

	s.query("update public.nap set seconds = 0")
	s.planIsRun(append(build, "--resume")...)
	results, err := os.ReadFile(filepath.Join(s.dir, ".dot/build", s.head(), "env/dev/target/run_results.json"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(results), `"model.stall.grows"`) || !strings.Contains(string(results), `"model.stall.nap"`) {
		t.Error("what was built before dot was killed ran again, or what was not did not")
	}
	if got := s.query("select count(*) from dev_" + s.head() + ".grows"); got[0][0] != "1" {
		t.Errorf("the incremental model holds %s rows, want 1", got[0][0])
	}
	if got := s.query("select seconds from dev_" + s.head() + ".nap"); len(got) != 1 || got[0][0] != "0" {
		t.Errorf("the model holds %v, want one row of 0", got)
	}
	if pg, ok := s.warehouse.(postgresDB); ok {
		s.nowhere(pg.Password)
	}
}

// napping reports whether a query of the project sleeps in the database.
func (s *shop) napping() bool {
	s.t.Helper()
	return len(s.query("select pid from pg_stat_activity where query like '%pg_sleep%' and state = 'active'"+
		" and pid <> pg_backend_pid() and datname = current_database()")) > 0
}

// nowhere checks that a secret is neither in dot's files, which include dbt's logs and artifacts,
// nor in any output.
func (s *shop) nowhere(secret string) {
	s.t.Helper()
	if secret == "" {
		s.t.Fatal("there is no secret to look for")
	}
	for _, each := range s.said {
		if strings.Contains(each.stdout+each.stderr, secret) {
			s.t.Errorf("dot %s tells the secret", strings.Join(each.args, " "))
		}
	}
	for name := range tree(s.t, s.dir+"/.dot") {
		text, err := os.ReadFile(name)
		if err == nil && strings.Contains(string(text), secret) {
			s.t.Errorf("%s holds the secret", name)
		}
	}
}
