//go:build linux

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

	"github.com/creack/pty"
	"github.com/google/go-cmp/cmp"
)

// hosted fails the test unless dot -v reported that dbt ran in a host.
func (s *shop) hosted(res result) {
	s.t.Helper()
	if !strings.Contains(res.stderr, " ran in a host,") || strings.Contains(res.stderr, "as a process of its own") {
		s.t.Errorf("dbt did not run in a host")
	}
}

// clockWork matches what differs in the output of dbt and dot between two equal runs.
var clockWork = regexp.MustCompile(`\d\d:\d\d:\d\d|just now|(\d+m)?\d+(\.\d+)?(m?s\b| (second|minute)s?( ago)?)|dbt ran .*|slowest .*`)

// nodeCount matches a node's number in dbt's output, and the dots that fill its line.
var nodeCount = regexp.MustCompile(`\d+ of (\d+ (START|OK|PASS))|\.\.+`)

// nodesInAnyOrder sorts dbt's lines about nodes. Several nodes may wait for one: when it ends, the order in which
// dbt starts them depends on the machine's load, also with one thread.
func nodesInAnyOrder(text string) string {
	lines := strings.Split(text, "\n")
	var at []int
	var nodes []string
	for i, line := range lines {
		if strings.Contains(nodeCount.FindString(line), " of ") {
			at, nodes = append(at, i), append(nodes, nodeCount.ReplaceAllString(line, "N of $1"))
		}
	}
	slices.Sort(nodes)
	for i, line := range nodes {
		lines[at[i]] = line
	}
	return strings.Join(lines, "\n")
}

// With a host, dot does the same as without, byte for byte but for the order of the nodes.
func TestHostedBuild(t *testing.T) {
	slow(t)
	onBoth(t, "", func(t *testing.T, adapter string) {
		if adapter != "duckdb" {
			full(t)
		}
		s := newShop(t, adapter)
		s.setenv("DBT_THREADS=1") // otherwise the order of the threads' messages varies
		restore := s.save()
		run := func(hosted bool) (said []string, left outcome) {
			for _, args := range [][]string{
				{"build", "prod@main", "-v"},
				{"build", "dev@HEAD", "--defer", "prod@main", "--modified", "-v"},
			} {
				res := s.mustDot(append(args, "--threads", "1")...)
				if hosted {
					s.hosted(res)
				}
				s.parsedOnce(res)
				said = append(said, nodesInAnyOrder(clockWork.ReplaceAllString(res.stdout, "N")), clockWork.ReplaceAllString(res.stderr, "N"))
			}
			v := victim{shop: s}
			left = v.outcome()
			for name := range left.Dot {
				if strings.Contains(name, "/records/") || strings.HasPrefix(name, "places/") {
					left.Dot[name] = "is there" // each .dot has another key, and each run another id
				}
				if strings.Contains(name, "/__pycache__/") { // it has the time of its source
					left.Dot[name] = "is there"
				}
			}
			left.Warehouse = append(left.Warehouse, s.table("prod_"+s.git("rev-parse", "--short", "main"))...)
			return said, left
		}
		s.unhosted()
		wantSaid, want := run(false)
		restore()
		s.setenv("DOT_DBT_HOST=")
		gotSaid, got := run(true)
		if diff := cmp.Diff(wantSaid, gotSaid); diff != "" {
			t.Errorf("what is said (-exec +host):\n%s", diff)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("what is left (-exec +host):\n%s", diff)
		}
	})
}

// parsedOnce fails the test if the command after the check has read the project's files again,
// instead of using the check's result.
func (s *shop) parsedOnce(res result) {
	s.t.Helper()
	m := regexp.MustCompile(`→ build (\w+)@(\w+)`).FindStringSubmatch(res.stderr)
	if m == nil {
		s.t.Fatal("nothing was built")
	}
	log := s.read(filepath.Join(".dot", "build", m[2], "env", m[1], "logs", "dbt.log"))
	full, none := strings.Count(log, "Starting full parse"), strings.Count(log, "no changes found, skipping parsing")
	if full != 1 || none != 1 {
		s.t.Errorf("%s was parsed %d times, and found as it was %d times", m[0], full, none)
	}
}

// A sleeper is a build whose model sleeps in PostgreSQL, for as long as a table says. dbt runs in a
// host.
type sleeper struct {
	*shop
	call      *call
	host, dbt int // pids
	tries     int
	napping   string
	screen    *os.File
}

// build returns its command, each time with another value of a variable. So the check runs again,
// and two commands are enough for a host.
func (s *sleeper) build() []string {
	s.tries++
	return []string{"build", "dev@HEAD", "-s", "nap", "-v", "--vars", fmt.Sprintf("try: %d", s.tries)}
}

// sleep starts the build and waits until the model sleeps.
func (s *sleeper) sleep(start func(args ...string) *call) {
	s.t.Helper()
	s.query("update public.nap set seconds = 600")
	s.call = start(s.build()...)
	eventually(s.t, "the model sleeps", func() bool {
		if s.call.ended() {
			s.call.wait()
			s.t.Fatal("dot ended before the model slept")
		}
		return len(s.query(s.napping)) > 0
	})
	s.host = s.childOf(s.call.cmd.Process.Pid)
	s.dbt = s.childOf(s.host)
}

// childOf returns the only child process of a process.
func (s *sleeper) childOf(parent int) int {
	s.t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		s.t.Fatal(err)
	}
	var found []int
	for _, file := range files {
		text, _ := os.ReadFile(file) // it may have ended
		_, rest, _ := strings.Cut(string(text), ") ")
		if fields := strings.Fields(rest); len(fields) > 1 && fields[0] != "Z" && fields[1] == strconv.Itoa(parent) {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
			found = append(found, pid)
		}
	}
	if len(found) != 1 {
		s.t.Fatalf("process %d has the children %v, want one", parent, found)
	}
	return found[0]
}

