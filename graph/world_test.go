package graph_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"sync"
	"testing"
	"time"

	"dot-for-dbt/graph"
)

// A world is everything that outlives a process: the records, as the bytes of their files, and the
// products of steps. It is a graph.Store that also checks the protocol of records.
type world struct {
	mu      sync.Mutex
	records map[string][]byte
	made    map[string]string
	// unreadable, if set, is the error of every Load that finds a record.
	unreadable error
	// refuse, if not nil, may fail a Save before it changes anything.
	refuse func(graph.Record) error
	// written, if not nil, is called after every change. The caller holds mu.
	written func()
	// saves counts the calls of Save. acting counts the running actions by the name of their
	// record. broken lists violations of the protocol.
	saves  int
	acting map[string]bool
	broken []string
}

func newWorld() *world {
	return &world{records: map[string][]byte{}, made: map[string]string{}, acting: map[string]bool{}}
}

// copy returns the world as it would be if all processes died now. The caller holds mu, or there is
// no other goroutine.
func (w *world) copy() *world {
	c := newWorld()
	c.records, c.made = maps.Clone(w.records), maps.Clone(w.made)
	return c
}

func (w *world) Load(name string) (graph.Record, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	data, ok := w.records[name]
	switch {
	case !ok:
		return graph.Record{}, fmt.Errorf("load %s: %w", name, fs.ErrNotExist)
	case w.unreadable != nil:
		return graph.Record{}, w.unreadable
	}
	return graph.ParseRecord(data)
}

func (w *world) Save(name string, r graph.Record) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.saves++
	if w.refuse != nil {
		if err := w.refuse(r); err != nil {
			return err
		}
	}
	if w.acting[name] {
		w.broken = append(w.broken, fmt.Sprintf("%s is recorded as %s while its action runs", name, r.State))
	}
	data, err := json.Marshal(r)
	if err != nil {
		return err
	}
	w.records[name] = data
	w.changed()
	return nil
}

// put replaces a record without a run.
func (w *world) put(t *testing.T, name string, r graph.Record) {
	t.Helper()
	if err := w.Save(name, r); err != nil {
		t.Fatal(err)
	}
}

// record returns a record that must exist.
func (w *world) record(t *testing.T, name string) graph.Record {
	t.Helper()
	r, err := w.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// act marks the start or the end of an action whose record has that name.
func (w *world) act(record string, acting bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if record == "" {
		return
	}
	if acting {
		if r, err := graph.ParseRecord(w.records[record]); err != nil || r.State != graph.Started {
			w.broken = append(w.broken, fmt.Sprintf("the action of %s begins with the record %q (%v)", record, r.State, err))
		}
	}
	w.acting[record] = acting
}

// make replaces the product of a step.
func (w *world) make(step, product string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.made[step] = product
	w.changed()
}

// product returns the product of a step, or "".
func (w *world) product(step string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.made[step]
}

func (w *world) changed() {
	if w.written != nil {
		w.written()
	}
}

// remembered returns the readable records without the fields that differ between runs: times and
// process ids.
func (w *world) remembered(t *testing.T) map[string]graph.Record {
	t.Helper()
	out := make(map[string]graph.Record, len(w.records))
	for name := range w.records {
		r := w.record(t, name)
		r.PID, r.Started, r.Finished = 0, time.Time{}, time.Time{}
		out[name] = r
	}
	return out
}

// noon is the time of the tests' clocks.
var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// env is the environment of a world without other processes, whose clock stands still.
func (w *world) env() graph.Env {
	return graph.Env{Store: w, Locker: graph.NoLocks{}, Now: func() time.Time { return noon }}
}

// options are those of a run in w that continues after a failure.
func (w *world) options() graph.Options {
	return graph.Options{Env: w.env(), PID: 100, KeepGoing: true}
}

// An action is a function as a graph.Action.
type action func(context.Context, *graph.Attempt) (any, error)

func (action) Describe(graph.Planned) []string { return nil }

func (f action) Run(ctx context.Context, a *graph.Attempt) (any, error) { return f(ctx, a) }

// nothing is an action that succeeds.
var nothing = action(func(context.Context, *graph.Attempt) (any, error) { return nil, nil })

func newGraph(t *testing.T, steps ...*graph.Step) *graph.Graph {
	t.Helper()
	g, err := graph.New(steps...)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// mustRun runs g and fails the test unless every step succeeded or was skipped.
func mustRun(t *testing.T, g *graph.Graph, opts graph.Options) *graph.Result {
	t.Helper()
	result, err := g.Run(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	if err := result.Err(); err != nil {
		t.Fatal(err)
	}
	return result
}

// mustPlan plans g.
func mustPlan(t *testing.T, g *graph.Graph, env graph.Env) *graph.Plan {
	t.Helper()
	plan, err := g.Plan(t.Context(), env)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// decisionOf returns what a plan decides about a step.
func decisionOf(t *testing.T, p *graph.Plan, step string) graph.Decision {
	t.Helper()
	for _, s := range p.Steps {
		if s.Step.Name == step {
			return s.Decision
		}
	}
	t.Fatalf("no step %q in the plan", step)
	return graph.Decision{}
}

// resultOf returns what became of a step.
func resultOf(t *testing.T, r *graph.Result, step string) graph.StepResult {
	t.Helper()
	for i, s := range r.Plan.Steps {
		if s.Step.Name == step {
			return r.Steps[i]
		}
	}
	t.Fatalf("no step %q in the result", step)
	return graph.StepResult{}
}
