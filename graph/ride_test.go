package graph_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"
	"testing/synctest"

	"dot-for-dbt/graph"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// A ride is a run of a plot whose actions end one at a time in a random order. It collects
// everything that goes wrong.
type ride struct {
	plot      plot
	keepGoing bool
	order     []int // which of the running actions ends next
	cancel    int   // the run is cancelled after so many ends; -1 is never
	deaf      bool  // actions ignore the cancellation

	plan        *graph.Plan // made before the run
	result      *graph.Result
	events      []graph.Event
	cancelledAt int          // the number of events before the cancellation
	running     map[int]bool // by node
	wrong       []string
}

func drawRide(t *rapid.T, p plot) *ride {
	return &ride{
		plot:      p,
		keepGoing: rapid.Bool().Draw(t, "keep going"),
		order:     rapid.SliceOfN(rapid.IntRange(0, 99), len(p.Nodes), len(p.Nodes)).Draw(t, "order of ends"),
		cancel:    -1, running: map[int]bool{},
	}
}

func (r *ride) errorf(format string, args ...any) {
	r.wrong = append(r.wrong, fmt.Sprintf(format, args...))
}

// in rides in w. Whenever everything waits, it checks what is running, and then ends one action or
// cancels the run.
func (r *ride) in(t *testing.T, w *world) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		gates := make([]chan struct{}, len(r.plot.Nodes))
		for i := range gates {
			gates[i] = make(chan struct{})
		}
		g, err := r.plot.graph(w, func(ctx context.Context, i int) error {
			if r.deaf {
				ctx = t.Context()
			}
			select {
			case <-gates[i]:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		opts := w.options()
		opts.Pools, opts.KeepGoing = r.plot.Pools, r.keepGoing
		opts.Observe = func(e graph.Event) {
			r.events = append(r.events, e)
			switch e.Kind {
			case graph.Beginning:
				r.running[r.plot.number(e.Planned.Step)] = true
			case graph.Ended:
				delete(r.running, r.plot.number(e.Planned.Step))
			}
		}
		r.plan = mustPlan(t, g, opts.Env)
		done := false
		go func() {
			r.result, err = g.Run(ctx, opts)
			done = true
		}()
		for turn := 0; ; turn++ {
			synctest.Wait()
			if done {
				break
			}
			r.atRest()
			if turn == r.cancel {
				r.cancelledAt = len(r.events)
				cancel()
				continue
			}
			under := slices.Sorted(maps.Keys(r.running))
			close(gates[under[r.order[turn%len(r.order)]%len(under)]])
		}
		if err != nil {
			t.Fatal(err)
		}
	})
	r.wrong = append(r.wrong, w.broken...)
}

// atRest checks that no pool has too many steps, and that no step waits that could run.
func (r *ride) atRest() {
	used := map[string]int{}
	for i := range r.running {
		for _, pool := range r.plot.Nodes[i].Pools {
			used[pool]++
		}
	}
	full := func(pool string) bool { return used[pool] >= max(1, r.plot.Pools[pool]) }
	for pool, n := range used {
		if n > max(1, r.plot.Pools[pool]) {
			r.errorf("%d steps are in pool %s at once", n, pool)
		}
	}
	ended := map[int]bool{}
	for _, e := range r.events {
		if e.Kind == graph.Ended || e.Kind == graph.Decided && !e.Planned.Decision.Run {
			ended[r.plot.number(e.Planned.Step)] = true
		}
	}
	for i, n := range r.plot.Nodes {
		waits := slices.ContainsFunc(slices.Concat(r.plot.allBelow(i), n.After), func(j int) bool { return !ended[j] })
		if !ended[i] && !r.running[i] && !waits && !slices.ContainsFunc(n.Pools, full) {
			r.errorf("%s waits for nothing", r.plot.name(i))
		}
	}
}

