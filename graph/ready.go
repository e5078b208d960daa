package graph

import (
	"cmp"
	"container/heap"
	"math"
	"slices"
)

// ready holds the steps that only wait for places in their pools. The next step is the first one in
// the plan that finds a place in each of its pools.
//
// A step waits behind a gate for each of its pools. The gates form a tree: the pools that most
// steps need are nearest to the root. A gate passes its first step on to the gate before it, unless
// its pool is full. So nobody looks at the other steps, however many wait for a full pool.
type ready struct {
	root  *gate
	gates []*gate // by step: the last of its gates
	looks int     // how often a gate was updated, for tests
}

// A pool limits how many steps run at once.
type pool struct {
	free  int
	gates []*gate // one behind each set of other pools
}

// A gate holds the steps that wait for the same pools.
type gate struct {
	pool   *pool // nil at the root
	before *gate // nearer to the root
	behind map[*pool]*gate
	steps  indexes // steps that need no further pools
	open   gates   // the gates behind it that pass a step on
	first  int     // the first of steps and of those passed on, or none
	at     int     // the gate's index in before.open, or -1
}

// none stands for no step. It is greater than any index.
const none = math.MaxInt

func newGate(p *pool, before *gate) *gate {
	return &gate{pool: p, before: before, first: none, at: -1}
}

// newReady returns an empty ready for the steps of a plan. A pool without a size has one place.
func newReady(steps []Planned, sizes map[string]int) *ready {
	pools, users := make(map[string]*pool), make(map[string]int)
	for _, s := range steps {
		for _, name := range s.Step.Pools {
			users[name]++
			if pools[name] == nil {
				pools[name] = &pool{free: max(1, sizes[name])}
			}
		}
	}
	r := &ready{root: newGate(nil, nil), gates: make([]*gate, len(steps))}
	for i, s := range steps {
		names := slices.SortedFunc(slices.Values(s.Step.Pools), func(a, b string) int {
			return cmp.Or(cmp.Compare(users[b], users[a]), cmp.Compare(a, b))
		})
		g := r.root
		for _, name := range names {
			p := pools[name]
			next := g.behind[p]
			if next == nil {
				next = newGate(p, g)
				p.gates = append(p.gates, next)
				if g.behind == nil {
					g.behind = make(map[*pool]*gate)
				}
				g.behind[p] = next
			}
			g = next
		}
		r.gates[i] = g
	}
	return r
}

// add adds a step that only waits for places.
func (r *ready) add(step int) {
	g := r.gates[step]
	heap.Push(&g.steps, step)
	r.update(g)
}

// next removes the first step that finds its places, and takes these places. ok is false if there
// is none.
func (r *ready) next() (step int, ok bool) {
	step = r.root.first
	if step == none {
		return 0, false
	}
	last := r.gates[step]
	heap.Pop(&last.steps)
	r.update(last)
	for g := last; g.pool != nil; g = g.before {
		if g.pool.free--; g.pool.free == 0 {
			r.update(g.pool.gates...)
		}
	}
	return step, true
}

// leave returns the places of a step.
func (r *ready) leave(step int) {
	for g := r.gates[step]; g.pool != nil; g = g.before {
		if g.pool.free++; g.pool.free == 1 {
			r.update(g.pool.gates...)
		}
	}
}

// update updates gates, and all gates before them.
func (r *ready) update(changed ...*gate) {
	for _, g := range changed {
		for ; g != nil; g = g.before {
			r.looks++
			g.update()
		}
	}
}

// update finds the gate's first step, and whether the gate passes it on.
func (g *gate) update() {
	g.first = none
	if len(g.steps) > 0 {
		g.first = g.steps[0]
	}
	if len(g.open) > 0 {
		g.first = min(g.first, g.open[0].first)
	}
	if g.before == nil {
		return
	}
	passes := g.first != none && g.pool.free > 0
	switch {
	case passes && g.at < 0:
		heap.Push(&g.before.open, g)
	case passes:
		heap.Fix(&g.before.open, g.at)
	case g.at >= 0:
		heap.Remove(&g.before.open, g.at)
	}
}

// gates is a heap of gates, ordered by the step that they pass on.
type gates []*gate

func (h gates) Len() int           { return len(h) }
func (h gates) Less(i, j int) bool { return h[i].first < h[j].first }

func (h gates) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].at, h[j].at = i, j
}

func (h *gates) Push(x any) {
	g := x.(*gate)
	g.at = len(*h)
	*h = append(*h, g)
}

func (h *gates) Pop() any {
	last := len(*h) - 1
	g := (*h)[last]
	g.at = -1
	*h = (*h)[:last]
	return g
}

// indexes is a heap of steps, by their index in the plan.
type indexes []int

func (h indexes) Len() int           { return len(h) }
func (h indexes) Less(i, j int) bool { return h[i] < h[j] }
func (h indexes) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *indexes) Push(x any)        { *h = append(*h, x.(int)) }

func (h *indexes) Pop() any {
	last := len(*h) - 1
	x := (*h)[last]
	*h = (*h)[:last]
	return x
}
