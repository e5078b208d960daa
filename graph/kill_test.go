package graph_test

import (
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// instants runs p in w to its end and returns what a kill would have left of w
// before each write, of a record or of a product. What steps make is written
// in two halves.
func instants(t *rapid.T, p plot, w *world) []*world {
	out := []*world{w.copy()}
	w.written = func() { out = append(out, w.copy()) }
	if err := p.runUndisturbed(w); err != nil {
		t.Fatal(err)
	}
	w.written = nil
	for _, b := range w.broken {
		t.Error(b)
	}
	return out
}

// Wherever a run is killed, and the next one too: the same command then leaves
// the world and the records (but for times) that an undisturbed run leaves.
func TestKilledAtAnyInstant(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		start, p := drawHistory(rt, drawPlot(rt))
		again := rapid.SliceOfN(rapid.IntRange(0, 999), 3, 3).Draw(rt, "later kills")

		undisturbed := start.copy()
		killed := instants(rt, p, undisturbed)
		records := undisturbed.remembered(t)
		check := func(what string, n int, w *world) {
			if !maps.Equal(undisturbed.made, w.made) {
				rt.Errorf("%s %d: made %v, undisturbed %v", what, n, w.made, undisturbed.made)
			}
			if diff := cmp.Diff(records, w.remembered(t), sameRecord); diff != "" {
				rt.Errorf("%s %d: records (-undisturbed +got):\n%s", what, n, diff)
			}
		}
		for n, w := range killed {
			w = w.copy()
			instants(rt, p, w)
			check("killed before write", n, w)
		}
		w := start
		for n, k := range again {
			left := instants(rt, p, w.copy())
			w = left[k%len(left)]
			end := w.copy()
			instants(rt, p, end)
			check("killed several times, the last time", n, end)
		}
	})
}
