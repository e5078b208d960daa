package workspace

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"dot-for-dbt/internal/durable"
)

var place = Place{Adapter: "duckdb", Host: "w.duckdb", Database: "w", Schema: "main_9b13827"}

// ledgerTest is a workspace whose runs follow each other by a minute.
type ledgerTest struct {
	*testing.T
	w    *Workspace
	runs int
}

func newLedgerTest(t *testing.T) *ledgerTest { return &ledgerTest{T: t, w: created(t)} }

// nodes is the set of nodes given, each with a relation.
func nodes(ids string) map[string]string {
	set := map[string]string{}
	for _, id := range strings.Fields(ids) {
		set[id] = "main." + id
	}
	return set
}

func (t *ledgerTest) begin(build, may string) Run {
	t.Helper()
	t.runs++
	run := Run{
		ID: "r" + string(rune('0'+t.runs)), Build: build, Command: "build",
		Time: time.Date(2026, 11, 23, 12, t.runs, 0, 0, time.UTC),
	}
	if err := t.w.BeginRun(place, run, nodes(may)); err != nil {
		t.Fatal(err)
	}
	return run
}

func (t *ledgerTest) end(run Run, written, failed string, complete bool) {
	t.Helper()
	if _, err := t.w.EndRun(place, run, Ending{Written: nodes(written), Failed: nodes(failed), Complete: complete}); err != nil {
		t.Fatal(err)
	}
}