// check checks the events and the result after the run.
func (r *ride) check() {
	planned := map[int]graph.Decision{}
	for _, s := range r.plan.Steps {
		planned[r.plot.number(s.Step)] = s.Decision
	}
	begun, ended := map[int]int{}, map[int][]graph.Outcome{}
	failed := "" // the first failed step
	for n, e := range r.events {
		i := r.plot.number(e.Planned.Step)
		name := r.plot.name(i)
		switch e.Kind {
		case graph.Decided:
			if n >= len(r.plan.Steps) || r.plan.Steps[n].Step.Name != name {
				r.errorf("%s is decided in another order than planned", name)
			}
			if !cmp.Equal(e.Planned.Decision, planned[i]) {
				r.errorf("%s is planned as %+v and decided as %+v", name, planned[i], e.Planned.Decision)
			}
		case graph.Beginning:
			begun[i]++
			if failed != "" && !r.keepGoing {
				r.errorf("%s begins after %s failed", name, failed)
			}
			if r.cancel >= 0 && r.cancelledAt > 0 && n >= r.cancelledAt {
				r.errorf("%s begins after the cancellation", name)
			}
			for _, j := range r.plot.allBelow(i) {
				if planned[j].Run && !slices.Equal(ended[j], []graph.Outcome{graph.OK}) {
					r.errorf("%s begins when %s, below it, has ended as %q", name, r.plot.name(j), ended[j])
				}
			}
			for _, j := range r.plot.Nodes[i].After {
				if planned[j].Run && len(ended[j]) != 1 {
					r.errorf("%s begins before %s, which it follows, ends", name, r.plot.name(j))
				}
			}
		case graph.Ended:
			ended[i] = append(ended[i], e.Result.Outcome)
			if e.Result.Outcome == graph.Broken && failed == "" {
				failed = name
			}
			if ran := e.Result.Outcome != graph.NotRun; ran != (begun[i] == 1) {
				r.errorf("%s begins %d times and ends as %s", name, begun[i], e.Result.Outcome)
			}
		}
	}
	for n, s := range r.result.Plan.Steps {
		i := r.plot.number(s.Step)
		got := r.result.Steps[n].Outcome
		want := []graph.Outcome{got}
		if !planned[i].Run {
			want = nil
		}
		if !slices.Equal(ended[i], want) || (got == graph.Skipped) == planned[i].Run {
			r.errorf("%s is planned to run: %t, ends as %q, results in %s", s.Step.Name, planned[i].Run, ended[i], got)
		}
		if got == graph.OK && r.plot.Nodes[i].Fails {
			r.errorf("%s fails but ends as %s", s.Step.Name, got)
		}
	}
	r.checkBlame(planned)
}

// checkBlame checks that each step that did not run has a cause, and that the cause is a failed
// step.
func (r *ride) checkBlame(planned map[int]graph.Decision) {
	outcomes := map[int]graph.Outcome{}
	for n, s := range r.result.Plan.Steps {
		outcomes[r.plot.number(s.Step)] = r.result.Steps[n].Outcome
	}
	for n, s := range r.result.Plan.Steps {
		i := r.plot.number(s.Step)
		var culprits []string // failed steps below
		for _, j := range r.plot.allBelow(i) {
			if outcomes[j] == graph.Broken {
				culprits = append(culprits, r.plot.name(j))
			}
		}
		blamed := r.result.Steps[n].Cause
		notRun := outcomes[i] == graph.NotRun
		switch {
		case !notRun && (blamed != "" || planned[i].Run && len(culprits) > 0):
			r.errorf("%s: %s though %q, below it, failed; %q is blamed", s.Step.Name, outcomes[i], culprits, blamed)
		case notRun && r.result.Cancelled && blamed == "":
		case notRun && r.keepGoing && !slices.Contains(culprits, blamed):
			r.errorf("%s did not run because of %q; %q, below it, failed", s.Step.Name, blamed, culprits)
		case notRun && (blamed == "" || outcomes[r.plot.number(&graph.Step{Name: blamed})] != graph.Broken):
			r.errorf("%s did not run because of %q, which did not fail", s.Step.Name, blamed)
		}
	}
}

// allBelow returns all nodes that node i depends on, directly or not.
func (p plot) allBelow(i int) []int {
	var out []int
	for j := range i {
		if p.above(j)[i] {
			out = append(out, j)
		}
	}
	return out
}

func (r *ride) report(t *rapid.T) {
	for _, w := range r.wrong {
		t.Error(w)
	}
	if len(r.wrong) > 0 {
		t.Logf("plan: %q\nevents: %q", planText(r.plan), eventText(r.events))
	}
}
