package graph_test

import (
	"context"
	"testing"
	"time"

	"dot-for-dbt/graph"

	"github.com/google/go-cmp/cmp"
)

// Each known input is compared with the record.
func TestInputsOfAPlan(t *testing.T) {
	below := &graph.Step{Name: "below", Kind: "k", Record: "below", Action: nothing}
	step := &graph.Step{
		Name: "step", Kind: "k", Record: "step", Action: nothing, Deps: []string{"below"},
		Inputs: []graph.Input{
			{Label: "a", Value: "1"}, {Label: "b", Value: "1"}, {Label: "dbt", Value: "1.10", Show: "1.10"},
		},
		Late: func(context.Context) ([]graph.Input, error) { return []graph.Input{{Label: "z", Value: "1"}}, nil },
	}
	w := newWorld()
	g := newGraph(t, below, step)
	inputs := func() []graph.InputChange {
		t.Helper()
		return mustPlan(t, g, w.env()).Steps[1].Inputs()
	}
	check := func(when string, want []graph.InputChange) {
		t.Helper()
		if diff := cmp.Diff(want, inputs()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", when, diff)
		}
	}

	check("before the first run, when the step below still has to make some",
		[]graph.InputChange{{Label: "a"}, {Label: "b"}, {Label: "dbt", Show: "1.10"}})
	mustRun(t, g, w.options())
	check("after it", []graph.InputChange{
		{Label: "a"},
		{Label: "b"},
		{Label: "below"},
		{Label: "dbt", Show: "1.10", Was: "1.10"},
		{Label: "z"},
	})
	step.Inputs = []graph.Input{{Label: "a", Value: "2"}, {Label: "c", Value: "1"}, {Label: "dbt", Value: "1.11", Show: "1.11"}}
	check("with others", []graph.InputChange{
		{Label: "a", Change: graph.Differs},
		{Label: "b", Change: graph.Gone},
		{Label: "below"},
		{Label: "c", Change: graph.Added},
		{Label: "dbt", Show: "1.11", Was: "1.10", Change: graph.Differs},
		{Label: "z"},
	})
	below.Force = true
	check("when the step below runs", []graph.InputChange{
		{Label: "a", Change: graph.Differs},
		{Label: "b", Change: graph.Unknown},
		{Label: "below", Change: graph.Unknown},
		{Label: "c", Change: graph.Added},
		{Label: "dbt", Show: "1.11", Was: "1.10", Change: graph.Differs},
		{Label: "z", Change: graph.Unknown},
	})
}

// The key in a plan is the key that the run records.
func TestKeyOfAPlan(t *testing.T) {
	below := &graph.Step{Name: "below", Kind: "k", Record: "below", Action: nothing}
	step := &graph.Step{Name: "step", Kind: "k", Record: "step", Action: nothing, Deps: []string{"below"}}
	plain := &graph.Step{Name: "plain", Kind: "k", Action: nothing}
	w := newWorld()
	g := newGraph(t, below, step, plain)
	planned := mustPlan(t, g, w.env()).Steps
	mustRun(t, g, w.options())
	if got, want := planned[0].Key(), w.record(t, "below").Key; got != want {
		t.Errorf("the plan says %s, the record %s", got, want)
	}
	if key := planned[1].Key(); key != "" {
		t.Errorf("the key of a step above one that runs is %s, want none yet", key)
	}
	if key := planned[2].Key(); key != "" {
		t.Errorf("a step without a record has the key %s", key)
	}
}

func TestTriggers(t *testing.T) {
	for _, tt := range []struct {
		name string
		step graph.Step
		want []graph.Cause
	}{
		{"one that always runs", graph.Step{Record: "r", Always: "it must", MaxAge: time.Hour, Missing: gone("")}, []graph.Cause{graph.Always}},
		{"one without a record", graph.Step{Missing: gone(""), Overwritten: says(""), Deps: []string{"recorded"}}, []graph.Cause{graph.Missing}},
		{"one without a record that nothing makes run", graph.Step{}, nil},
		{"inputs only", graph.Step{Record: "r"}, []graph.Cause{graph.InputChanged}},
		{"above a step without a record", graph.Step{Record: "r", Deps: []string{"plain"}}, []graph.Cause{graph.InputChanged}},
		{
			"everything",
			graph.Step{Record: "r", Overwritten: says(""), Missing: gone(""), Deps: []string{"plain", "recorded"}, MaxAge: time.Hour},
			[]graph.Cause{graph.Overwritten, graph.InputChanged, graph.Missing, graph.DepRuns, graph.TooOld},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			step := tt.step
			step.Name, step.Action = "step", nothing
			g := newGraph(t, &graph.Step{Name: "plain"}, &graph.Step{Name: "recorded", Record: "r2", Action: nothing}, &step)
			if diff := cmp.Diff(tt.want, g.Triggers(&step)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
