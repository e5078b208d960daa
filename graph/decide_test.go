package graph_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"dot-for-dbt/graph"

	"github.com/google/go-cmp/cmp"
)

// A bench is two steps whose last run has just succeeded. The tests are about decisions for the
// second one, build.
type bench struct {
	world       *world
	deps, build *graph.Step
	lateErr     error
	late        []graph.Input
	now         time.Time
	holder      string // who holds build's lock
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{world: newWorld(), now: noon}
	b.deps = &graph.Step{
		Name: "deps 9b13827", Kind: "deps", Version: 1, Record: "deps", Action: nothing,
		Inputs: []graph.Input{{Label: "packages.yml", Value: "dbt_utils"}},
	}
	b.late = []graph.Input{{Label: "installed packages", Value: "1.0", Show: "1.0"}}
	b.build = &graph.Step{
		Name: "build dev@9b13827", Kind: "dbt", Version: 1, Record: "build", Action: nothing,
		Deps: []string{b.deps.Name},
		Inputs: []graph.Input{
			{Label: "dbt", Value: "1.11.15", Show: "1.11.15"},
			{Label: "vars: sample_rate", Value: "0.1"},
		},
		Late:  func(context.Context) ([]graph.Input, error) { return b.late, b.lateErr },
		Locks: []graph.Lock{{Name: "build", What: "build dev@9b13827"}},
	}
	mustRun(t, newGraph(t, b.deps, b.build), b.world.options())
	return b
}

// Lock and Holder make a bench the graph.Locker of its plans.
func (b *bench) Lock(context.Context, []graph.Lock, func(graph.Lock, string)) (graph.Held, error) {
	return nil, errors.New("planning takes no locks")
}

func (b *bench) Holder(graph.Lock) string { return b.holder }

func (b *bench) env() graph.Env {
	return graph.Env{Store: b.world, Locker: b, Now: func() time.Time { return b.now }}
}

func (b *bench) decide(t *testing.T) graph.Decision {
	t.Helper()
	return decisionOf(t, mustPlan(t, newGraph(t, b.deps, b.build), b.env()), b.build.Name)
}

// rewrite changes build's record.
func (b *bench) rewrite(t *testing.T, change func(*graph.Record)) {
	t.Helper()
	r := b.world.record(t, b.build.Record)
	change(&r)
	b.world.put(t, b.build.Record, r)
}

func says(text string) func(graph.Record) string {
	return func(graph.Record) string { return text }
}

// gone returns a Step.Missing that always gives the same answer.
func gone(text string) func(context.Context, graph.Record) string {
	return func(context.Context, graph.Record) string { return text }
}

func changed(text string, labels ...string) graph.Decision {
	return graph.Decision{Run: true, Cause: graph.InputChanged, Text: text, Changed: labels}
}

