package workspace

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// TestOverwritten proves F.2, F.4.
func TestOverwritten(t *testing.T) {
	const mine, other = "dev", "prod"
	tests := []struct {
		name string
		then func(*ledgerTest)
		want string
	}{
		{"nobody", func(*ledgerTest) {}, ""},
		{"the same build, another node", func(t *ledgerTest) { t.end(t.begin(mine, "z"), "z", "", true) }, ""},
		{"the same build, one of the nodes", func(t *ledgerTest) { t.end(t.begin(mine, "a"), "a", "", true) }, "1 of its 2 relations was changed by a later dot build"},
		{"the same build, failed", func(t *ledgerTest) { t.end(t.begin(mine, "a"), "", "a", true) }, "1 of its 2 relations was changed by a later dot build"},
		{"the same build, did not come to it", func(t *ledgerTest) { t.end(t.begin(mine, "a"), "", "", true) }, ""},
		{"another build, another relation", func(t *ledgerTest) { t.end(t.begin(other, "z"), "z", "", true) }, ""},
		{"another build, one of its relations", func(t *ledgerTest) { t.end(t.begin(other, "a"), "a", "", true) }, "1 of its 2 relations changed: a was overwritten by prod@9b13827"},
		{"another build, killed", func(t *ledgerTest) { t.begin(other, "a") }, "1 of its 2 relations changed: a was overwritten by prod@9b13827"},
		{"another build that touched nothing", func(t *ledgerTest) { t.end(t.begin(other, "a"), "", "", true) }, ""},
		{"dropped", func(t *ledgerTest) {
			if err := t.w.Strike([]Relation{{place, "b"}}, "was dropped with prod.x"); err != nil {
				t.Fatal(err)
			}
		}, "1 of its 2 relations changed: b was dropped with prod.x"},
		{"ledger lost", func(t *ledgerTest) {
			if err := os.Remove(t.w.ledgerFile(place)); err != nil {
				t.Fatal(err)
			}
		}, "2 of its 2 relations changed: a has no ledger entry any more"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			lt := newLedgerTest(t)
			run := lt.begin(mine, "a b")
			lt.end(run, "a b", "", true)
			tt.then(lt)
			if got := lt.standing(mine).Overwritten(run.ID, 2); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// TestStandingAndIdentity proves E.2.
func TestStandingAndIdentity(t *testing.T) {
	lt := newLedgerTest(t)
	if _, err := lt.w.Standing(lt.build("prod"), place); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a build that was never run stands: %v", err)
	}
	lt.end(lt.begin("prod", "a b"), "a b", "", true)
	first := lt.standing("prod")
	if len(first.Nodes) != 2 || first.Run.ID != "r1" {
		t.Fatalf("%+v", first)
	}
	if first.Identity() != lt.standing("prod").Identity() {
		t.Error("identity of the same standing differs")
	}
	lt.end(lt.begin("dev", "a"), "a", "", true)
	if after := lt.standing("prod"); after.Identity() == first.Identity() || after.Lost["a"] == "" {
		t.Errorf("a relation written by another build went unnoticed: %+v", after)
	}
}

// A relation that has only some of its rows, or is gone, can't be read.
func TestProblems(t *testing.T) {
	lt := newLedgerTest(t)
	run := lt.begin("dev", "a b c")
	lt.end(run, "a", "b", false)
	empty := targets("d")
	d := empty["d"]
	d.Partial = "--empty"
	empty["d"] = d
	if err := lt.w.Begin(lt.build("dev"), place, run.Run, empty); err != nil {
		t.Fatal(err)
	}
	if _, err := lt.w.End(lt.build("dev"), place, run.Run, empty, Ending{Written: []string{"d"}}); err != nil {
		t.Fatal(err)
	}
	s := lt.standing("dev")
	for id, want := range map[string]string{
		"a": "", "b": "failed in dev@9b13827", "c": "was interrupted in dev@9b13827", "d": "was built with --empty", "z": "",
	} {
		if got := s.Problem(id); got != want {
			t.Errorf("%s: %q, want %q", id, got, want)
		}
	}
}

// TestDatabaseFile proves that a relation is lost with its database file.
func TestDatabaseFile(t *testing.T) {
	lt := newLedgerTest(t)
	file := filepath.Join(t.TempDir(), "x.duckdb")
	p := Place{Adapter: "duckdb", Database: file, Schema: "main"}
	makeFile := func() {
		if err := os.WriteFile(file, []byte("db"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	may := map[string]Target{"a": {Relation: Relation{Place: p, Name: "a"}}}
	b, run := lt.build("dev"), Run{ID: "r"}
	if err := lt.w.Begin(b, p, run, may); err != nil {
		t.Fatal(err)
	}
	makeFile()
	if _, err := lt.w.End(b, p, run, may, Ending{Written: []string{"a"}, Complete: true, Succeeded: true}); err != nil {
		t.Fatal(err)
	}
	lost := func() string {
		t.Helper()
		s, err := lt.w.Standing(b, p)
		if err != nil {
			t.Fatal(err)
		}
		return s.Lost["a"]
	}
	if why := lost(); why != "" {
		t.Errorf("just written, it %s", why)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if why := lost(); why != "is gone with its database file "+file {
		t.Errorf("without the file: %q", why)
	}
	makeFile()
	if fileIdentity(file) == "" {
		t.Skip("this file system keeps no time of birth")
	}
	if why := lost(); why != "was lost when its database file "+file+" was replaced" {
		t.Errorf("with another file: %q", why)
	}
	if err := lt.w.Begin(b, p, Run{ID: "s"}, may); err != nil {
		t.Fatal(err)
	}
	if l, err := lt.w.Ledger(p); err != nil || !l.Relations["a"].Unfinished {
		t.Errorf("the run goes on with the history that was lost with the file: %+v, %v", l, err)
	}
}

// A run that replaced relations tells the others what the warehouse dropped with them.
func TestDropped(t *testing.T) {
	lt := newLedgerTest(t)
	lt.end(lt.begin("dev", "view"), "view", "", true)
	run := lt.begin("prod", "model.p.dim.v1 model.p.other")
	run.Drops = map[string][]Relation{"model.p.dim.v1": {{place, "view"}}, "model.p.other": {{place, "model.p.dim.v1"}}}
	lt.end(run, "model.p.dim.v1", "", true)
	if why, want := lt.standing("dev").Problem("view"), "was dropped when prod@9b13827 replaced dim.v1"; why != want {
		t.Errorf("the view %q, want %q", why, want)
	}
	if why := lt.standing("prod").Problem("model.p.dim.v1"); why != "" {
		t.Errorf("the run did not replace other, yet dim.v1 %s", why)
	}
}
