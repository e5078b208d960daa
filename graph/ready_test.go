package graph

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// In whatever order steps become ready and return their places, next is the first in the plan that
// finds its places, and no step waits that could start.
func TestReady(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SampledFrom([]string{"jobs", "file", "warehouse"})
		var steps []Planned
		var coming []int // steps that aren't ready yet, in the order in which they become ready
		for i := range rapid.IntRange(1, 12).Draw(t, "steps") {
			pools := rapid.SliceOfNDistinct(names, 0, 3, rapid.ID[string]).Draw(t, "pools")
			steps = append(steps, Planned{Step: &Step{Pools: pools}})
			coming = append(coming, i)
		}
		coming = rapid.Permutation(coming).Draw(t, "order")
		sizes := rapid.MapOf(names, rapid.IntRange(1, 3)).Draw(t, "sizes")

		r := newReady(steps, sizes)
		var waiting, running []int
		canBegin := func(i int) bool {
			return !slices.ContainsFunc(steps[i].Step.Pools, func(pool string) bool {
				taken := 0
				for _, j := range running {
					if slices.Contains(steps[j].Step.Pools, pool) {
						taken++
					}
				}
				return taken >= max(1, sizes[pool])
			})
		}
		for len(coming)+len(waiting)+len(running) > 0 {
			if len(running) == 0 || rapid.Bool().Draw(t, "steps become ready") {
				n := rapid.IntRange(min(1, len(coming)), len(coming)).Draw(t, "how many")
				for _, i := range coming[:n] {
					r.add(i)
				}
				waiting, coming = append(waiting, coming[:n]...), coming[n:]
			} else {
				n := rapid.IntRange(0, len(running)-1).Draw(t, "which ends")
				r.leave(running[n])
				running = slices.Delete(running, n, n+1)
			}
			for {
				slices.Sort(waiting)
				n := slices.IndexFunc(waiting, canBegin)
				got, ok := r.next()
				if ok != (n >= 0) || ok && got != waiting[n] {
					t.Fatalf("next is %d, %t with %v waiting and %v running", got, ok, waiting, running)
				}
				if !ok {
					break
				}
				running, waiting = append(running, got), slices.Delete(waiting, n, n+1)
			}
		}
	})
}