// TestDecision proves F.1, F.4.
func TestDecision(t *testing.T) {
	upToDate := graph.Decision{Cause: graph.UpToDate, Text: "up to date"}
	for _, tt := range []struct {
		name string
		then func(*testing.T, *bench)
		want graph.Decision
	}{
		{"nothing happened", func(*testing.T, *bench) {}, upToDate},
		{"always", func(_ *testing.T, b *bench) { b.build.Always = "tests always run" }, graph.Decision{Run: true, Cause: graph.Always, Text: "tests always run"}},
		{"first run", func(_ *testing.T, b *bench) { delete(b.world.records, "build") }, graph.Decision{Run: true, Cause: graph.NeverRun, Text: "first run"}},
		{
			"no permission to read the record", func(_ *testing.T, b *bench) {
				b.world.unreadable = fmt.Errorf("open build.json: %w", os.ErrPermission)
			},
			graph.Decision{Run: true, Cause: graph.Unreadable, Text: "record can't be read: open build.json: permission denied"},
		},
		{
			"record cut off", func(_ *testing.T, b *bench) { b.world.records["build"] = []byte(`{"version":1,"step":"bui`) },
			graph.Decision{Run: true, Cause: graph.Unreadable, Text: "record can't be read: not a whole record: unexpected end of JSON input"},
		},
		{
			"record empty", func(_ *testing.T, b *bench) { b.world.records["build"] = nil },
			graph.Decision{Run: true, Cause: graph.Unreadable, Text: "record can't be read: not a whole record: unexpected end of JSON input"},
		},
		{
			"record of a newer dot", func(t *testing.T, b *bench) {
				b.rewrite(t, func(r *graph.Record) { r.Version = 2 })
			},
			graph.Decision{Run: true, Cause: graph.Unreadable, Text: "record can't be read: record version 2, this dot reads 1"},
		},
		{
			"another process is at it", func(t *testing.T, b *bench) {
				b.rewrite(t, func(r *graph.Record) { r.State = graph.Started })
				b.holder = "pid 7"
			},
			graph.Decision{Run: true, Cause: graph.Busy, Text: "pid 7 is running it; decided again when it ends"},
		},
		{
			"another process holds the lock but has not begun", func(_ *testing.T, b *bench) { b.holder = "pid 7" }, upToDate,
		},
		{
			"killed", func(t *testing.T, b *bench) { b.rewrite(t, func(r *graph.Record) { r.State = graph.Started }) },
			graph.Decision{Run: true, Cause: graph.Interrupted, Text: "last run interrupted"},
		},
		{
			"cancelled", func(t *testing.T, b *bench) { b.rewrite(t, func(r *graph.Record) { r.State = graph.Stopped }) },
			graph.Decision{Run: true, Cause: graph.Interrupted, Text: "last run interrupted"},
		},
		{
			"failed", func(t *testing.T, b *bench) { b.rewrite(t, func(r *graph.Record) { r.State = graph.Failed }) },
			graph.Decision{Run: true, Cause: graph.LastFailed, Text: "last run failed"},
		},
		{
			"overwritten", func(_ *testing.T, b *bench) { b.build.Overwritten = says("schema written by dev@4521a86 since") },
			graph.Decision{Run: true, Cause: graph.Overwritten, Text: "schema written by dev@4521a86 since"},
		},
		{"nobody overwrote it", func(_ *testing.T, b *bench) { b.build.Overwritten = says("") }, upToDate},
		{
			"an input", func(_ *testing.T, b *bench) { b.build.Inputs[1].Value = "0.2" },
			changed("changed: vars: sample_rate", "vars: sample_rate"),
		},
		{
			"an input that is shown", func(_ *testing.T, b *bench) {
				b.build.Inputs[0] = graph.Input{Label: "dbt", Value: "1.11.16", Show: "1.11.16"}
			},
			changed("changed: dbt 1.11.15 → 1.11.16", "dbt 1.11.15 → 1.11.16"),
		},
		{
			"an input shown now but not then", func(_ *testing.T, b *bench) {
				b.build.Inputs[1] = graph.Input{Label: "vars: sample_rate", Value: "0.2", Show: "0.2"}
			},
			changed("changed: vars: sample_rate", "vars: sample_rate"),
		},
		{
			"an input that shows the same though it differs", func(_ *testing.T, b *bench) { b.build.Inputs[0].Value = "1.11.15 patched" },
			changed("changed: dbt", "dbt"),
		},
		{"only what is shown", func(_ *testing.T, b *bench) { b.build.Inputs[0].Show = "v1.11.15" }, upToDate},
		{
			"another order of the inputs", func(_ *testing.T, b *bench) {
				b.build.Inputs[0], b.build.Inputs[1] = b.build.Inputs[1], b.build.Inputs[0]
			}, upToDate,
		},
		{
			"a new input", func(_ *testing.T, b *bench) { b.build.Inputs = append(b.build.Inputs, graph.Input{Label: "args"}) },
			changed("changed: args", "args"),
		},
		{
			"an input that vanished", func(_ *testing.T, b *bench) { b.build.Inputs = b.build.Inputs[:1] },
			changed("changed: vars: sample_rate", "vars: sample_rate"),
		},
		{
			"a late input", func(_ *testing.T, b *bench) {
				b.late = []graph.Input{{Label: "installed packages", Value: "1.1", Show: "1.1"}}
			},
			changed("changed: installed packages 1.0 → 1.1", "installed packages 1.0 → 1.1"),
		},
		{
			"a late input that vanished", func(_ *testing.T, b *bench) { b.late = nil },
			changed("changed: installed packages", "installed packages"),
		},
		{
			"several inputs, by name", func(_ *testing.T, b *bench) {
				b.late = nil
				b.build.Inputs = []graph.Input{{Label: "vars: sample_rate", Value: "0.2"}, {Label: "args", Value: "-s orders"}}
			},
			changed("changed: args, dbt, installed packages, vars: sample_rate", "args", "dbt", "installed packages", "vars: sample_rate"),
		},
		{
			"the dependency was run by somebody else with another input", func(t *testing.T, b *bench) {
				b.deps.Inputs[0].Value = "dbt_utils, codegen"
				mustRun(t, newGraph(t, b.deps), b.world.options())
			},
			changed("changed: deps 9b13827", "deps 9b13827"),
		},
		{
			"a dependency that vanished", func(_ *testing.T, b *bench) { b.build.Deps = nil },
			changed("changed: deps 9b13827", "deps 9b13827"),
		},
		{"the kind's version", func(_ *testing.T, b *bench) { b.build.Version = 2 }, changed("changed: dot's dbt step")},
		{"the kind", func(_ *testing.T, b *bench) { b.build.Kind = "sqlmesh" }, changed("changed: dot's sqlmesh step")},
		{
			"an output is gone", func(_ *testing.T, b *bench) { b.build.Missing = gone("manifest.json is gone") },
			graph.Decision{Run: true, Cause: graph.Missing, Text: "manifest.json is gone"},
		},
		{"no output is gone", func(_ *testing.T, b *bench) { b.build.Missing = gone("") }, upToDate},
		{
			"the dependency runs", func(_ *testing.T, b *bench) { b.deps.Force = true },
			graph.Decision{Run: true, Cause: graph.DepRuns, Text: "after deps 9b13827"},
		},
		{
			"the dependency runs, so its late inputs are not looked at", func(_ *testing.T, b *bench) {
				b.deps.Force = true
				b.late, b.lateErr = nil, errors.New("no packages are installed yet")
			},
			graph.Decision{Run: true, Cause: graph.DepRuns, Text: "after deps 9b13827"},
		},
		{
			"the dependency runs and an input changed", func(_ *testing.T, b *bench) {
				b.deps.Force = true
				b.build.Inputs[1].Value = "0.2"
			},
			changed("changed: vars: sample_rate", "vars: sample_rate"),
		},
		{
			"the dependency runs but has no record", func(_ *testing.T, b *bench) {
				profiles := &graph.Step{Name: "profiles", Kind: "profiles", Missing: gone("no profiles.yml"), Action: nothing}
				*b.deps = *profiles
				b.build.Deps = []string{"profiles"}
			},
			changed("changed: deps 9b13827", "deps 9b13827"),
		},
		{"as old as it may be", func(_ *testing.T, b *bench) { b.build.MaxAge, b.now = 12*time.Hour, noon.Add(12*time.Hour) }, upToDate},
		{
			"too old", func(_ *testing.T, b *bench) { b.build.MaxAge, b.now = 12*time.Hour, noon.Add(12*time.Hour+1) },
			graph.Decision{Run: true, Cause: graph.TooOld, Text: "older than 12h"},
		},
		{
			"too old, odd age", func(_ *testing.T, b *bench) { b.build.MaxAge, b.now = 90*time.Minute, noon.Add(2*time.Hour) },
			graph.Decision{Run: true, Cause: graph.TooOld, Text: "older than 1h30m"},
		},
		{"old, without a limit", func(_ *testing.T, b *bench) { b.now = noon.AddDate(10, 0, 0) }, upToDate},
		{
			"forced", func(_ *testing.T, b *bench) { b.build.Force = true },
			graph.Decision{Run: true, Cause: graph.Forced, Text: "--force"},
		},
		{
			"a summary", func(_ *testing.T, b *bench) { b.build.Summary = says("28 of 28 nodes ok") },
			graph.Decision{Cause: graph.UpToDate, Text: "28 of 28 nodes ok"},
		},
		{"an empty summary", func(_ *testing.T, b *bench) { b.build.Summary = says("") }, upToDate},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t)
			tt.then(t, b)
			if diff := cmp.Diff(tt.want, b.decide(t)); diff != "" {
				t.Errorf("decision (-want +got):\n%s", diff)
			}
		})
	}
}

