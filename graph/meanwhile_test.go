package graph_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"dot-for-dbt/graph"

	"github.com/google/go-cmp/cmp"
)

// Two processes want to run the same step at once. One runs it, the other waits, decides again and
// skips it.
func TestDoneMeanwhile(t *testing.T) {
	for _, tt := range []struct {
		name   string
		first  error // the result of the first process's action
		want   graph.Decision
		rounds int
	}{
		{"the first succeeds", nil, graph.Decision{Cause: graph.Meanwhile, Text: "done meanwhile by pid 1"}, 1},
		{"the first fails", errors.New("broken"), graph.Decision{Run: true, Cause: graph.LastFailed, Text: "last run failed"}, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld()
			all := newLocks()
			begun, waiting := make(chan struct{}), make(chan struct{})
			rounds := 0
			// build returns the graph in process n.
			build := func(n int) *graph.Graph {
				return newGraph(t, &graph.Step{
					Name: "build", Kind: "dbt", Record: "build",
					Locks: []graph.Lock{{Name: "build", What: "build dev@9b13827"}},
					Action: action(func(context.Context, *graph.Attempt) (any, error) {
						rounds++ // the lock guards it
						if n != 1 {
							return nil, nil
						}
						close(begun)
						<-waiting
						return nil, tt.first
					}),
				})
			}
			options := func(n int, events *[]graph.Event) graph.Options {
				opts := w.options()
				opts.PID, opts.Locker = n, all.process(fmt.Sprintf("pid %d", n))
				opts.Observe = func(e graph.Event) {
					*events = append(*events, e)
					if e.Kind == graph.Waiting {
						close(waiting)
					}
				}
				return opts
			}
			var events1, events2 []graph.Event
			done := make(chan error)
			go func() {
				_, err := build(1).Run(t.Context(), options(1, &events1))
				done <- err
			}()
			<-begun
			second, opts := build(2), options(2, &events2)
			busy := graph.Decision{Run: true, Cause: graph.Busy, Text: "pid 1 is running it; decided again when it ends"}
			if diff := cmp.Diff(busy, decisionOf(t, mustPlan(t, second, opts.Env), "build")); diff != "" {
				t.Errorf("the second one's plan (-want +got):\n%s", diff)
			}
			result, err := second.Run(t.Context(), opts)
			if err := errors.Join(err, <-done); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, result.Plan.Steps[0].Decision); diff != "" {
				t.Errorf("the second one's decision (-want +got):\n%s", diff)
			}
			if rounds != tt.rounds {
				t.Errorf("the action ran %d times, want %d", rounds, tt.rounds)
			}
			if got := eventText(events2)[:2]; !slices.Equal(got, []string{"waiting waiting for build dev@9b13827: pid 1", "decided build " + tt.want.Text}) {
				t.Errorf("the second one told %q", got)
			}
		})
	}
}

// A process that holds a step's locks and finds "started" in the record knows that the other
// process has ended. That the locks are held says nothing: it holds them itself.
func TestInterruptedUnderTheLocks(t *testing.T) {
	w := newWorld()
	step := &graph.Step{Name: "build", Kind: "dbt", Record: "build", Action: nothing, Locks: []graph.Lock{{Name: "build"}}}
	w.put(t, "build", graph.Record{Version: graph.RecordVersion, State: graph.Started})
	opts := w.options()
	opts.Locker = newLocks().process("pid 1")
	result := mustRun(t, newGraph(t, step), opts)
	want := graph.Decision{Run: true, Cause: graph.Interrupted, Text: "last run interrupted"}
	if diff := cmp.Diff(want, result.Plan.Steps[0].Decision); diff != "" {
		t.Errorf("decision (-want +got):\n%s", diff)
	}
}

// A step that no other process ran meanwhile is not reported as done meanwhile.
func TestNotDoneMeanwhile(t *testing.T) {
	w := newWorld()
	gone := "manifest.json is gone"
	step := &graph.Step{
		Name: "build", Kind: "dbt", Record: "build", Action: nothing,
		Missing: func(context.Context, graph.Record) string { return gone },
		Locks:   []graph.Lock{{Name: "build"}},
	}
	g := newGraph(t, step)
	mustRun(t, g, w.options())
	p := newLocks().process("pid 1")
	p.onLock = func(int) error {
		gone = "" // somebody restored it
		return nil
	}
	opts := w.options()
	opts.Locker = p
	result := mustRun(t, g, opts)
	want := graph.Decision{Cause: graph.UpToDate, Text: "up to date"}
	if diff := cmp.Diff(want, result.Plan.Steps[0].Decision); diff != "" {
		t.Errorf("decision (-want +got):\n%s", diff)
	}
}
