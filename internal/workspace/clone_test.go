package workspace

import (
	"testing"
	"time"
)

// A clone is no node that the build has, until a run has added to it.
func TestClone(t *testing.T) {
	lt := newLedgerTest(t)
	base := lt.begin("prod", "a@prod")
	lt.end(base, "a", "", true)
	clone := func(view bool) testRun {
		run := testRun{Run: Run{ID: "clone", Command: "build", Time: base.Time.Add(time.Hour), Clones: true}, env: "dev", may: targets("a")}
		at := run.may["a"]
		at.Clone = &Clone{From: lt.build("prod").ID(), Run: base.ID, View: view, Since: base.Time}
		run.may["a"] = at
		if err := lt.w.Begin(lt.build("dev"), place, run.Run, run.may); err != nil {
			t.Fatal(err)
		}
		return run
	}
	ids := func() string {
		s := lt.standing("dev")
		return string(s.Nodes["a"].Status) + " " + s.Problem("a")
	}

	killed := clone(false)
	lt.is("a:clone:unknown")
	lt.settle(killed, Ending{})
	lt.is("a:clone:unknown")
	if e := lt.ledger().Relations["a"]; !e.Unfinished || !e.IsClone() {
		t.Errorf("a clone that was killed: %+v", e)
	}
	if s := lt.standing("dev"); s.Open != nil || s.Written("") != 0 {
		t.Errorf("a clone that was killed counts as a run: %+v", s)
	}
	lt.settle(clone(false), Ending{Written: []string{"a"}, Complete: true, Succeeded: true})
	if got, want := ids(), "cloned was only cloned from "+lt.build("prod").ID(); got != want {
		t.Errorf("the clone is %q, want %q", got, want)
	}
	if l, err := lt.w.Ledger(place); err != nil || !l.HasOf(lt.build("dev")) {
		t.Error("the schema of a clone does not count as the build's")
	}

	skipped := lt.begin("dev", "a")
	lt.settle(skipped, Ending{Complete: true})
	if s := lt.standing("dev"); s.Written("") != 0 || s.Nodes["a"].Status != Cloned {
		t.Errorf("after a run that did not come to it: %+v", s.Nodes["a"])
	}
	lt.end(lt.begin("dev", "a"), "a", "", true)
	e := lt.standing("dev").Nodes["a"]
	if e.Status != Written || e.IsClone() || e.Clone == nil || !e.Since.Equal(base.Time) || e.Unfinished {
		t.Errorf("after a run has added to it: %+v", e)
	}
	anew := lt.begin("dev", "a")
	lt.settle(anew, Ending{Written: []string{"a"}, Complete: true, Succeeded: true, Anew: map[string]bool{"a": true}})
	if e := lt.standing("dev").Nodes["a"]; e.Clone != nil || !e.Since.Equal(anew.Time) {
		t.Errorf("after it was built from scratch: %+v", e)
	}
}