// F.4: if two causes apply, the one that is documented first wins.
func TestDecisionOrder(t *testing.T) {
	state := func(s graph.State) func(*testing.T, *bench) {
		return func(t *testing.T, b *bench) { b.rewrite(t, func(r *graph.Record) { r.State = s }) }
	}
	causes := []struct {
		cause    graph.Cause
		ofRecord bool // two of these can't apply at once: a record has one state
		set      func(*testing.T, *bench)
	}{
		{graph.Always, false, func(_ *testing.T, b *bench) { b.build.Always = "tests always run" }},
		{graph.NeverRun, true, func(_ *testing.T, b *bench) { delete(b.world.records, "build") }},
		{graph.Unreadable, true, func(_ *testing.T, b *bench) { b.world.records["build"] = []byte("{") }},
		{graph.Busy, true, func(t *testing.T, b *bench) {
			state(graph.Started)(t, b)
			b.holder = "pid 7"
		}},
		{graph.Interrupted, true, state(graph.Stopped)},
		{graph.LastFailed, true, state(graph.Failed)},
		{graph.Overwritten, false, func(_ *testing.T, b *bench) { b.build.Overwritten = says("by another") }},
		{graph.InputChanged, false, func(_ *testing.T, b *bench) { b.build.Inputs[1].Value = "0.2" }},
		{graph.Missing, false, func(_ *testing.T, b *bench) { b.build.Missing = gone("gone") }},
		{graph.DepRuns, false, func(_ *testing.T, b *bench) { b.deps.Force = true }},
		{graph.TooOld, false, func(_ *testing.T, b *bench) { b.build.MaxAge, b.now = time.Hour, noon.Add(2*time.Hour) }},
		{graph.Forced, false, func(_ *testing.T, b *bench) { b.build.Force = true }},
	}
	for i, first := range causes {
		for _, second := range causes[i+1:] {
			if first.ofRecord && second.ofRecord {
				continue
			}
			t.Run(fmt.Sprintf("%s, %s", first.cause, second.cause), func(t *testing.T) {
				b := newBench(t)
				second.set(t, b)
				if got := b.decide(t).Cause; got != second.cause {
					t.Fatalf("alone, the second gives %q", got)
				}
				first.set(t, b)
				if got := b.decide(t).Cause; got != first.cause {
					t.Errorf("got %q", got)
				}
			})
		}
	}
}

