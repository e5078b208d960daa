package watch

import (
	"errors"
	"slices"
	"time"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/steps"
)

// A Status is the result for a build.
type Status string

// The statuses of a build.
const (
	Built       Status = "built"         // its command succeeded
	Done        Status = "done"          // the same, for a command that builds nothing
	NothingToDo Status = "nothing to do" // its command succeeded, but the selection matched nothing
	UpToDate    Status = "up to date"    // its command was skipped
	Failed      Status = "failed"        // its command failed
	Blocked     Status = "blocked"       // a step that it depends on failed
	Interrupted Status = "interrupted"   // its command was interrupted
	NotRun      Status = "not run"       // the run was cancelled before
)

// outcome is a build with its result.
type outcome struct {
	*tracked
	status Status
	report steps.Report  // counts its nodes; zero without nodes
	took   time.Duration // of the command, 0 if it didn't run
	why    string        // why it is blocked or up to date, or had nothing to do
	err    error         // of the command
}

// outcomes returns the results of all builds.
func (b *board) outcomes(r *graph.Result, builds bool) []outcome {
	number := make(map[string]int, len(r.Plan.Steps)) // of each step, in the plan
	for i, planned := range r.Plan.Steps {
		number[planned.Step.Name] = i
	}
	var all []outcome
	for _, one := range b.builds {
		i, ok := number[one.Step]
		if !ok {
			continue
		}
		planned := r.Plan.Steps[i]
		o := one.outcome(planned, r.Steps[i], builds)
		if o.status == Failed && r.Cancelled && planned.Step.Record == "" {
			o.status = Interrupted // no record says so
		}
		all = append(all, o)
	}
	return all
}

func (b *tracked) outcome(planned graph.Planned, r graph.StepResult, builds bool) outcome {
	o := outcome{tracked: b, err: r.Err}
	switch report, err := steps.ParseReport(r.Record); {
	case r.Outcome == graph.NotRun:
	case err == nil && planned.Step.Record != "":
		o.report = report
	default: // a build of the working tree has no record
		o.report.Counts = map[artifact.Status]int{}
		for _, n := range b.nodes {
			o.report.Counts[n.Status]++
		}
	}
	if r.Outcome == graph.OK || r.Outcome == graph.Broken {
		o.took = r.Finished.Sub(r.Started)
	}
	switch {
	case r.Outcome == graph.Skipped:
		o.status, o.why = UpToDate, b.UpToDate(planned, r.Record)
	case r.Outcome == graph.OK && o.report.Unmatched != "":
		o.status, o.why = NothingToDo, o.report.Unmatched
	case r.Outcome == graph.OK && builds:
		o.status = Built
	case r.Outcome == graph.OK:
		o.status = Done
	case r.Interrupted:
		o.status = Interrupted
	case r.Outcome == graph.Broken:
		o.status = Failed
	case r.Cause == "":
		o.status = NotRun
	default:
		o.status, o.why = Blocked, r.Cause+" failed"
	}
	return o
}

// ran reports whether the build's command was run.
func (o outcome) ran() bool {
	return o.took > 0 || o.status == Built || o.status == Done || o.status == Failed
}

// failedNodes returns the nodes that made the build's command fail. Hooks are nodes in dbt's results only.
func (o outcome) failedNodes() []ran {
	var failed *steps.DBTError
	if !errors.As(o.err, &failed) {
		return nil // dbt did not run a node
	}
	bad := func(nodes []ran) []ran {
		return slices.DeleteFunc(slices.Clone(nodes), func(n ran) bool { return !n.Status.Failed() })
	}
	if nodes := bad(o.nodes); len(nodes) > 0 {
		return nodes
	}
	return bad((&tracked{Built: o.Built}).ranNodes())
}