// gone waits until nothing runs any more, in the warehouse, too. Then it checks that the same
// command succeeds.
func (s *sleeper) gone(code int, says string) {
	s.t.Helper()
	res := s.call.wait()
	if res.code != code {
		s.t.Errorf("exit code %d, want %d", res.code, code)
	}
	if !strings.Contains(res.stderr, says) {
		s.t.Errorf("dot does not say %q", says)
	}
	for name, pid := range map[string]int{"host": s.host, "dbt": s.dbt} {
		eventually(s.t, name+" is gone", func() bool { return !alive(pid) })
	}
	eventually(s.t, "the query is gone", func() bool { return len(s.query(s.napping)) == 0 })
	s.query("update public.nap set seconds = 0")
	s.hosted(s.mustDot(s.build()...))
}

// A.7: dot, its host or dbt is interrupted or killed in the middle of a query. The query ends,
// nothing is left running, and the same command then finishes the work.
func TestHostedFaults(t *testing.T) {
	slow(t)
	shop := newStall(t, "postgres", map[string]string{
		"models/nap.sql": "{{ config(materialized='table') }}\nselect n.seconds from public.nap as n, pg_sleep(n.seconds)\n",
	})
	shop.ownDBT()
	shop.query("create table public.nap as select 0 as seconds")
	s := &sleeper{shop: shop, napping: "select pid from pg_stat_activity where query like '%pg_sleep%' and state = 'active'" +
		" and pid <> pg_backend_pid() and datname = current_database()"}

	s.part("Ctrl-C", func() {
		s.sleep(s.start)
		s.call.signal(syscall.SIGINT)
		s.gone(130, "interrupted")
	})
	s.part("host killed", func() {
		s.sleep(s.start)
		s.kill(s.host)
		s.gone(2, "its host was lost while it ran: the host ended (killed by SIGKILL)")
	})
	if !inFull() {
		return
	}
	s.part("dot killed", func() {
		s.sleep(s.start)
		s.call.signal(syscall.SIGKILL)
		s.gone(-1, "")
	})
	s.part("SIGTERM", func() {
		s.sleep(s.start)
		s.call.signal(syscall.SIGTERM)
		s.gone(143, "interrupted")
	})
	s.part("terminal closed", func() {
		s.sleep(s.startOnTerminal)
		s.screen.Close()
		s.gone(129, "")
	})
	s.part("host told to end", func() {
		s.sleep(s.start)
		if err := syscall.Kill(s.host, syscall.SIGTERM); err != nil {
			s.t.Fatal(err)
		}
		s.gone(2, "its host was lost while it ran: the host ended (killed by SIGTERM)")
	})
	s.part("host stands still, Ctrl-C twice", func() {
		s.sleep(s.start)
		if err := syscall.Kill(s.host, syscall.SIGSTOP); err != nil {
			s.t.Fatal(err)
		}
		s.call.signal(syscall.SIGINT)
		s.call.signal(syscall.SIGTERM)
		s.call.wait()
		s.endQueries() // PostgreSQL only notices that dbt was killed when it sends something
		s.gone(130, "interrupted")
	})
	s.part("dbt killed", func() {
		s.sleep(s.start)
		s.kill(s.dbt)
		s.call.wait()
		s.endQueries()
		s.gone(137, "killed by SIGKILL")
	})
	for _, megabytes := range []int{100, 200, 300, 400, 600, 800} {
		s.part(fmt.Sprintf("%d MB", megabytes), func() { s.inMemory(megabytes) })
	}
}

func (s *sleeper) kill(pid int) {
	s.t.Helper()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		s.t.Fatal(err)
	}
}

// endQueries ends the sleeping queries.
func (s *sleeper) endQueries() {
	s.t.Helper()
	s.query("select pg_terminate_backend(pid) from (" + s.napping + ") as napping")
}

// startOnTerminal starts dot on a new terminal.
func (s *sleeper) startOnTerminal(args ...string) *call {
	s.t.Helper()
	binary, err := dotBinary()
	if err != nil {
		s.t.Fatal(err)
	}
	screen, terminal, err := pty.Open()
	if err != nil {
		s.t.Fatal(err)
	}
	defer terminal.Close()
	s.screen = screen
	c := &call{s: s.shop, args: args, line: "dot on a terminal", done: make(chan struct{})}
	c.cmd = s.commandIn(s.dir, binary, args...)
	c.cmd.Stdin = terminal
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	return c.run()
}

// inMemory runs the build with a limited address space, which may be too small for dot, the host or
// dbt. That must be an error, and leave nothing running.
func (s *sleeper) inMemory(megabytes int) {
	s.t.Helper()
	binary, err := dotBinary()
	if err != nil {
		s.t.Fatal(err)
	}
	limit := fmt.Sprintf(`ulimit -v %d; exec "$@"`, megabytes<<10)
	res := s.run(s.commandIn(s.dir, "/bin/sh", append([]string{"-c", limit, "sh", binary}, s.build()...)...))
	s.t.Logf("exit code %d\n%s", res.code, res.stderr)
	if panicked := strings.Contains(res.stderr, "goroutine "); panicked {
		s.t.Log("Go itself could not start")
	}
	eventually(s.t, "no connection is left", func() bool {
		return len(s.query("select 1 from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()")) == 0
	})
}
