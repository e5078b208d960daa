package workspace

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLedgerOfARun(t *testing.T) {
	lt := newLedgerTest(t)
	r1 := lt.begin("dev", "a b c")
	lt.is("a:r1:unknown b:r1:unknown c:r1:unknown")
	lt.end(r1, "a", "b", true) // dbt skipped c, and there was none before
	lt.is("a:r1:written b:r1:failed")

	r2 := lt.begin("dev", "a b")
	lt.end(r2, "b", "", true) // dbt skipped a: what stands is r1's
	lt.is("a:r1:written b:r2:written")

	lt.begin("dev", "a") // killed
	lt.is("a:r3:unknown b:r2:written")

	r4 := lt.begin("dev", "a b")
	lt.end(r4, "b", "", false) // interrupted
	lt.is("a:r4:unknown b:r4:written")

	r5 := lt.begin("dev", "a b") // interrupted, and known where
	lt.settle(r5, Ending{Begun: []string{"a"}, Complete: true})
	lt.is("a:r5:unknown b:r4:written")
}

// A run that reached no node leaves ledger and layer unchanged: F.2.
func TestRunThatTouchedNothing(t *testing.T) {
	lt := newLedgerTest(t)
	lt.end(lt.begin("dev", "a b"), "a b", "", true)
	before := lt.standing("dev")
	lt.settle(lt.begin("dev", "a b c"), Ending{Complete: true})
	after := lt.standing("dev")
	if diff := cmp.Diff(before.Nodes, after.Nodes); diff != "" {
		t.Errorf("(-before +after)\n%s", diff)
	}
}

// A run that continues a failed run takes over the nodes that it keeps of it. Nodes that
// it has to write again, and does not come to, stay as they were.
func TestResumedRun(t *testing.T) {
	lt := newLedgerTest(t)
	other := lt.begin("dev", "x")
	lt.end(other, "x", "", true)
	failed := lt.begin("dev", "a b c d")
	lt.end(failed, "a b", "c", true)
	lt.is("a:r2:written b:r2:written c:r2:failed x:r1:written")

	run := lt.resume("dev", "a b c d x", "a b")
	if written := lt.settle(run, Ending{Written: []string{"c", "d"}, Complete: true}); written != 4 {
		t.Errorf("wrote %d; want 4: two of its own, two taken over", written)
	}
	lt.is("a:r3:written b:r3:written c:r3:written d:r3:written x:r1:written")

	again := lt.resume("dev", "a b c", "b")
	lt.settle(again, Ending{Begun: []string{"a"}, Complete: true})
	lt.is("a:r4:unknown b:r4:written c:r3:written d:r3:written x:r1:written")

	early := lt.resume("dev", "b", "b")
	lt.settle(early, Ending{Complete: true})
	lt.is("a:r4:unknown b:r5:written c:r3:written d:r3:written x:r1:written")
	if s := lt.standing("dev"); s.Run.ID != early.ID {
		t.Errorf("the last run is %s, want %s, which has kept b", s.Run.ID, early.ID)
	}
}

// TestHistory proves when a relation's history starts: a run on top of the
// existing relation keeps its start, and a rebuild starts a new one.
func TestHistory(t *testing.T) {
	lt := newLedgerTest(t)
	anew := func(want bool, when string) {
		t.Helper()
		if e := lt.ledger().Relations["a"]; e.Since.Equal(e.Time) != want {
			t.Errorf("%s: written %s, since %s", when, e.Time, e.Since)
		}
	}
	lt.end(lt.begin("dev", "a b"), "a", "b", true)
	anew(true, "the first time")
	if e := lt.ledger().Relations["a"]; !e.Unfinished {
		t.Error("the run failed, and its relation counts as finished")
	}
	first := lt.ledger().Relations["a"].Since
	lt.end(lt.begin("dev", "a"), "", "a", true)
	lt.end(lt.begin("dev", "a"), "a", "", true)
	anew(false, "on top of itself, over a failure")
	if e := lt.ledger().Relations["a"]; !e.Since.Equal(first) || e.Unfinished {
		t.Errorf("since %s, and it began at %s; unfinished: %t", e.Since, first, e.Unfinished)
	}
	lt.settle(lt.begin("dev", "a"), Ending{Written: []string{"a"}, Complete: true, Anew: map[string]bool{"a": true}})
	anew(true, "made anew")
}

// TestUnfinished proves which relations hold only rows of runs that did not succeed,
// however many of them there were.
func TestUnfinished(t *testing.T) {
	killed := Ending{Begun: []string{"a"}, Complete: true}
	stopped := Ending{Complete: true} // before it reached the node
	failed := Ending{Written: []string{"a"}, Complete: true}
	anew := Ending{Written: []string{"a"}, Complete: true, Anew: map[string]bool{"a": true}}
	done := Ending{Written: []string{"a"}, Complete: true, Succeeded: true}
	for _, test := range []struct {
		name string
		runs []Ending
		want bool
	}{
		{"killed", []Ending{killed}, true},
		{"killed twice", []Ending{killed, killed}, true},
		{"failed, then killed", []Ending{failed, killed}, true},
		{"killed, then stopped before it", []Ending{killed, stopped}, true},
		{"failed twice", []Ending{failed, failed}, true},
		{"done at last", []Ending{failed, killed, done}, false},
		{"killed on top of what was done", []Ending{done, killed}, false},
		{"killed twice on top of it", []Ending{done, killed, killed}, false},
		{"killed on top of it, then stopped before it", []Ending{done, killed, stopped}, false},
		{"failed on top of it", []Ending{done, failed}, false},
		{"rebuilt from scratch by a run that failed", []Ending{done, anew}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			lt := newLedgerTest(t)
			for _, end := range test.runs {
				lt.settle(lt.begin("dev", "a"), end)
			}
			if e := lt.ledger().Relations["a"]; e.Unfinished != test.want {
				t.Errorf("unfinished: %t; the entry is %+v", e.Unfinished, e)
			}
		})
	}
}

// A run that had nothing to do keeps its manifest, too: the layer has the size of that one.
func TestManifestOfNothing(t *testing.T) {
	lt := newLedgerTest(t)
	first := lt.begin("dev", "a")
	first.Manifest = 100
	lt.settle(first, Ending{Written: []string{"a"}, Complete: true, Succeeded: true})
	second := lt.begin("dev", "")
	second.Manifest = 105
	lt.settle(second, Ending{Complete: true, Succeeded: true})
	if s := lt.standing("dev"); s.Run.ID != first.ID || s.Run.Manifest != 105 {
		t.Errorf("run %s, manifest of %d bytes", s.Run.ID, s.Run.Manifest)
	}
}

func TestFooting(t *testing.T) {
	lt := newLedgerTest(t)
	below := lt.build("prod").Ref(place)
	lt.settle(lt.begin("dev", "a"), Ending{Written: []string{"a"}, Complete: true, Layer: &Footing{Below: &below, Changed: []string{"a"}}})
	lt.end(lt.begin("dev", "b"), "b", "", true)
	s := lt.standing("dev")
	if s.Below == nil || *s.Below != below || len(s.Changed) != 1 || lt.w.BuildOf(*s.Below).ID() != "prod@9b13827" {
		t.Errorf("rests on %+v, and changes %v", s.Below, s.Changed)
	}
	lt.settle(lt.begin("dev", "a b"), Ending{Written: []string{"a", "b"}, Complete: true, Layer: &Footing{}})
	if s := lt.standing("dev"); s.Below != nil || s.Changed != nil {
		t.Errorf("rests on %+v, and changes %v", s.Below, s.Changed)
	}
}
