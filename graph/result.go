package graph

import "time"

// Options are the options of a run.
type Options struct {
	Env
	// Pools are the sizes of the pools. A pool that isn't listed has one place.
	Pools map[string]int
	// KeepGoing starts steps that don't depend on a failed one even after a failure.
	KeepGoing bool
	// PID is the process id for the records.
	PID int
	// Observe, if not nil, gets all events, one call at a time.
	Observe func(Event)
}

// An Event is something that happens during a run.
type Event struct {
	Kind EventKind
	// Planned is the step concerned; for Waiting it is zero.
	Planned Planned
	// Text is a remark, or what the run waits for.
	Text string
	// Value is the action's report, for Progress.
	Value any
	// Result is set for Ended.
	Result StepResult
}

// An EventKind is the kind of an event.
type EventKind int

// All kinds of events.
const (
	Waiting   EventKind = iota // for a lock that another process holds
	Decided                    // a step's decision is final: once for each step, in the plan's order, before any runs
	Beginning                  // a step starts
	Remark                     // a running step has a remark
	Progress                   // a running step reports its progress
	Stopping                   // the run was cancelled, and waits for this running step
	Ended                      // a step that was to run has succeeded or failed, or will not run after all
)

// An Outcome is how a step ended.
type Outcome string

// All outcomes.
const (
	Skipped Outcome = "skipped" // it was up to date
	OK      Outcome = "ok"
	Broken  Outcome = "failed"
	NotRun  Outcome = "not run" // because of a failure elsewhere, or a cancellation
)

// A StepResult is the result of a step.
type StepResult struct {
	Outcome Outcome
	// Err is the action's error if the outcome is Broken.
	Err error
	// Interrupted is true if the outcome is Broken and the run was cancelled before.
	Interrupted bool
	// Cause, if the outcome is NotRun, is the failed step that is the reason; "" after a
	// cancellation.
	Cause string
	// Record is the step's record after the run; zero for a step without one.
	Record            Record
	Started, Finished time.Time
}

// A Result is the result of a run.
type Result struct {
	// Plan is the plan that was run.
	Plan *Plan
	// Steps are the results in the plan's order.
	Steps []StepResult
	// Cancelled is true if the context ended before the steps did.
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
