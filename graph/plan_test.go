package graph_test

import (
	"context"
	"errors"
	"testing"

	"dot-for-dbt/graph"

	"github.com/google/go-cmp/cmp"
)

// planText returns a plan as lines "run|skip name: reason".
func planText(p *graph.Plan) []string {
	var lines []string
	for _, s := range p.Steps {
		word := "skip "
		if s.Decision.Run {
			word = "run "
		}
		lines = append(lines, word+s.Step.Name+": "+s.Decision.String())
	}
	return lines
}

// F.4, G.1: a change makes its step and all steps above it run, each with the most direct reason. A
// plan changes nothing.
func TestPlanOfAChain(t *testing.T) {
	w := newWorld()
	steps := parseSteps("worktree:", "profiles:", "deps: worktree", "build: deps profiles", "test: build", "docs: > build")
	profiles, deps := steps[1], steps[2]
	profiles.Record = "" // without a record it has no key
	g := newGraph(t, steps...)

	plan := mustPlan(t, g, w.env())
	if diff := cmp.Diff([]string{
		"run worktree: first run", "skip profiles: up to date", "run deps: first run",
		"run build: first run", "run test: first run", "run docs: first run",
	}, planText(plan)); diff != "" {
		t.Errorf("first plan (-want +got):\n%s", diff)
	}
	if plan.Runs() != 5 {
		t.Errorf("%d steps run, want 5", plan.Runs())
	}
	if w.saves != 0 {
		t.Errorf("planning wrote %d records", w.saves)
	}

	mustRun(t, g, w.options())
	profiles.Missing = gone("another password")
	deps.Inputs = []graph.Input{{Label: "packages.yml", Value: "new"}}
	plan = mustPlan(t, g, w.env())
	if diff := cmp.Diff([]string{
		"skip worktree: up to date", "run profiles: another password", "run deps: changed: packages.yml",
		"run build: after deps", "run test: after build", "skip docs: up to date",
	}, planText(plan)); diff != "" {
		t.Errorf("second plan (-want +got):\n%s", diff)
	}
	if got := plan.Steps[0].Record; got.Step != "worktree" || got.State != graph.Succeeded {
		t.Errorf("the decision about worktree rests on the record of %q, %s", got.Step, got.State)
	}
}

// G.3: if nothing below runs, late inputs are read while planning. Otherwise they are read when the
// step starts.
func TestLateInputs(t *testing.T) {
	w := newWorld()
	installed, read := "", 0
	deps := &graph.Step{Name: "deps", Kind: "deps", Record: "deps", Action: action(func(context.Context, *graph.Attempt) (any, error) {
		installed += "x"
		return nil, nil
	})}
	build := &graph.Step{
		Name: "build", Kind: "dbt", Record: "build", Deps: []string{"deps"}, Action: nothing,
		Late: func(context.Context) ([]graph.Input, error) {
			read++
			return []graph.Input{{Label: "installed", Value: installed, Show: installed}}, nil
		},
	}
	g := newGraph(t, deps, build)

	mustPlan(t, g, w.env())
	if read != 0 {
		t.Errorf("read %d times while planning the first run", read)
	}
	mustRun(t, g, w.options())
	if got := w.record(t, "build").Inputs[1]; read != 1 || got.Show != "x" {
		t.Errorf("the first run read %d times and recorded %+v", read, got)
	}
	mustPlan(t, g, w.env())
	if read != 2 {
		t.Errorf("read %d times, want once more by the second plan", read)
	}

	// A process that dies between the two steps has left something new below.
	installed += "y"
	want := changed("changed: installed x → xy", "installed x → xy")
	if diff := cmp.Diff(want, decisionOf(t, mustPlan(t, g, w.env()), "build")); diff != "" {
		t.Errorf("decision (-want +got):\n%s", diff)
	}
}

func TestPlanError(t *testing.T) {
	w := newWorld()
	lost := errors.New("the packages can't be listed")
	step := &graph.Step{
		Name: "build", Kind: "dbt", Record: "build", Action: nothing,
		Late: func(context.Context) ([]graph.Input, error) { return nil, lost },
	}
	g := newGraph(t, step)
	_, err := g.Plan(t.Context(), w.env())
	if !errors.Is(err, lost) || err.Error() != "plan build: the packages can't be listed" {
		t.Errorf("got %v", err)
	}
	if result, err := g.Run(t.Context(), w.options()); !errors.Is(err, lost) || result != nil {
		t.Errorf("run: got %v, %v", result, err)
	}
	if w.saves != 0 {
		t.Errorf("%d records were written", w.saves)
	}
}

// F.1: an exact step that repeats its last success is no reason to run the steps above it. A
// different result is.
func TestPlanAboveAnExactStep(t *testing.T) {
	w := newWorld()
	steps := parseSteps("worktree:", "deps: worktree", "build: deps worktree")
	worktree, deps := steps[0], steps[1]
	worktree.Exact = true
	g := newGraph(t, steps...)
	mustRun(t, g, w.options())
	compare := func(what string, want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, planText(mustPlan(t, g, w.env()))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}

	worktree.Missing = gone("it is gone")
	compare("gone", "run worktree: it is gone", "skip deps: up to date", "skip build: up to date")
	deps.Missing = gone("so are the packages")
	compare("and what lay in it", "run worktree: it is gone", "run deps: so are the packages", "run build: after deps")
	deps.Exact = true
	compare("if that is exact, too", "run worktree: it is gone", "run deps: so are the packages", "skip build: up to date")

	result := mustRun(t, g, w.options())
	for i, want := range []graph.Outcome{graph.OK, graph.OK, graph.Skipped} {
		if got := result.Steps[i].Outcome; got != want {
			t.Errorf("%s: %v, want %v", steps[i].Name, got, want)
		}
	}

	worktree.Missing, deps.Missing = nil, nil
	worktree.Inputs = []graph.Input{{Label: "commit", Value: "another"}}
	compare("another one", "run worktree: changed: commit", "run deps: after worktree", "run build: after deps")
}

// Cancellation ends a plan while a step checks its outputs, and the step's answer is ignored.
func TestPlanCancelledWhileAStepLooks(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	steps := parseSteps("worktree:", "deps: worktree")
	w := newWorld()
	g := newGraph(t, steps...)
	mustRun(t, g, w.options())
	stopped := errors.New("stopped by Ctrl-C")
	steps[0].Missing = func(ctx context.Context, _ graph.Record) string {
		cancel(stopped)
		<-ctx.Done()
		return ""
	}
	steps[1].Missing = func(context.Context, graph.Record) string {
		t.Error("the next step is asked")
		return ""
	}
	plan, err := g.Plan(ctx, w.env())
	if plan != nil || !errors.Is(err, stopped) {
		t.Errorf("got %v, %v; want the error %v", plan, err, stopped)
	}
}