func (t *ledgerTest) ledger() *Ledger {
	t.Helper()
	l, err := t.w.Ledger(place)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// is fails unless the ledger has exactly these nodes, each "id:run:status".
func (t *ledgerTest) is(want string) {
	t.Helper()
	got := map[string]bool{}
	for id, e := range t.ledger().Nodes {
		got[id+":"+e.Run+":"+string(e.Status)] = true
	}
	fields := strings.Fields(want)
	for _, f := range fields {
		if !got[f] {
			t.Errorf("no %s in %v", f, got)
		}
	}
	if len(got) != len(fields) {
		t.Errorf("got %v, want %v", got, fields)
	}
}

func TestLedgerOfARun(t *testing.T) {
	lt := newLedgerTest(t)
	r1 := lt.begin("dev@9b13827", "a b c")
	lt.is("a:r1:unknown b:r1:unknown c:r1:unknown")
	lt.end(r1, "a", "b", true) // dbt skipped c, and there was none before
	lt.is("a:r1:written b:r1:failed")

	r2 := lt.begin("dev@9b13827", "a b")
	lt.end(r2, "b", "", true) // dbt skipped a: what stands is r1's
	lt.is("a:r1:written b:r2:written")

	lt.begin("dev@9b13827", "a") // killed
	lt.is("a:r3:unknown b:r2:written")

	r4 := lt.begin("dev@9b13827", "a b")
	lt.end(r4, "b", "", false) // interrupted
	lt.is("a:r4:unknown b:r4:written")

	r5 := lt.begin("dev@9b13827", "a b")
	end := Ending{Begun: []string{"a"}, Complete: true} // interrupted, and known where
	if _, err := lt.w.EndRun(place, r5, end); err != nil {
		t.Fatal(err)
	}
	lt.is("a:r5:unknown b:r4:written")
}

// TestOverwrittenBy proves F.2, F.4.
func TestOverwrittenBy(t *testing.T) {
	const mine, other = "dev@9b13827", "prod@9b13827"
	tests := []struct {
		name string
		then func(*ledgerTest)
		want string
	}{
		{"nobody", func(*ledgerTest) {}, ""},
		{"the same build, another node", func(t *ledgerTest) { t.end(t.begin(mine, "z"), "z", "", true) }, ""},
		{"the same build, one of the nodes", func(t *ledgerTest) { t.end(t.begin(mine, "a"), "a", "", true) }, "1 of its 2 nodes written since by dot build"},
		{"the same build, failed", func(t *ledgerTest) { t.end(t.begin(mine, "a"), "", "a", true) }, "1 of its 2 nodes written since by dot build"},
		{"the same build, did not come to it", func(t *ledgerTest) { t.end(t.begin(mine, "a"), "", "", true) }, ""},
		{"another build, another node", func(t *ledgerTest) { t.end(t.begin(other, "z"), "z", "", true) }, "schema last written by prod@9b13827"},
		{"another build, killed", func(t *ledgerTest) { t.begin(other, "a") }, "schema last written by prod@9b13827"},
		{"another build that touched nothing", func(t *ledgerTest) { t.end(t.begin(other, ""), "", "", true) }, "schema last written by prod@9b13827"},
		{"ledger lost", func(t *ledgerTest) {
			if err := os.Remove(t.w.ledgerFile(place)); err != nil {
				t.Fatal(err)
			}
		}, "the ledger of the schema no longer knows of it"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			lt := newLedgerTest(t)
			run := lt.begin(mine, "a b")
			lt.end(run, "a b", "", true)
			tt.then(lt)
			if got := lt.ledger().OverwrittenBy(mine, run.ID, 2); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// TestStandingAndIdentity proves E.2.
func TestStandingAndIdentity(t *testing.T) {
	lt := newLedgerTest(t)
	if _, ok := lt.ledger().Standing("prod@9b13827"); ok {
		t.Error("a build that was never run stands")
	}
	lt.end(lt.begin("prod@9b13827", "a b"), "a b", "", true)
	first, ok := lt.ledger().Standing("prod@9b13827")
	if !ok || len(first.Nodes) != 2 || first.Run.ID != "r1" {
		t.Fatalf("%+v, %v", first, ok)
	}
	same, _ := lt.ledger().Standing("prod@9b13827")
	if first.Identity() != same.Identity() {
		t.Error("identity of the same standing differs")
	}
	lt.end(lt.begin("dev@9b13827", "a"), "a", "", true)
	after, _ := lt.ledger().Standing("prod@9b13827")
	if after.Identity() == first.Identity() || after.Foreign["a"] != "dev@9b13827" {
		t.Errorf("a node written by another build went unnoticed: %+v", after)
	}
}

func TestDamagedLedgerIsSetAside(t *testing.T) {
	lt := newLedgerTest(t)
	lt.end(lt.begin("dev@9b13827", "a b"), "a b", "", true)
	file := lt.w.ledgerFile(place)
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for n := range len(strings.TrimSpace(string(whole))) {
		if err := os.WriteFile(file, whole[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := lt.w.Ledger(place); err == nil {
			t.Fatalf("a ledger cut after %d bytes was trusted", n)
		}
	}
	run := lt.begin("dev@9b13827", "a")
	lt.end(run, "a", "", true)
	lt.is("a:r2:written")
	if _, err := os.Stat(file + ".damaged"); err != nil {
		t.Errorf("the damaged ledger is gone: %v", err)
	}
}

func TestLedgerOfAnotherPlaceIsNotTrusted(t *testing.T) {
	lt := newLedgerTest(t)
	lt.begin("dev@9b13827", "a")
	elsewhere := place
	elsewhere.Schema = "other"
	if err := durable.Copy(lt.w.ledgerFile(elsewhere), lt.w.ledgerFile(place)); err != nil {
		t.Fatal(err)
	}
	if _, err := lt.w.Ledger(elsewhere); err == nil {
		t.Error("the ledger of another place was trusted")
	}
}

// A run that goes on with one that failed takes over what that wrote, and
// nothing else; what it did not end stays as unknown as ever.
func TestResumedRun(t *testing.T) {
	lt := newLedgerTest(t)
	other := lt.begin("dev", "x")
	lt.end(other, "x", "", true)
	failed := lt.begin("dev", "a b c d")
	lt.end(failed, "a b", "c", true)
	lt.is("a:r2:written b:r2:written c:r2:failed x:r1:written")

	run := lt.begin("dev", "a b c d x")
	written, err := lt.w.EndRun(place, run, Ending{Written: nodes("c d"), Complete: true, Resumes: failed.ID})
	if err != nil || written != 4 {
		t.Errorf("wrote %d, %v; want 4: two of its own, two taken over", written, err)
	}
	lt.is("a:r3:written b:r3:written c:r3:written d:r3:written x:r1:written")

	again := lt.begin("dev", "a b")
	if _, err := lt.w.EndRun(place, again, Ending{Begun: []string{"a"}, Complete: true, Resumes: run.ID}); err != nil {
		t.Fatal(err)
	}
	lt.is("a:r4:unknown b:r4:written c:r3:written d:r3:written x:r1:written")
}

// TestHistory follows since when a node has its history: what is built on top of
// itself goes on with it, and what is made anew begins one.
func TestHistory(t *testing.T) {
	lt := newLedgerTest(t)
	anew := func(want bool, when string) {
		t.Helper()
		if e := lt.ledger().Nodes["a"]; e.Since.Equal(e.Time) != want {
			t.Errorf("%s: written %s, since %s", when, e.Time, e.Since)
		}
	}
	lt.end(lt.begin("dev", "a"), "a", "", true)
	anew(true, "the first time")
	first := lt.ledger().Nodes["a"].Since
	lt.end(lt.begin("dev", "a"), "", "a", true)
	lt.end(lt.begin("dev", "a"), "a", "", true)
	anew(false, "on top of itself, over a failure")
	if since := lt.ledger().Nodes["a"].Since; !since.Equal(first) {
		t.Errorf("since %s, and it began at %s", since, first)
	}
	run := lt.begin("dev", "a")
	if _, err := lt.w.EndRun(place, run, Ending{Written: nodes("a"), Complete: true, Anew: true}); err != nil {
		t.Fatal(err)
	}
	anew(true, "made anew")
}

// Runs are in order also where the clock was set back between them.
func TestClockSetBack(t *testing.T) {
	const mine, other = "dev@9b13827", "prod@9b13827"
	lt := newLedgerTest(t)
	first := lt.begin(mine, "a b")
	lt.end(first, "a b", "", true)
	second := Run{ID: "second", Build: other, Command: "build", Time: first.Time.Add(-time.Hour)}
	for _, step := range []struct {
		name string
		do   func() error
	}{
		{"begun", func() error { return lt.w.BeginRun(place, second, nodes("z")) }},
		{"ended", func() error {
			_, err := lt.w.EndRun(place, second, Ending{Written: nodes("z"), Complete: true})
			return err
		}},
	} {
		if err := step.do(); err != nil {
			t.Fatal(err)
		}
		if last := lt.ledger().LastRun(); last.ID != "second" {
			t.Errorf("%s: the last run is %+v", step.name, last)
		}
		if got := lt.ledger().OverwrittenBy(mine, first.ID, 2); got != "schema last written by "+other {
			t.Errorf("%s: overwritten by %q", step.name, got)
		}
	}
	lt.end(lt.begin(mine, "a b"), "a b", "", true)
	if last := lt.ledger().LastRun(); last.Build != mine {
		t.Errorf("the last run is %+v", last)
	}
}

// To end a run takes one pass over the nodes that it began, however many it
// marked.
func TestRestoreOfManyNodes(t *testing.T) {
	const n = 10_000
	run := Run{ID: "r2", Build: "dev@9b13827"}
	l := emptyLedger(place)
	for i := range n {
		l.Nodes[strconv.Itoa(i)] = Entry{Run: run.ID, Build: run.Build, Status: Unknown, Before: &Entry{Run: "r1", Build: run.Build, Status: Written}}
	}
	looks := 0
	l.restore(run, "", func(yield func(string) bool) {
		for i := range n / 2 {
			if looks++; !yield(strconv.Itoa(i)) {
				return
			}
		}
	})
	if looks != n/2 {
		t.Errorf("%d looks at %d nodes that were begun", looks, n/2)
	}
	unknown := 0
	for _, e := range l.Nodes {
		if e.Status == Unknown {
			unknown++
		}
	}
	if unknown != n/2 {
		t.Errorf("%d nodes are unknown, want the %d that were begun", unknown, n/2)
	}
}
