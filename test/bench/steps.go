//go:build unix

package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"time"

	"github.com/dustin/go-humanize"

	"dot-for-dbt/graph"
	"dot-for-dbt/test/bench/measure"
)

// manySteps measures the engine's time for graphs of up to 16,000 steps. The steps run in a
// separate process, in runSteps.
func manySteps(b *bench) (*measure.Table, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	var sides []measure.Side
	for _, n := range []int{1000, 4000, 16_000} {
		sides = append(sides, measure.Side{
			Name: fmt.Sprintf("a run of %s steps", humanize.Comma(int64(n))),
			Run: func() (measure.Cost, error) {
				return measure.Timed(exec.Command(self, "-steps", strconv.Itoa(n)))
			},
		})
	}
	t, err := measure.InTurns(b.rounds, sides...)
	if err != nil {
		return nil, err
	}
	t.Rest = append(t.Rest, "Steps that do nothing but report their progress, 50 times each; two run at a time, and records are kept in memory.")
	return t, nil
}

// runSteps runs n steps, as builds of four steps each. All steps take a place in the pool of jobs,
// and all but a build's first one also in one of ten pools of files.
func runSteps(n int) error {
	var steps []*graph.Step
	for i := range n {
		s := &graph.Step{
			Name: strconv.Itoa(i), Kind: "bench", Record: strconv.Itoa(i), Action: reporting{},
			Inputs: []graph.Input{{Label: "number", Value: strconv.Itoa(i)}},
			Pools:  []string{"jobs"},
		}
		if i%4 > 0 {
			s.Deps = []string{strconv.Itoa(i - 1)}
			s.Pools = append(s.Pools, "file "+strconv.Itoa(i/4%10))
		}
		steps = append(steps, s)
	}
	g, err := graph.New(steps...)
	if err != nil {
		return err
	}
	result, err := g.Run(context.Background(), graph.Options{
		Env:   graph.Env{Store: &records{byName: map[string]graph.Record{}}, Locker: graph.NoLocks{}, Now: time.Now},
		Pools: map[string]int{"jobs": 2},
	})
	if err != nil {
		return err
	}
	return result.Err()
}

// reporting is an action that only reports its progress.
type reporting struct{}

func (reporting) Describe(graph.Planned) []string { return nil }

func (reporting) Run(_ context.Context, attempt *graph.Attempt) (any, error) {
	for i := range 50 {
		attempt.Report(i)
	}
	return nil, nil
}

// records is a graph.Store in memory.
type records struct {
	mu     sync.Mutex
	byName map[string]graph.Record
}

func (r *records) Load(name string) (graph.Record, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	record, ok := r.byName[name]
	if !ok {
		return graph.Record{}, fs.ErrNotExist
	}
	return record, nil
}

func (r *records) Save(name string, record graph.Record) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.byName[name] = record
	return nil
}
