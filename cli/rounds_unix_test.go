//go:build unix

package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// lines returns the lines of rounds, without their times and those of dbt: "built dev@.: … (orders.sql)".
func (r *running) lines() (rounds []string) {
	for line := range strings.SplitSeq(r.said.String(), "\n") {
		if rest, ok := strings.CutPrefix(line, "11:00:00 "); ok {
			rounds = append(rounds, rest)
		}
	}
	return rounds
}

// ends waits for another round to end, and returns its line.
func (r *running) ends(t *testing.T, after int) string {
	t.Helper()
	late := time.After(time.Minute)
	for {
		if lines := r.lines(); len(lines) > after {
			return lines[after]
		}
		select {
		case <-late:
			t.Fatalf("there are not more than %d rounds:\n%s", after, r.said)
		case <-time.After(time.Millisecond):
		}
	}
}

// isStopped stops a dot that watches, as Ctrl-C does. Nothing of it is left.
func (s *shop) isStopped(r *running) {
	s.t.Helper()
	r.signal(s.t, syscall.SIGINT)
	if code := r.wait(s.t); code != 130 {
		s.t.Errorf("exit code %d, want 130; it said\n%s", code, r.said)
	}
	s.nobodyLeft()
}

// wantRound compares the line of a round, without the schema.
func wantRound(t *testing.T, got, want string) {
	t.Helper()
	before, rest, _ := strings.Cut(got, ", schema ")
	if _, after, ok := strings.Cut(rest, ", "); ok {
		got = before + ", " + after
	}
	if got != want {
		t.Errorf("the round says %q, want %q", got, want)
	}
}

// Each save is a round: a line says what was built, and for which files.
func TestRounds(t *testing.T) {
	withRace(t)
	t.Parallel()
	s := newShop(t)
	r := s.start("build dev@. --watch", false)
	wantRound(t, r.ends(t, 0), "built dev@.: 6 ok, 0s")

	s.write("models/orders.sql", "select 1 as order_id\n")
	wantRound(t, r.ends(t, 1), "built dev@.: 4 ok, 0s (orders.sql)")

	// What the round says of a file that is wrong is an error. The rounds go on.
	s.write("dot_environments.user.yml", "environment: [\n")
	wantRound(t, r.ends(t, 2), "failed dev@.: 0s (dot_environments.user.yml)")
	r.says(t, "error: dot_environments.user.yml:")
	s.write("dot_environments.user.yml", "environment:\n  dev:\n    vars:\n      color: red\n")
	wantRound(t, r.ends(t, 3), "built dev@.: 6 ok, 0s (dot_environments.user.yml)")

	// A file that is saved as it was is no round. An ignored file is none, either.
	s.write(".git/info/exclude", "*.tmp\n")
	s.write("models/orders.sql", "select 1 as order_id\n")
	s.write("models/x.tmp", "")
	s.write("target/manifest.json", "")
	// Several files are one round.
	s.write("models/new/one.sql", "select 1 as one\n")
	s.write("models/new/two.sql", "select 2 as two\n")
	line := r.ends(t, 4)
	if !strings.HasPrefix(line, "built dev@.: 2 ok") {
		t.Errorf("the round says %q", line)
	}
	s.remove("models/new")
	if line := r.ends(t, 5); !strings.HasPrefix(line, "built dev@.: nothing modified") {
		t.Errorf("the round says %q", line)
	}
	s.isStopped(r)
	if got := len(r.lines()); got != 6 {
		t.Errorf("%d rounds, want 6:\n%s", got, r.said)
	}
	for _, once := range []string{"watching ", "note: interrupted"} {
		if n := strings.Count(r.said.String(), once); n != 1 {
			t.Errorf("it says %d times %q:\n%s", n, once, r.said)
		}
	}
}

// Ctrl-C in the middle of a round ends dbt, and says how, as without --watch (A.7).
func TestRoundsInterrupted(t *testing.T) {
	withRace(t)
	t.Parallel()
	for _, terminal := range []bool{false, true} {
		s := newShop(t)
		r := s.startHalfway("build dev@. --watch", "build", terminal)
		if terminal {
			r.typed(t, ctrlC)
		} else {
			r.signal(t, syscall.SIGINT)
		}
		if code := r.wait(t); code != 130 {
			t.Errorf("exit code %d, want 130; it said\n%s", code, r.said)
		}
		s.nobodyLeft()
		r.saneTerminal(t)
		if said := r.said.String(); strings.Count(said, interrupting) != 1 || !strings.Contains(said, "interrupted") {
			t.Errorf("it says\n%s", said)
		}
		if plan := s.run("plan build dev@.").stdout; !strings.Contains(plan, "interrupted") {
			t.Errorf("the plan does not say that it was interrupted:\n%s", plan)
		}
	}
}

