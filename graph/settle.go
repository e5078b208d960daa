package graph

import (
	"context"
	"fmt"
)

// Run takes the locks that the plan needs, and decides again, since other processes may have
// changed something meanwhile. Then it runs the steps. The error is about the whole run (a lock, a
// late input). A failed step is in the Result.
func (g *Graph) Run(ctx context.Context, opts Options) (*Result, error) {
	plan, held, err := g.settle(ctx, opts)
	if err != nil {
		return nil, err
	}
	defer held.Release()
	r := newRunner(g, plan, opts, held)
	return r.run(ctx), nil
}

// settle returns the final plan and the locks it needs. If somebody changed something between the
// first plan and the locks, the second plan may need more locks. Then settle starts again, with all
// of them.
func (g *Graph) settle(ctx context.Context, opts Options) (*Plan, Held, error) {
	first, err := g.Plan(ctx, opts.Env)
	if err != nil {
		return nil, nil, err
	}
	need := first.locks()
	for {
		held, err := opts.Locker.Lock(ctx, need, func(l Lock, holder string) {
			if opts.Observe != nil {
				opts.Observe(Event{Kind: Waiting, Text: fmt.Sprintf("waiting for %s: %s", l.What, holder)})
			}
		})
		if err != nil {
			return nil, nil, err
		}
		plan, err := g.plan(ctx, opts.Env, true)
		if err != nil {
			held.Release()
			return nil, nil, err
		}
		if more := plan.locks(); !cover(need, more) {
			held.Release()
			need = union(need, more)
			continue
		}
		sayMeanwhile(first, plan)
		return plan, held, nil
	}
}

// sayMeanwhile marks the steps that another process ran between the two plans.
func sayMeanwhile(before, after *Plan) {
	for i := range after.Steps {
		was, is := before.Steps[i], &after.Steps[i]
		again := !is.Record.Finished.Equal(was.Record.Finished)
		if was.Decision.Run && is.Decision.Cause == UpToDate && again {
			is.Decision.Cause = Meanwhile
			is.Decision.Text = fmt.Sprintf("done meanwhile by pid %d", is.Record.PID)
		}
	}
}
