package graph_test

import (
	"context"
	"strings"
	"testing"

	"dot-for-dbt/graph"
)

// A step that runs with another one runs when that one does, and is no reason
// for it to run.
func TestWith(t *testing.T) {
	w := newWorld()
	var ran []string
	input := "1"
	make := func() *graph.Graph {
		t.Helper()
		does := func(name string) graph.Action {
			return action(func(context.Context, *graph.Attempt) (any, error) {
				ran = append(ran, name)
				return nil, nil
			})
		}
		// The check's own input changes each time.
		check := &graph.Step{Name: "check b", Kind: "check", Record: "check", With: "build b", Action: does("check"), Detail: func(graph.Record) string { return "of " + input }, Inputs: []graph.Input{{Label: "moment", Value: input}}}
		build := &graph.Step{Name: "build b", Kind: "build", Record: "build", Deps: []string{"check b"}, Action: does("build")}
		if input == "forced" {
			build.Force = true
		}
		return newGraph(t, check, build)
	}
	for _, tt := range []struct{ input, want, reason string }{
		{"1", "check build", "before each build"},
		{"1", "", "up to date"},
		{"2", "", "up to date"}, // its key is no input of the build
		{"forced", "check build", "before each build"},
	} {
		ran, input = nil, tt.input
		g := make()
		plan, err := g.Plan(t.Context(), w.options().Env)
		if err != nil {
			t.Fatal(err)
		}
		if check, ok := plan.With("check", "build b"); !ok || check.Step.Name != "check b" {
			t.Errorf("input %s: the plan doesn't find the check of the build", input)
		}
		if _, ok := plan.With("clone", "build b"); ok {
			t.Errorf("input %s: the plan finds a clone of the build", input)
		}
		if got := plan.Steps[0].Decision; got.Run && got.Detail != "of "+input {
			t.Errorf("input %s: the check's detail is %q", input, got.Detail)
		}
		if got := plan.Steps[0].Decision.Text; got != tt.reason {
			t.Errorf("input %s: the check's reason is %q, want %q", input, got, tt.reason)
		}
		if _, err := g.Run(t.Context(), w.options()); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(ran, " "); got != tt.want {
			t.Errorf("input %s: ran %q, want %q", input, got, tt.want)
		}
	}
}

func TestWithStranger(t *testing.T) {
	nothing := action(func(context.Context, *graph.Attempt) (any, error) { return nil, nil })
	check := &graph.Step{Name: "check", Kind: "check", Record: "check", With: "build", Action: nothing}
	build := &graph.Step{Name: "build", Kind: "build", Record: "build", Action: nothing}
	if _, err := graph.New(check, build); err == nil || !strings.Contains(err.Error(), `step "check" runs with "build", which doesn't depend on it`) {
		t.Errorf("got %v", err)
	}
}