// F.1: for a step without a record, Missing alone decides.
func TestDecisionWithoutRecord(t *testing.T) {
	for _, tt := range []struct {
		name string
		step graph.Step
		want graph.Decision
	}{
		{"nothing to look at", graph.Step{}, graph.Decision{Cause: graph.UpToDate, Text: "up to date"}},
		{"it is there", graph.Step{Missing: gone("")}, graph.Decision{Cause: graph.UpToDate, Text: "up to date"}},
		{"it is gone", graph.Step{Missing: gone("no profiles.yml")}, graph.Decision{Run: true, Cause: graph.Missing, Text: "no profiles.yml"}},
		{"always", graph.Step{Always: "printed anew"}, graph.Decision{Run: true, Cause: graph.Always, Text: "printed anew"}},
		{"inputs don't matter", graph.Step{Inputs: []graph.Input{{Label: "password", Value: "new"}}}, graph.Decision{Cause: graph.UpToDate, Text: "up to date"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			step := tt.step
			step.Name, step.Kind, step.Action = "profiles", "profiles", nothing
			w := newWorld()
			g := newGraph(t, &step)
			for range 2 { // it makes no difference that the step has run
				got := decisionOf(t, mustPlan(t, g, w.env()), "profiles")
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("decision (-want +got):\n%s", diff)
				}
				mustRun(t, g, w.options())
			}
			if w.saves != 0 {
				t.Errorf("%d records were written", w.saves)
			}
		})
	}
}
