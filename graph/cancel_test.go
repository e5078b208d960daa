package graph_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"dot-for-dbt/graph"

	"github.com/google/go-cmp/cmp"
)

func TestCancelledBeforeTheStart(t *testing.T) {
	w := newWorld()
	steps := parseSteps("fine:", "deps:", "build: deps")
	mustRun(t, newGraph(t, steps[0]), w.options())
	saves := w.saves
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	result, err := newGraph(t, steps...).Run(ctx, w.options())
	if err != nil {
		t.Fatal(err)
	}
	var outcomes []graph.Outcome
	for _, s := range result.Steps {
		outcomes = append(outcomes, s.Outcome)
		if s.Cause != "" {
			t.Errorf("%q is blamed for the cancellation", s.Cause)
		}
	}
	if diff := cmp.Diff([]graph.Outcome{graph.Skipped, graph.NotRun, graph.NotRun}, outcomes); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
	if !result.Cancelled || result.Err() != nil {
		t.Errorf("cancelled: %t, error: %v", result.Cancelled, result.Err())
	}
	if w.saves != saves {
		t.Errorf("%d records were written", w.saves-saves)
	}
}

// A cancellation reaches the running action, and nothing starts after it. The action's error
// decides the record's state.
func TestCancelledDuringAnAction(t *testing.T) {
	for _, tt := range []struct {
		name      string
		result    error
		want      graph.Outcome
		wantState graph.State
		wantError string
		wantNext  graph.Cause
	}{
		{"it stops", context.Canceled, graph.Broken, graph.Stopped, "interrupted: context canceled", graph.Interrupted},
		{"it fails in its own way", errors.New("dbt exited with 2"), graph.Broken, graph.Stopped, "interrupted: context canceled\ndbt exited with 2", graph.Interrupted},
		{"it comes to its end", nil, graph.OK, graph.Succeeded, "", graph.UpToDate},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld()
			steps := parseSteps("deps:", "build: deps", "other:")
			for _, s := range steps {
				s.Pools = []string{"jobs"}
				s.Action = action(func(context.Context, *graph.Attempt) (any, error) {
					t.Errorf("%s runs", s.Name)
					return nil, nil
				})
			}
			ctx, cancel := context.WithCancel(t.Context())
			steps[0].Action = action(func(ctx context.Context, _ *graph.Attempt) (any, error) {
				cancel()
				<-ctx.Done()
				return nil, tt.result
			})
			g := newGraph(t, steps...)
			result, err := g.Run(ctx, w.options())
			if err != nil {
				t.Fatal(err)
			}
			if !result.Cancelled {
				t.Error("the result is not marked as cancelled")
			}
			got := resultOf(t, result, "deps")
			if got.Outcome != tt.want || !errors.Is(got.Err, tt.result) || got.Record.State != tt.wantState {
				t.Errorf("deps: %s, %v, recorded as %s", got.Outcome, got.Err, got.Record.State)
			}
			if got.Record.Error != tt.wantError {
				t.Errorf("deps: recorded with error %q, want %q", got.Record.Error, tt.wantError)
			}
			if want := tt.want == graph.Broken; got.Interrupted != want {
				t.Errorf("deps: interrupted is %t, want %t", got.Interrupted, want)
			}
			for _, name := range []string{"build", "other"} {
				if got := resultOf(t, result, name); got.Outcome != graph.NotRun || got.Cause != "" {
					t.Errorf("%s: %s because of %q", name, got.Outcome, got.Cause)
				}
			}
			next := mustPlan(t, g, w.env())
			if got := decisionOf(t, next, "deps").Cause; got != tt.wantNext {
				t.Errorf("deps is decided next time by %q, want %q", got, tt.wantNext)
			}
			if got := decisionOf(t, next, "other").Cause; got != graph.NeverRun {
				t.Errorf("other is decided next time by %q", got)
			}
		})
	}
}

// Observers learn, once, which steps a cancelled run still waits for.
func TestStopping(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		steps := parseSteps("over:", "one: over", "other: one", "two: over", "never: other")
		told := make(chan struct{}) // closed when both events have arrived
		for _, s := range steps {
			s.Pools = []string{"jobs"}
			s.Action = action(func(context.Context, *graph.Attempt) (any, error) {
				if s == steps[1] || s == steps[3] {
					<-told
				}
				return nil, nil
			})
		}
		var stopping []string
		opts := newWorld().options()
		opts.Pools = map[string]int{"jobs": 2}
		opts.Observe = func(e graph.Event) {
			switch {
			case e.Kind == graph.Beginning && e.Planned.Step == steps[3]:
				cancel()
			case e.Kind == graph.Stopping:
				if stopping = append(stopping, e.Planned.Step.Name); len(stopping) == 2 {
					close(told)
				}
			}
		}
		if _, err := newGraph(t, steps...).Run(ctx, opts); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"one", "two"}, stopping); diff != "" {
			t.Errorf("told of (-want +got):\n%s", diff)
		}
	})
}

// Cancelling a run that waits for a lock ends it with the lock's error.
func TestCancelledWhileWaitingForALock(t *testing.T) {
	w := newWorld()
	locks := newLocks()
	held, err := locks.process("pid 7").Lock(t.Context(), []graph.Lock{{Name: "build"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer held.Release()
	ctx, cancel := context.WithCancel(t.Context())
	opts := w.options()
	opts.Locker = locks.process("pid 8")
	opts.Observe = func(graph.Event) { cancel() } // when it waits for the lock
	step := &graph.Step{Name: "build", Kind: "dbt", Record: "build", Action: nothing, Locks: []graph.Lock{{Name: "build"}}}
	result, err := newGraph(t, step).Run(ctx, opts)
	if !errors.Is(err, context.Canceled) || result != nil {
		t.Errorf("got %v, %v", result, err)
	}
	if got := locks.holders("build"); !cmp.Equal(got, []string{"pid 7"}) {
		t.Errorf("the lock is held by %q", got)
	}
}

// A step that a cancellation stops is never the cause for steps above it that don't run, even if
// its end arrives before the cancellation.
func TestNobodyIsBlamedForACancellation(t *testing.T) {
	for range 20 { // two things happen at once, and either may be noticed first
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			steps := parseSteps("stopped:", "other:", "above-stopped: stopped", "above-other: other")
			for _, s := range steps {
				s.Pools = []string{"jobs"}
			}
			steps[0].Action = action(func(ctx context.Context, _ *graph.Attempt) (any, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			})
			opts := newWorld().options()
			opts.Pools = map[string]int{"jobs": 2}
			opts.Observe = func(e graph.Event) {
				if e.Kind == graph.Beginning && e.Planned.Step == steps[3] {
					cancel()
					synctest.Wait() // until the other action has ended
				}
			}
			result, err := newGraph(t, steps...).Run(ctx, opts)
			if err != nil {
				t.Fatal(err)
			}
			if got := resultOf(t, result, "above-stopped"); got.Outcome != graph.NotRun || got.Cause != "" {
				t.Errorf("above-stopped: %s because of %q", got.Outcome, got.Cause)
			}
		})
	}
}
