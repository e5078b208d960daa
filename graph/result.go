package graph

import "time"

// Options say how to carry out a plan.
type Options struct {
	Env
	// Pools are the sizes of the pools; one that isn't listed has one place.
	Pools map[string]int
	// KeepGoing lets steps that don't depend on a failed one start all the
	// same.
	KeepGoing bool
	// PID is recorded as the process that ran a step.
	PID int
	// Observe, if set, is told of everything that happens, one call at a
	// time.
	Observe func(Event)
}

// An Event is something that happens during a run.
type Event struct {
	Kind EventKind
	// Planned is the step concerned; for Waiting it is zero.
	Planned Planned
	// Text is a remark, or what is waited for.
	Text string
	// Value is what the action reports, for Progress.
	Value any
	// Result is set for Ended.
	Result StepResult
}

// An EventKind says what happened.
type EventKind int

// What can happen during a run.
const (
	Waiting   EventKind = iota // for a lock that another process holds
	Decided                    // a step's decision is final: told once for each step, in the plan's order, before any runs
	Beginning                  // a step starts
	Remark                     // a running step says something
	Progress                   // a running step reports how it gets on
	Stopping                   // the run was cancelled while a step ran, and waits for it
	Ended                      // a step that was to run has succeeded or failed, or will not run after all
)

// An Outcome is how a step ended.
type Outcome string

// How a step can end.
const (
	Skipped Outcome = "skipped" // it was up to date
	OK      Outcome = "ok"
	Broken  Outcome = "failed"
	NotRun  Outcome = "not run" // because of a failure elsewhere, or a cancellation
)

// A StepResult is what became of a step.
type StepResult struct {
	Outcome Outcome
	// Err is the action's error for Broken.
	Err error
	// Interrupted is set for Broken where the run had been cancelled by then.
	Interrupted bool
	// Cause is, for NotRun, the name of the step at the root of it; "" after
	// a cancellation.
	Cause string
	// Record is the step's record as it is now; zero for a step without one.
	Record            Record
	Started, Finished time.Time
}

// A Result is what became of a graph.
type Result struct {
	// Plan is the plan that was carried out.
	Plan *Plan
	// Steps are the results in the plan's order.
	Steps []StepResult
	// Cancelled is set when the context ended before the steps did.
	Cancelled bool
}

// Err returns the error of the first step that failed, or nil.
func (r *Result) Err() error {
	for _, s := range r.Steps {
		if s.Outcome == Broken {
			return s.Err
		}
	}
	return nil
}
