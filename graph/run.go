package graph

import (
	"container/heap"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"

	"golang.org/x/sync/errgroup"
)

// runner runs a plan. One goroutine, in run, owns all of its fields. Workers only run an action and
// send its result. Each step is only looked at when a step it waits for has ended. So the time of a
// run is proportional to the number of steps, dependencies and events.
type runner struct {
	graph   *Graph
	plan    *Plan
	opts    Options
	held    Held
	results []StepResult
	nodes   []node       // by step
	over    indexes      // finished steps that the steps above don't know about yet
	ready   *ready       // the steps that only wait for a place
	running map[int]bool // the steps that run
	stopped bool         // no further step starts
	told    chan message
	ended   chan ending
}

// A node is the state of a step during the run. A skipped step has a node, too: a step without a
// record may run below it, and steps above both must wait for that one, and fail with it.
type node struct {
	above   []int  // the steps that depend on it
	after   []int  // the steps that follow it without depending on it
	waits   int    // number of steps that it still waits for
	pending bool   // it has neither started nor ended
	blame   string // the step whose failure keeps those above from running, "" for none
}

// message is an event from a running action.
type message struct {
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
		results: make([]StepResult, n), nodes: make([]node, n),
		ready: newReady(plan.Steps, opts.Pools), running: make(map[int]bool),
		told: make(chan message), ended: make(chan ending),
	}
	for i, s := range plan.Steps {
		node := &r.nodes[i]
		node.pending = true
		for _, name := range s.Step.Deps {
			below := &r.nodes[g.index[name]]
			below.above = append(below.above, i)
			node.waits++
		}
		for _, name := range s.Step.After {
			if j, ok := g.index[name]; ok && s.Decision.Run && plan.Steps[j].Decision.Run {
				r.nodes[j].after = append(r.nodes[j].after, i)
				node.waits++
			}
		}
	}
	return r
}

func (r *runner) run(ctx context.Context) *Result {
	var workers errgroup.Group
	for i, s := range r.plan.Steps {
		r.observe(Event{Kind: Decided, Planned: s})
		if !s.Decision.Run {
			r.results[i] = StepResult{Outcome: Skipped, Record: s.Record}
		}
		if r.nodes[i].waits == 0 {
			r.release(i)
		}
	}
	r.settle()
	r.start(ctx, &workers)
	cancelled := ctx.Done()
	for len(r.running) > 0 {
		select {
		case t := <-r.told:
			t.event.Planned = r.plan.Steps[t.step]
			r.observe(t.event)
		case e := <-r.ended:
			r.finish(ctx, e)
			r.start(ctx, &workers)
		case <-cancelled:
			cancelled = nil // the running actions have this context, too
			for _, i := range slices.Sorted(maps.Keys(r.running)) {
				r.observe(Event{Kind: Stopping, Planned: r.plan.Steps[i]})
			}
			r.stop("")
		}
	}
	_ = workers.Wait() // results come through ended
	return &Result{Plan: r.plan, Steps: r.results, Cancelled: ctx.Err() != nil}
}

// start starts every step that is ready and finds a place.
func (r *runner) start(ctx context.Context, workers *errgroup.Group) {
	for !r.stopped {
		if ctx.Err() != nil {
			r.stop("")
			return
		}
		i, ok := r.ready.next()
		if !ok {
			return
		}
		r.nodes[i].pending = false
		r.running[i] = true
		planned := r.plan.Steps[i]
		r.observe(Event{Kind: Beginning, Planned: planned})
		below := r.keysBelow(i)
		workers.Go(func() error {
			r.ended <- r.work(ctx, i, planned, below)
			return nil
		})
	}
}

// finish handles the end of a step that ran.
func (r *runner) finish(ctx context.Context, e ending) {
	i, name := e.step, r.plan.Steps[e.step].Step.Name
	delete(r.running, i)
	r.ready.leave(i)
	r.plan.Steps[i].key = e.key
	r.results[i] = e.result
	failed := e.result.Outcome == Broken
	switch {
	case ctx.Err() != nil: // first, because a step that was stopped is not to blame
		r.end(i)
		r.stop("")
	case failed && !r.opts.KeepGoing:
		r.end(i)
		r.stop(name)
	default:
		if failed {
			r.nodes[i].blame = name
		}
		heap.Push(&r.over, i)
		r.settle()
	}
}

// stop ends all steps that have not started. blame is the step whose failure is the reason, "" for
// a cancellation.
func (r *runner) stop(blame string) {
	if r.stopped {
		return
	}
	r.stopped = true
	for i, s := range r.plan.Steps {
		if s.Decision.Run && r.nodes[i].pending {
			r.results[i] = StepResult{Outcome: NotRun, Cause: blame, Record: s.Record}
			r.end(i)
		}
	}
}

// settle tells the steps above about finished steps, in the plan's order. That may finish some of
// them, too.
func (r *runner) settle() {
	for len(r.over) > 0 {
		i := heap.Pop(&r.over).(int)
		if r.plan.Steps[i].Decision.Run {
			r.end(i)
		}
		for _, j := range r.nodes[i].above {
			r.arrive(j, r.nodes[i].blame)
		}
		for _, j := range r.nodes[i].after {
			r.arrive(j, "")
		}
	}
}

// arrive tells step i that a step it waits for has finished. blame is the step whose failure keeps
// step i from running, "" for none.
func (r *runner) arrive(i int, blame string) {
	node := &r.nodes[i]
	node.waits--
	switch {
	case !node.pending: // because of an earlier failure
	case blame != "":
		node.blame = blame
		if s := r.plan.Steps[i]; s.Decision.Run {
			r.results[i] = StepResult{Outcome: NotRun, Cause: blame, Record: s.Record}
		}
		r.pass(i)
	case node.waits == 0:
		r.release(i)
	}
}

// release handles that step i waits for no other step any more.
func (r *runner) release(i int) {
	if r.plan.Steps[i].Decision.Run {
		r.ready.add(i)
	} else {
		r.pass(i)
	}
}

// pass finishes step i, which does not run.
func (r *runner) pass(i int) {
	r.nodes[i].pending = false
	heap.Push(&r.over, i)
}

// end reports how step i ended.
func (r *runner) end(i int) {
	r.observe(Event{Kind: Ended, Planned: r.plan.Steps[i], Result: r.results[i]})
}

// keysBelow returns the present keys of the steps that step i depends on.
func (r *runner) keysBelow(i int) []Input {
	return keysOf(r.plan, r.graph, r.plan.Steps[i].Step)
}

func (r *runner) observe(e Event) {
	if r.opts.Observe != nil {
		r.opts.Observe(e)
	}
}

// work runs one step in its own goroutine: it seals the key, records that the step has started,
// runs the action and records the result.
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
		held: func() []*os.File { return r.held.Files(r.graph.locksFor(step)) },
		tell: func(e Event) { r.told <- message{i, e} },
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
		record.State, record.Error = Stopped, stopped(ctx, runErr)
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

// stopped says in the record of a step that it was interrupted, and by what. The action's own error, which may
// look like a failure, comes after that.
func stopped(ctx context.Context, err error) string {
	cause := context.Cause(ctx)
	text := "interrupted: " + cause.Error()
	if errors.Is(err, cause) {
		return text
	}
	return text + "\n" + err.Error()
}
