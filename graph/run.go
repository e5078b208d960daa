package graph

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"golang.org/x/sync/errgroup"
)

// runner carries out a plan. One goroutine, in run, owns all of its fields;
// workers only run an action and send what came of it.
type runner struct {
	graph   *Graph
	plan    *Plan
	opts    Options
	held    Held
	results []StepResult
	deps    [][]int // per step: the steps that run and must succeed before it
	waits   []int   // per step: how many steps it still waits for
	next    [][]int // per step: the steps that wait for it
	pools   map[string]int
	running map[int]bool // the steps that do
	stopped string       // the step whose failure stopped the run
	told    chan telling
	ended   chan ending
}

// telling is what a running action says.
type telling struct {
	step  int
	event Event
}

type ending struct {
	step   int
	result StepResult
	key    Key
}

func newRunner(g *Graph, plan *Plan, opts Options, held Held) *runner {
	n := len(plan.Steps)
	r := &runner{
		graph: g, plan: plan, opts: opts, held: held,
		results: make([]StepResult, n), deps: make([][]int, n), waits: make([]int, n), next: make([][]int, n),
		pools: make(map[string]int), running: make(map[int]bool),
		told: make(chan telling), ended: make(chan ending),
	}
	for i, s := range plan.Steps {
		r.deps[i] = r.runsBelow(s.Step)
		earlier := make(map[int]bool)
		for _, j := range r.deps[i] {
			earlier[j] = true
		}
		for _, name := range s.Step.After {
			if j, ok := g.index[name]; ok && plan.Steps[j].Decision.Run {
				earlier[j] = true
			}
		}
		r.waits[i] = len(earlier)
		for j := range earlier {
			r.next[j] = append(r.next[j], i)
		}
		for _, pool := range s.Step.Pools {
			r.pools[pool] = max(1, opts.Pools[pool])
		}
	}
	return r
}

// runsBelow returns the dependencies of a step that run. In place of one that
// is skipped stand those that it depends on itself: one without a record can
// run below a step that is skipped, and what is above both still has to follow
// it and to fail with it.
func (r *runner) runsBelow(step *Step) []int {
	var below []int
	for _, name := range step.Deps {
		j := r.graph.index[name]
		found := r.deps[j]
		if r.plan.Steps[j].Decision.Run {
			found = []int{j}
		}
		for _, k := range found {
			if !slices.Contains(below, k) {
				below = append(below, k)
			}
		}
	}
	return below
}

func (r *runner) run(ctx context.Context) *Result {
	var workers errgroup.Group
	todo := make([]int, 0, len(r.plan.Steps)) // what is to run, in the plan's order
	for i, s := range r.plan.Steps {
		r.observe(Event{Kind: Decided, Planned: s})
		if s.Decision.Run {
			todo = append(todo, i)
		} else {
			r.results[i] = StepResult{Outcome: Skipped, Record: s.Record}
		}
	}
	cancelled := ctx.Done()
	for {
		todo = r.start(ctx, todo, &workers)
		if len(r.running) == 0 {
			break
		}
		select {
		case t := <-r.told:
			t.event.Planned = r.plan.Steps[t.step]
			r.observe(t.event)
		case e := <-r.ended:
			r.finish(e)
		case <-cancelled:
			cancelled = nil // what runs is told by its own context
			for _, i := range slices.Sorted(maps.Keys(r.running)) {
				r.observe(Event{Kind: Stopping, Planned: r.plan.Steps[i]})
			}
		}
	}
	_ = workers.Wait() // workers report through ended
	return &Result{Plan: r.plan, Steps: r.results, Cancelled: ctx.Err() != nil}
}

// start starts every step of todo that is ready, ends those that can't run any
// more, and returns the rest.
func (r *runner) start(ctx context.Context, todo []int, workers *errgroup.Group) []int {
	var rest []int
	for _, i := range todo {
		if blame, blocked := r.blocked(ctx, i); blocked {
			r.end(i, StepResult{Outcome: NotRun, Cause: blame, Record: r.plan.Steps[i].Record})
			continue
		}
		if r.waits[i] > 0 || !r.roomFor(i) {
			rest = append(rest, i)
			continue
		}
		for _, pool := range r.plan.Steps[i].Step.Pools {
			r.pools[pool]--
		}
		r.running[i] = true
		planned := r.plan.Steps[i]
		r.observe(Event{Kind: Beginning, Planned: planned})
		below := r.keysBelow(i)
		workers.Go(func() error {
			r.ended <- r.work(ctx, i, planned, below)
			return nil
		})
	}
	return rest
}

