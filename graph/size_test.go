package graph

import (
	"context"
	"fmt"
	"testing"
	"time"
)

// talking is an action that reports its progress so many times.
type talking int

func (talking) Describe(Planned) []string { return nil }

func (n talking) Run(_ context.Context, a *Attempt) (any, error) {
	for i := range int(n) {
		a.Report(i)
	}
	return nil, nil
}

// The work of a run is proportional to its steps: each costs a few updates of gates, however much
// the running steps report, and however many others wait.
func TestLooksOfARun(t *testing.T) {
	const n = 16_000
	for _, tt := range []struct {
		name   string
		events int                                // of each step
		shape  func(i int) (deps, pools []string) // of step i
	}{
		{"one pool", 50, func(int) (_, pools []string) { return nil, []string{"jobs"} }},
		{"a chain", 1, func(i int) (deps, pools []string) {
			if i > 0 {
				deps = []string{fmt.Sprint(i - 1)}
			}
			return deps, []string{"jobs"}
		}},
		{"builds of four steps, and one file", 1, func(i int) (deps, pools []string) {
			if i%4 > 0 {
				return []string{fmt.Sprint(i - 1)}, []string{"jobs", "file"}
			}
			return nil, []string{"jobs"}
		}},
		{"all above one step, each with a pool of its own", 1, func(i int) (deps, pools []string) {
			if i > 0 {
				deps = []string{"0"}
			}
			return deps, []string{"jobs", fmt.Sprint("file ", i)}
		}},
		{"a pool that steps with many others share", 1, func(i int) (deps, pools []string) {
			if i%2 > 0 {
				return []string{fmt.Sprint(i - 1)}, []string{"jobs"}
			}
			return nil, []string{"warehouse", "jobs", fmt.Sprint("file ", i)}
		}},
		{"no pools", 1, func(int) (_, _ []string) { return nil, nil }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var steps []*Step
			for i := range n {
				s := &Step{Name: fmt.Sprint(i), Always: "always", Action: talking(tt.events)}
				s.Deps, s.Pools = tt.shape(i)
				steps = append(steps, s)
			}
			g, err := New(steps...)
			if err != nil {
				t.Fatal(err)
			}
			plan, err := g.Plan(t.Context(), Env{Now: time.Now})
			if err != nil {
				t.Fatal(err)
			}
			told := 0
			r := newRunner(g, plan, Options{
				Env: Env{Now: time.Now}, Pools: map[string]int{"jobs": 2},
				Observe: func(e Event) {
					if e.Kind == Progress {
						told++
					}
				},
			}, noneHeld{})
			result := r.run(t.Context())
			if err := result.Err(); err != nil || told != n*tt.events {
				t.Fatalf("%d events, %v", told, err)
			}
			if r.ready.looks > 20*n {
				t.Errorf("%d looks at what could start, %d for each step", r.ready.looks, r.ready.looks/n)
			}
		})
	}
}