// A round that reads what is saved is stopped, and the next one has all files. Other rounds go on.
func TestRoundsSavedMeanwhile(t *testing.T) {
	withRace(t)
	t.Parallel()
	s := newShop(t)
	dir := t.TempDir()
	hung, release := filepath.Join(dir, "hung"), filepath.Join(dir, "release")
	for _, fifo := range []string{hung, release} {
		if err := syscall.Mkfifo(fifo, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	hangs := func() {
		t.Helper()
		if _, err := os.ReadFile(hung); err != nil {
			t.Fatal(err)
		}
	}
	r := s.start("build dev@. --own-schema -s orders --watch", false, "STANDIN_HANG=build", "STANDIN_HUNG="+hung, "STANDIN_RELEASE="+release)
	hangs()
	s.write("models/orders.sql", "select 2 as order_id\n")
	line := r.ends(t, 0)
	if !strings.HasPrefix(line, "stopped dev@") || !strings.Contains(line, "files were saved") || strings.Contains(r.said.String(), interrupting) {
		t.Errorf("the round says %q in\n%s", line, r.said)
	}
	hangs()
	s.write("models/other.sql", "select 1 as one\n") // nobody knows what a new file means
	r.ends(t, 1)
	hangs()
	s.write("models/other.sql", "select 2 as one\n")
	open, err := os.OpenFile(release, os.O_WRONLY, 0) // once dbt reads it
	if err != nil {
		t.Fatal(err)
	}
	open.Close()
	line = r.ends(t, 2)
	if !strings.HasPrefix(line, "built dev@.: 2 ok") || !strings.HasSuffix(line, "(orders.sql, other.sql)") {
		t.Errorf("the round says %q", line)
	}
	hangs()
	s.isStopped(r)
	if line := r.ends(t, 3); !strings.HasPrefix(line, "interrupted dev@.") || !strings.HasSuffix(line, "(other.sql)") {
		t.Errorf("the last round says %q", line)
	}
}

// While git has conflicts to resolve, no round begins.
func TestRoundsWaitsForGit(t *testing.T) {
	withRace(t)
	t.Parallel()
	s := newShop(t)
	s.git("switch", "-q", "-c", "theirs", "main")
	s.write("models/orders.sql", "select 3 as order_id\n")
	s.git("commit", "-qam", "theirs")
	s.git("switch", "-q", "metrics")
	r := s.start("build dev@. --watch", false)
	r.ends(t, 0)
	s.git("-c", "alias.try=!git merge -q theirs || true", "try")
	r.says(t, "note: a merge is in progress: the next round begins when it is over\n")
	s.write("models/orders.sql", "select 4 as order_id\n")
	s.git("add", "models/orders.sql")
	s.git("commit", "-qm", "merged")
	line := r.ends(t, 1)
	if !strings.HasPrefix(line, "built dev@.: 4 ok") || !strings.HasSuffix(line, "(orders.sql)") {
		t.Errorf("the round says %q", line)
	}
	s.git("checkout", "-q", "main") // many files are one round
	r.ends(t, 2)
	s.isStopped(r)
	if got := r.lines(); len(got) != 3 {
		t.Errorf("the rounds are %q", got)
	}
}

// With --log json, each round ends with an event.
func TestRoundsEvents(t *testing.T) {
	withRace(t)
	t.Parallel()
	s := newShop(t)
	r := s.start("build dev@. --watch --log json", false)
	r.says(t, `"event":"round"`)
	s.write("models/orders.sql", "select 1 as order_id\n")
	r.says(t, `"round":2`)
	s.write("dot_environments.user.yml", "environment: [\n")
	r.says(t, `"round":3`)
	s.isStopped(r)
	type event struct {
		Event, State, Error string
		Round               int
		Saved               []string
		Seconds             *float64
	}
	var got []event
	var kinds []string
	for line := range strings.SplitSeq(r.said.String(), "\n") {
		var e event
		if !strings.HasPrefix(line, "{") {
			continue // dot's own messages
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		if slices.Contains([]string{"start", "end", "round"}, e.Event) {
			kinds = append(kinds, e.Event)
		}
		if e.Event == "round" {
			if e.Seconds == nil || (e.Error != "") != (e.Round == 3) {
				t.Errorf("event %s", line)
			}
			e.Seconds, e.Error = nil, ""
			got = append(got, e)
		}
	}
	want := []event{
		{Event: "round", State: "built", Round: 1, Saved: []string{}},
		{Event: "round", State: "built", Round: 2, Saved: []string{"models/orders.sql"}},
		{Event: "round", State: "failed", Round: 3, Saved: []string{"dot_environments.user.yml"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if want := strings.Fields("start end round start end round round"); !slices.Equal(kinds, want) {
		t.Errorf("events %v, want %v", kinds, want)
	}
}

// What dbt prints is shown where a command is run for it.
func TestRoundsShows(t *testing.T) {
	withRace(t)
	t.Parallel()
	s := newShop(t)
	s.run("build dev@.")
	r := s.start("list dev@. --watch", false)
	r.ends(t, 0)
	r.says(t, "shop.orders")
	s.write("models/another.sql", "select 1 as one\n")
	r.ends(t, 1)
	r.says(t, "shop.another")
	s.isStopped(r)
}
