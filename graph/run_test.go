package graph_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"dot-for-dbt/graph"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func failing(err error) action {
	return func(context.Context, *graph.Attempt) (any, error) { return nil, err }
}

// eventText returns events as lines.
func eventText(events []graph.Event) []string {
	words := map[graph.EventKind]string{
		graph.Waiting: "waiting", graph.Decided: "decided", graph.Beginning: "beginning", graph.Remark: "remark", graph.Progress: "progress", graph.Ended: "ended",
	}
	var lines []string
	for _, e := range events {
		line := []string{words[e.Kind]}
		if e.Planned.Step != nil {
			line = append(line, e.Planned.Step.Name)
		}
		switch e.Kind {
		case graph.Decided:
			line = append(line, e.Planned.Decision.Text)
		case graph.Progress:
			line = append(line, fmt.Sprint(e.Value))
		case graph.Ended:
			line = append(line, string(e.Result.Outcome))
			if e.Result.Cause != "" {
				line = append(line, "because of", e.Result.Cause)
			}
		}
		if e.Text != "" {
			line = append(line, e.Text)
		}
		lines = append(lines, strings.Join(line, " "))
	}
	return lines
}

// All events of a chain in which one step is up to date, one has remarks and one fails.
func TestEvents(t *testing.T) {
	w := newWorld()
	steps := parseSteps("worktree:", "deps: worktree", "build: deps", "test: build", "docs: > test")
	mustRun(t, newGraph(t, steps[0]), w.options())
	steps[1].Action = action(func(_ context.Context, a *graph.Attempt) (any, error) {
		a.Notef("installed %d packages", 2)
		a.Notef("in %s", "dbt_packages")
		a.Report("half of it")
		return nil, nil
	})
	steps[2].Action = failing(errors.New("1 of 3 models failed"))
	var events []graph.Event
	opts := w.options()
	opts.Observe = func(e graph.Event) { events = append(events, e) }
	result, err := newGraph(t, steps...).Run(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{
		"decided worktree up to date", "decided deps first run", "decided build first run", "decided test first run", "decided docs first run",
		"beginning deps", "remark deps installed 2 packages", "remark deps in dbt_packages", "progress deps half of it", "ended deps ok",
		"beginning build", "ended build failed",
		"ended test not run because of build",
		"beginning docs", "ended docs ok",
	}, eventText(events)); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if got := fmt.Sprint(result.Err()); got != "1 of 3 models failed" {
		t.Errorf("the run's error is %s", got)
	}
}

// Without KeepGoing nothing starts after a failure. Running steps go on to their end, and each step
// that did not start has the failed step as its cause.
func TestStopAtFailure(t *testing.T) {
	w := newWorld()
	steps := parseSteps("other:", "bad:", "next:", "above-other: other", "above-bad: bad", "far-above-bad: above-bad")
	for _, s := range steps {
		s.Pools = []string{"jobs"}
	}
	failed := make(chan struct{}) // closed when the failure was observed
	steps[0].Action = action(func(context.Context, *graph.Attempt) (any, error) {
		<-failed
		return nil, nil
	})
	steps[1].Action = failing(errors.New("broken"))
	opts := w.options()
	opts.KeepGoing, opts.Pools = false, map[string]int{"jobs": 2}
	opts.Observe = func(e graph.Event) {
		if e.Kind == graph.Ended && e.Planned.Step.Name == "bad" {
			close(failed)
		}
	}
	result, err := newGraph(t, steps...).Run(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	for step, want := range map[string]graph.StepResult{
		"other":         {Outcome: graph.OK},
		"bad":           {Outcome: graph.Broken},
		"next":          {Outcome: graph.NotRun, Cause: "bad"},
		"above-other":   {Outcome: graph.NotRun, Cause: "bad"},
		"above-bad":     {Outcome: graph.NotRun, Cause: "bad"},
		"far-above-bad": {Outcome: graph.NotRun, Cause: "bad"},
	} {
		if got := resultOf(t, result, step); got.Outcome != want.Outcome || got.Cause != want.Cause {
			t.Errorf("%s: %s because of %q, want %s because of %q", step, got.Outcome, got.Cause, want.Outcome, want.Cause)
		}
	}
}

// A step that is skipped or has no action still passes on a failure below it.
func TestFailureBelowASkippedStep(t *testing.T) {
	for _, tt := range []struct {
		name string
		// bottom fails, middle depends on it and is skipped, top depends on middle.
		bottom, middle string // names of records, "" is none
	}{
		{"no record in between", "bottom", ""},
		{"no record at the bottom", "", "middle"},
		{"no record in either", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld()
			steps := parseSteps("bottom:", "middle: bottom", "top: middle")
			steps[0].Record, steps[1].Record = tt.bottom, tt.middle
			g := newGraph(t, steps...)
			mustRun(t, g, w.options())
			steps[0].Always, steps[0].Action = "always", failing(errors.New("broken"))
			steps[2].Force = true
			steps[2].Action = action(func(context.Context, *graph.Attempt) (any, error) {
				t.Error("top runs though what is below it failed")
				return nil, nil
			})
			result, err := g.Run(t.Context(), w.options())
			if err != nil {
				t.Fatal(err)
			}
			if got := resultOf(t, result, "middle"); got.Outcome != graph.Skipped {
				t.Fatalf("middle: %s", got.Outcome)
			}
			if got := resultOf(t, result, "top"); got.Outcome != graph.NotRun || got.Cause != "bottom" {
				t.Errorf("top: %s because of %q", got.Outcome, got.Cause)
			}
		})
	}
}

