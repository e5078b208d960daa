package graph_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"dot-for-dbt/graph"

	"github.com/google/go-cmp/cmp"
)

func TestFailuresOfAStep(t *testing.T) {
	broken, full := errors.New("dbt exited with 1"), errors.New("no space left on device")
	refuse := func(state graph.State) func(graph.Record) error {
		return func(r graph.Record) error {
			if r.State == state {
				return full
			}
			return nil
		}
	}
	for _, tt := range []struct {
		name    string
		outputs any
		err     error
		refuse  func(graph.Record) error
		// The error wraps all of wantErrs. Afterwards the record has the state wantState ("": there
		// is no record), and wantRecorded as its error.
		wantErrs     []error
		wantText     string
		wantState    graph.State
		wantRecorded string
		wantRan      bool
	}{
		{
			name: "the action", err: broken, wantErrs: []error{broken}, wantText: "dbt exited with 1",
			wantState: graph.Failed, wantRecorded: "dbt exited with 1", wantRan: true,
		},
		{
			name: "the record can't be begun", refuse: refuse(graph.Started), wantErrs: []error{full},
			wantText: "record that build starts: no space left on device",
		},
		{
			name: "success can't be recorded", refuse: refuse(graph.Succeeded), wantErrs: []error{full},
			wantText:  "record how build ended: no space left on device",
			wantState: graph.Started, wantRan: true,
		},
		{
			name: "failure can't be recorded", err: broken, refuse: refuse(graph.Failed), wantErrs: []error{broken, full},
			wantText:  "dbt exited with 1\nrecord how build ended: no space left on device",
			wantState: graph.Started, wantRan: true,
		},
		{
			name: "outputs that are no JSON", outputs: json.RawMessage("{"), wantText: "record the outputs of build: json: error calling MarshalJSON for type json.RawMessage: unexpected end of JSON input",
			wantState: graph.Failed, wantRecorded: "record the outputs of build: json: error calling MarshalJSON for type json.RawMessage: unexpected end of JSON input", wantRan: true,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld()
			w.refuse = tt.refuse
			ran := false
			step := &graph.Step{Name: "build", Kind: "dbt", Record: "build"}
			step.Action = action(func(context.Context, *graph.Attempt) (any, error) {
				ran = true
				return tt.outputs, tt.err
			})
			g := newGraph(t, step)
			result, err := g.Run(t.Context(), w.options())
			if err != nil {
				t.Fatal(err)
			}
			got := result.Err()
			if got == nil || got.Error() != tt.wantText {
				t.Errorf("error %v, want %s", got, tt.wantText)
			}
			for _, want := range tt.wantErrs {
				if !errors.Is(got, want) {
					t.Errorf("%v is not %v", got, want)
				}
			}
			if ran != tt.wantRan {
				t.Errorf("the action ran: %t", ran)
			}
			r, _ := w.Load("build") // zero if there is none
			if r.State != tt.wantState || r.Error != tt.wantRecorded {
				t.Errorf("the record is %q with the error %q", r.State, r.Error)
			}
			if diff := cmp.Diff(r, result.Steps[0].Record, sameRecord); diff != "" {
				t.Errorf("the result's record (-recorded +got):\n%s", diff)
			}
			w.refuse = nil
			if d := decisionOf(t, mustPlan(t, g, w.env()), "build"); !d.Run {
				t.Errorf("the next plan skips it: %s", d)
			}
		})
	}
}

// If late inputs can't be read once the steps below have run, the step fails. The run goes on, and
// the record stays as it was.
func TestLateInputsFail(t *testing.T) {
	w := newWorld()
	lost := errors.New("the packages can't be listed")
	steps := parseSteps("deps:", "build: deps")
	g := newGraph(t, steps...)
	mustRun(t, g, w.options())
	before := w.record(t, "build")
	steps[0].Force = true
	steps[1].Late = func(context.Context) ([]graph.Input, error) { return nil, lost }
	result, err := g.Run(t.Context(), w.options())
	if err != nil {
		t.Fatal(err)
	}
	got := resultOf(t, result, "build")
	if got.Outcome != graph.Broken || !errors.Is(got.Err, lost) {
		t.Errorf("build: %s, %v", got.Outcome, got.Err)
	}
	for what, r := range map[string]graph.Record{"record": w.record(t, "build"), "result's record": got.Record} {
		if diff := cmp.Diff(before, r); diff != "" {
			t.Errorf("the %s changed:\n%s", what, diff)
		}
	}
}

// A failed attempt's record has the outputs that the action returned.
func TestOutputsOfAFailure(t *testing.T) {
	w := newWorld()
	step := &graph.Step{Name: "build", Kind: "dbt", Record: "build"}
	step.Action = action(func(context.Context, *graph.Attempt) (any, error) {
		return map[string]int{"failed": 1}, errors.New("1 of 3 models failed")
	})
	if _, err := newGraph(t, step).Run(t.Context(), w.options()); err != nil {
		t.Fatal(err)
	}
	if got := string(w.record(t, "build").Outputs); got != `{"failed":1}` {
		t.Errorf("outputs %s", got)
	}
}
