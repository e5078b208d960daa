//go:build unix

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// roundLine matches the line that ends a round, without its time.
var roundLine = regexp.MustCompile(`(?m)^\d\d:\d\d:\d\d (.*)$`)

// rounds returns the lines of the rounds that have ended.
func (c *call) rounds() (lines []string) {
	for _, m := range roundLine.FindAllStringSubmatch(c.stderr.String(), -1) {
		lines = append(lines, m[1])
	}
	return lines
}

// round waits until a round has ended, and returns its line; the first one is 0.
func (c *call) round(n int) string {
	c.s.t.Helper()
	eventually(c.s.t, fmt.Sprintf("round %d has ended", n), func() bool {
		if c.ended() {
			c.wait()
			c.s.t.Fatalf("dot ended before round %d did", n)
		}
		return len(c.rounds()) > n
	})
	return c.rounds()[n]
}

// wantRound fails the test unless a round's line has all texts.
func (c *call) wantRound(n int, texts ...string) {
	c.s.t.Helper()
	line := c.round(n)
	for _, text := range texts {
		if !strings.Contains(line, text) {
			c.s.t.Errorf("round %d says %q, and not %q", n, line, text)
		}
	}
}

// below returns the processes that dot has started, and theirs.
func (c *call) below() (pids []int) {
	for next := []int{c.cmd.Process.Pid}; len(next) > 0; {
		files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", next[0]))
		next = next[1:]
		for _, file := range files {
			text, _ := os.ReadFile(file)
			for word := range strings.FieldsSeq(string(text)) {
				if pid, err := strconv.Atoi(word); err == nil {
					pids, next = append(pids, pid), append(next, pid)
				}
			}
		}
	}
	return pids
}

// stops ends a dot that watches, as Ctrl-C does: nothing of it is left.
func (c *call) stops() {
	c.s.t.Helper()
	pids := c.below()
	c.signal(syscall.SIGINT)
	if res := c.wait(); res.code != 130 || !strings.Contains(res.stderr, "note: interrupted") {
		c.s.t.Errorf("exit code %d, want 130", res.code)
	}
	for _, pid := range pids {
		eventually(c.s.t, fmt.Sprintf("process %d is gone", pid), func() bool { return !alive(pid) })
	}
	c.s.nobodyLeft()
}

// revenue is a model that counts orders with a condition.
func revenue(condition string) string {
	return "select cast(date_trunc('month', ordered_on) as date) as month, count(*) as orders, sum(amount) as revenue\n" +
		"from {{ ref('fct_orders') }} where " + condition + " group by 1\n"
}

// A.4, A.7: whenever files are saved, dev@. is built and compared, until Ctrl-C.
func TestRounds(t *testing.T) {
	onEach(t, "postgres", func(t *testing.T, adapter string, dbt generation) {
		s := newShop(t, adapter)
		s.use(dbt)
		s.testRounds()
	})
}

func (s *shop) testRounds() {
	const model = "models/marts/revenue_by_month.sql"
	s.mustDot("build", "prod@main")
	c := s.start("build", "dev@.", "--defer", "prod@main", "--modified", "--watch", "--compare", "prod@main")
	c.wantRound(0, "built dev@.: ", " ok")

	s.write(model, revenue("status <> 'cancelled'"))
	c.wantRound(1, "built dev@.: ", " ok", "(revenue_by_month.sql)")
	eventually(s.t, "the verdicts are there", func() bool {
		tables := strings.Split(c.stdout.String(), "\nB  ")
		last := tables[len(tables)-1]
		return strings.HasPrefix(last, "dev@") && strings.Contains(last, "24256d1 + 1 file") && strings.Contains(last, "9 relations: ") &&
			regexp.MustCompile(`(?m)^revenue_by_month +differs`).MatchString(last) && regexp.MustCompile(`(?m)^customer_value +added`).MatchString(last)
	})
	s.wantRows("select orders from "+s.schema("dev@.")+".revenue_by_month order by month", "3", "2", "2")

	s.write(model, "select {{ nothing(\n")
	c.wantRound(2, "failed dev@.: ", "(revenue_by_month.sql)")
	if said := c.stderr.String(); !strings.Contains(said, "models/marts/revenue_by_month.sql") {
		s.t.Errorf("dbt's message is missing in\n%s", said)
	}
	s.write(model, revenue("no_such_column"))
	c.wantRound(3, "failed dev@.: ", "1 error", "(revenue_by_month.sql)")
	s.write("dot_environments.yml", strings.Replace(s.read("dot_environments.yml"), "currency: eur", "currency: usd", 1))
	s.write(model, revenue("status <> 'returned'"))
	c.wantRound(4, "built dev@.: ", "(dot_environments.yml, revenue_by_month.sql)")
	s.wantRows("select distinct currency from "+s.schema("dev@.")+".fct_orders", "usd")

	// Back to the files and values of the first round, whose relations other rounds have replaced since.
	s.git("checkout", "--quiet", ".")
	c.wantRound(5, "built dev@.: 13 ok")
	c.stops()
	if got := c.rounds(); len(got) != 6 {
		s.t.Errorf("the rounds are %q", got)
	}
}

// A save stops the round that reads the file, and Ctrl-C the last one: the queries end in the database,
// too.
func TestRoundsStopped(t *testing.T) {
	slow(t)
	t.Parallel()
	nap := func(more string) string {
		return "{{ config(materialized='table') }}\nselect n.seconds from public.nap as n, pg_sleep(n.seconds) " + more + "\n"
	}
	s := newStall(t, "postgres", map[string]string{"models/nap.sql": nap("")})
	s.ownDBT()
	s.query("create table public.nap as select 600 as seconds")
	// asleep waits until the only query that sleeps has a text.
	asleep := func(text string) {
		t.Helper()
		eventually(t, "the model sleeps with "+text, func() bool {
			var queries []string
			for _, row := range s.query("select query from pg_stat_activity where query like '%pg_sleep%' and state = 'active'" +
				" and pid <> pg_backend_pid() and datname = current_database()") {
				queries = append(queries, row[0])
			}
			return len(queries) > 0 && !slices.ContainsFunc(queries, func(query string) bool { return !strings.Contains(query, text) })
		})
	}
	c := s.start("build", "dev@.", "-s", "nap", "--watch")
	asleep("pg_sleep")

	s.write("models/nap.sql", nap("/* again */"))
	c.wantRound(0, "stopped dev@.: files were saved")
	asleep("/* again */")
	c.stops()
	eventually(t, "the query has ended", func() bool { return !s.napping() })
	c.wantRounds("stopped dev@", "interrupted dev@.")
	s.query("update public.nap set seconds = 0")
	s.mustDot("build", "dev@.", "-s", "nap")
}

// wantRounds compares how the lines of all rounds begin.
func (c *call) wantRounds(want ...string) {
	c.s.t.Helper()
	got := c.rounds()
	if len(got) != len(want) {
		c.s.t.Fatalf("the rounds are %q, want %q", got, want)
	}
	for i, line := range got {
		if !strings.HasPrefix(line, want[i]) {
			c.s.t.Errorf("round %d says %q, want %q", i, line, want[i])
		}
	}
}
