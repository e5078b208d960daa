//go:build unix

package e2e

import (
	"strings"
	"syscall"
	"testing"
)

// A.7: Ctrl-C in the middle of a query: the query ends in the database too, and the
// same command goes on from there.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	s := newStall(t, "postgres", map[string]string{
		// As long as somebody says, so that the second run needn't wait.
		"models/nap.sql": "{{ config(materialized='table') }}\nselect n.seconds from public.nap as n, pg_sleep(n.seconds)\n",
	})
	s.query("create table public.nap as select 600 as seconds")
	napping := "select pid from pg_stat_activity where query like '%pg_sleep%' and state = 'active' and pid <> pg_backend_pid()" +
		" and datname = current_database()"
	build := []string{"build", "dev@HEAD", "-s", "nap"}

	c := s.start(build...)
	eventually(t, "the model sleeps", func() bool {
		if c.ended() {
			c.wait()
			t.Fatal("dot ended before the model slept")
		}
		return len(s.query(napping)) > 0
	})
	c.signal(syscall.SIGINT)
	res := c.wait()
	if res.code != 130 {
		t.Errorf("exit code %d, want 130", res.code)
	}
	if !strings.Contains(res.stderr, "interrupted") {
		t.Error("dot does not say that it was interrupted")
	}
	if left := s.query(napping); len(left) > 0 {
		t.Errorf("the query goes on in %v", left)
	}

	s.query("update public.nap set seconds = 0")
	s.reason("interrupted", build...)
	s.planIsRun(build...)
	if got := s.query("select seconds from dev_" + s.head() + ".nap"); len(got) != 1 || got[0][0] != "0" {
		t.Errorf("the model holds %v, want one row of 0", got)
	}
}
