package graph_test

import (
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// instants runs p in w to its end. It returns copies of w as a kill would have left it before each
// write of a record or a product. Steps write their products in two halves.
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

// A run may be killed at any instant, and so may the next one. Running the same command again then
// gives the same world and records (except for times) as an undisturbed run.
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