// blocked reports whether step i will never run, and the step to blame.
func (r *runner) blocked(ctx context.Context, i int) (blame string, blocked bool) {
	if ctx.Err() != nil {
		return "", true // first: a step that was stopped is not to blame
	}
	for _, j := range r.deps[i] {
		switch dep := r.results[j]; dep.Outcome {
		case Broken:
			return r.plan.Steps[j].Step.Name, true
		case NotRun:
			return dep.Cause, true
		}
	}
	return r.stopped, r.stopped != ""
}

func (r *runner) roomFor(i int) bool {
	for _, pool := range r.plan.Steps[i].Step.Pools {
		if r.pools[pool] < 1 {
			return false
		}
	}
	return true
}

// keysBelow are the keys of the steps that step i depends on, as they are by now.
func (r *runner) keysBelow(i int) []Input {
	return keysOf(r.plan, r.graph, r.plan.Steps[i].Step)
}

// finish takes in what came of a step.
func (r *runner) finish(e ending) {
	delete(r.running, e.step)
	for _, pool := range r.plan.Steps[e.step].Step.Pools {
		r.pools[pool]++
	}
	r.plan.Steps[e.step].key = e.key
	if e.result.Outcome == Broken && !r.opts.KeepGoing && r.stopped == "" {
		r.stopped = r.plan.Steps[e.step].Step.Name
	}
	r.end(e.step, e.result)
}

func (r *runner) end(i int, result StepResult) {
	r.results[i] = result
	for _, j := range r.next[i] {
		r.waits[j]--
	}
	r.observe(Event{Kind: Ended, Planned: r.plan.Steps[i], Result: result})
}

func (r *runner) observe(e Event) {
	if r.opts.Observe != nil {
		r.opts.Observe(e)
	}
}

// work runs one step, in a goroutine of its own: it seals the key, marks the
// record as started, runs the action and records what came of it.
func (r *runner) work(ctx context.Context, i int, planned Planned, below []Input) ending {
	step := planned.Step
	e := ending{step: i, result: StepResult{Outcome: OK, Record: planned.Record, Started: r.opts.Now()}}
	fail := func(err error) ending {
		e.result.Outcome, e.result.Err, e.result.Finished = Broken, err, r.opts.Now()
		e.result.Interrupted = ctx.Err() != nil
		return e
	}
	attempt := &Attempt{
		Step: step, Reason: planned.Decision, Previous: planned.Record,
		Held: r.held.Files(r.graph.locksFor(step)),
		tell: func(e Event) { r.told <- telling{i, e} },
	}
	if step.Record == "" {
		if _, err := step.Action.Run(ctx, attempt); err != nil {
			return fail(err)
		}
		e.result.Finished = r.opts.Now()
		return e
	}

	inputs, err := allInputs(ctx, step, below)
	if err != nil {
		return fail(err)
	}
	e.key = newKey(step.Kind, step.Version, inputs)
	record := Record{
		Version: RecordVersion, Step: step.Name, State: Started,
		Key: e.key, Inputs: inputs, PID: r.opts.PID, Started: e.result.Started,
	}
	if err := r.opts.Store.Save(step.Record, record); err != nil {
		return fail(fmt.Errorf("record that %s starts: %w", step.Name, err))
	}
	attempt.Key = e.key
	e.result.Record = record
	outputs, runErr := step.Action.Run(ctx, attempt)
	record.State, record.Finished = Succeeded, r.opts.Now()
	switch {
	case runErr != nil && ctx.Err() != nil:
		record.State, record.Error = Stopped, runErr.Error()
	case runErr != nil:
		record.State, record.Error = Failed, runErr.Error()
	}
	if outputs != nil {
		if record.Outputs, err = json.Marshal(outputs); err != nil {
			runErr = errors.Join(runErr, fmt.Errorf("record the outputs of %s: %w", step.Name, err))
			record.State, record.Error = Failed, runErr.Error()
		}
	}
	if err := r.opts.Store.Save(step.Record, record); err != nil {
		return fail(errors.Join(runErr, fmt.Errorf("record how %s ended: %w", step.Name, err)))
	}
	e.result.Record, e.result.Finished = record, record.Finished
	if runErr != nil {
		return fail(runErr)
	}
	return e
}
