package graph_test

import (
	"maps"
	"slices"
	"testing"

	"dot-for-dbt/graph"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// G.3: for any graph, history and order in which actions end, steps run as planned: once, in order,
// within the pools and without needless waiting. A failure stops exactly the steps that it must
// stop.
func TestRandomRuns(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		before := drawPlot(rt)
		w, now := drawHistory(rt, before)
		want := now.toRun(w, before)
		r := drawRide(rt, now)
		r.in(t, w)
		r.check()
		for _, s := range r.plan.Steps {
			if i := now.number(s.Step); s.Decision.Run != want[i] {
				r.errorf("%s is to run: %t, is planned to: %t", s.Step.Name, want[i], s.Decision.Run)
			}
		}
		r.report(rt)
	})
}

// Cancelling at any moment waits for what runs, starts nothing and blames no step. The stopped
// steps are recorded as interrupted.
func TestRandomCancellations(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		before := drawPlot(rt)
		w, now := drawHistory(rt, before)
		r := drawRide(rt, now)
		r.cancel = rapid.IntRange(0, len(now.Nodes)-1).Draw(rt, "cancel")
		r.deaf = rapid.Bool().Draw(rt, "deaf")
		r.in(t, w)
		r.check()
		if cancelled := r.cancelledAt > 0; r.result.Cancelled != cancelled {
			r.errorf("cancelled: %t, the result says: %t", cancelled, r.result.Cancelled)
		}
		for n, e := range r.events {
			if r.cancelledAt == 0 || n < r.cancelledAt {
				continue
			}
			if e.Result.Outcome == graph.NotRun && e.Result.Cause != "" {
				r.errorf("%s is blamed for the cancellation of %s", e.Result.Cause, e.Planned.Step.Name)
			}
			if state := e.Result.Record.State; e.Result.Outcome == graph.Broken && e.Planned.Step.Record != "" && state != graph.Stopped {
				r.errorf("%s was cancelled and is recorded as %s", e.Planned.Step.Name, state)
			}
		}
		g, err := now.graph(w, nil)
		if err != nil {
			rt.Fatal(err)
		}
		next := mustPlan(t, g, w.env())
		for n, s := range next.Steps {
			if r.result.Steps[n].Record.State == graph.Stopped && s.Decision.Cause != graph.Interrupted {
				r.errorf("%s was stopped; the next plan gives %q", s.Step.Name, s.Decision)
			}
		}
		r.report(rt)
	})
}

// F.1: after a success nothing runs. After a change of an input, its step and those above run, and
// make what a first run with that input makes.
func TestRandomChange(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := drawPlot(rt)
		w := newWorld()
		if err := p.runUndisturbed(w); err != nil {
			rt.Fatal(err)
		}
		again := drawRide(rt, p)
		saves := w.saves
		again.in(t, w)
		again.check()
		if n := again.plan.Runs(); n != 0 || w.saves != saves {
			again.errorf("a second run runs %d steps and writes %d records", n, w.saves-saves)
		}
		again.report(rt)

		i := rapid.IntRange(0, len(p.Nodes)-1).Draw(rt, "changed")
		before := p
		p.Nodes = slices.Clone(p.Nodes)
		p.Nodes[i].Input++
		want := map[string]graph.Cause{}
		for j, runs := range p.toRun(w, before) {
			switch {
			case !runs:
			case j == i:
				want[p.name(j)] = graph.InputChanged
			default:
				want[p.name(j)] = graph.DepRuns
			}
		}
		r := drawRide(rt, p)
		r.in(t, w)
		r.check()
		got := map[string]graph.Cause{}
		for _, e := range r.events {
			if e.Kind == graph.Beginning {
				got[e.Planned.Step.Name] = e.Planned.Decision.Cause
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			r.errorf("after a change of %s ran (-want +got):\n%s", p.name(i), diff)
		}
		fresh := newWorld()
		if err := p.runUndisturbed(fresh); err != nil {
			rt.Fatal(err)
		}
		if !maps.Equal(fresh.made, w.made) {
			r.errorf("made %v, a first run makes %v", w.made, fresh.made)
		}
		r.report(rt)
	})
}