// The fields of an attempt, and what happens with the action's result.
func TestAttempt(t *testing.T) {
	type outputs struct{ Nodes int }
	w := newWorld()
	now := noon
	opts := w.options()
	opts.Now = func() time.Time { return now }
	opts.PID = 4711
	var told *graph.Attempt
	var during graph.Record
	step := &graph.Step{Name: "build", Kind: "dbt", Record: "build"}
	step.Action = action(func(_ context.Context, a *graph.Attempt) (any, error) {
		told, during = a, w.record(t, "build")
		now = now.Add(time.Minute)
		return outputs{28}, nil
	})
	g := newGraph(t, step)
	result := mustRun(t, g, opts)

	if told.Step != step || told.Reason.Cause != graph.NeverRun || told.Previous.State != "" {
		t.Errorf("the first attempt was told %+v", told)
	}
	if during.State != graph.Started || !during.Started.Equal(noon) || !during.Finished.IsZero() || during.PID != 4711 || during.Key == "" {
		t.Errorf("while the action runs, the record is %+v", during)
	}
	after := w.record(t, "build")
	if after.State != graph.Succeeded || !after.Started.Equal(noon) || !after.Finished.Equal(noon.Add(time.Minute)) || after.Key != during.Key {
		t.Errorf("afterwards, the record is %+v", after)
	}
	var got outputs
	if err := after.Decode(&got); err != nil || got.Nodes != 28 {
		t.Errorf("its outputs are %+v (%v)", got, err)
	}
	if diff := cmp.Diff(graph.StepResult{Outcome: graph.OK, Record: after, Started: noon, Finished: noon.Add(time.Minute)}, result.Steps[0], cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("result (-want +got):\n%s", diff)
	}

	step.Force = true
	mustRun(t, g, opts)
	if told.Reason.Cause != graph.Forced || !cmp.Equal(told.Previous, after) {
		t.Errorf("the second attempt was told %+v", told)
	}
}

// A step that is skipped or can't run leaves its record alone, and its result has that record.
func TestResultCarriesTheRecord(t *testing.T) {
	w := newWorld()
	steps := parseSteps("fine:", "bad:", "above: bad")
	g := newGraph(t, steps...)
	mustRun(t, g, w.options())
	steps[1].Force, steps[1].Action = true, failing(errors.New("broken"))
	before := w.copy()
	result, err := g.Run(t.Context(), w.options())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"fine", "above"} {
		if diff := cmp.Diff(before.record(t, name), w.record(t, name)); diff != "" {
			t.Errorf("the record of %s changed:\n%s", name, diff)
		}
	}
	for _, name := range []string{"fine", "bad", "above"} {
		if diff := cmp.Diff(w.record(t, name), resultOf(t, result, name).Record, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("the result of %s (-record +got):\n%s", name, diff)
		}
	}
}
