package graph

import "container/heap"

// ready holds the steps that wait for nothing but places in their pools. Of
// those that find a place in each of their pools, the first in the plan is next.
//
// Steps with the same pools stand in one line, and only the first of a line is
// looked at. If one of its pools is full, it waits at that pool until a place
// there is given back. So a full pool costs nothing, however many steps wait
// for it.
type ready struct {
	lines []*line // by step: where it stands
	open  indexes // the first steps of lines, to be looked at
	looks int     // how often a step was looked at, for tests
}

// A line is the ready steps with the same pools.
type line struct {
	pools []*pool
	steps indexes
}

// A pool bounds how many steps run at once.
type pool struct {
	free    int
	waiting indexes // the first steps of lines that found the pool full
}

// newReady returns an empty ready for the steps of a plan. A pool without a
// size has one place.
func newReady(steps []Planned, sizes map[string]int) *ready {
	r := &ready{lines: make([]*line, len(steps))}
	pools := make(map[string]*pool)
	lines := make(map[string]*line)
	for i, s := range steps {
		names := s.Step.Pools
		key := string(frame(nil, names...))
		l := lines[key]
		if l == nil {
			l = new(line)
			for _, name := range names {
				if pools[name] == nil {
					pools[name] = &pool{free: max(1, sizes[name])}
				}
				l.pools = append(l.pools, pools[name])
			}
			lines[key] = l
		}
		r.lines[i] = l
	}
	return r
}

// add takes in a step that waits for nothing but places.
func (r *ready) add(step int) {
	l := r.lines[step]
	heap.Push(&l.steps, step)
	if l.steps[0] == step {
		heap.Push(&r.open, step)
	}
}

// next takes out the first step that finds its places, and takes those. ok is
// false if there is none.
func (r *ready) next() (step int, ok bool) {
	for len(r.open) > 0 {
		step := heap.Pop(&r.open).(int)
		r.looks++
		l := r.lines[step]
		isFirst := len(l.steps) > 0 && l.steps[0] == step // else an earlier step has come, and has taken its part
		full := l.full()
		switch {
		case isFirst && full != nil:
			heap.Push(&full.waiting, step)
		case isFirst:
			heap.Pop(&l.steps)
			for _, p := range l.pools {
				p.free--
			}
			if len(l.steps) > 0 {
				heap.Push(&r.open, l.steps[0])
			}
		}
		r.call(l.pools)
		if isFirst && full == nil {
			return step, true
		}
	}
	return 0, false
}

// leave gives the places of a step back.
func (r *ready) leave(step int) {
	pools := r.lines[step].pools
	for _, p := range pools {
		p.free++
	}
	r.call(pools)
}

// call lets the first that waits at each of the pools be looked at, where the
// pool has a place. It is called whenever that place may be left to another: a
// pool with a place and somebody waiting always has a step in open.
func (r *ready) call(pools []*pool) {
	for _, p := range pools {
		if p.free > 0 && len(p.waiting) > 0 {
			heap.Push(&r.open, heap.Pop(&p.waiting))
		}
	}
}

// full returns a pool of the line without a free place, or nil.
func (l *line) full() *pool {
	for _, p := range l.pools {
		if p.free < 1 {
			return p
		}
	}
	return nil
}

// indexes is a heap of steps by their index in the plan.
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
