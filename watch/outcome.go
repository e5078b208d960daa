package watch

import (
	"errors"
	"slices"
	"time"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/steps"
)

// A Status is what became of a build.
type Status string

// What can become of a build.
const (
	Built       Status = "built"       // or, of a command that builds nothing, done
	Done        Status = "done"        // likewise
	UpToDate    Status = "up to date"  // nothing was to be done
	Failed      Status = "failed"      // its command
	Blocked     Status = "blocked"     // by what failed before
	Interrupted Status = "interrupted" // its command
	NotRun      Status = "not run"     // because the run was cancelled
)

// outcome is what became of a build.
type outcome struct {
	*build
	status Status
	report steps.Report  // of its nodes; zero without any
	took   time.Duration // of the command, 0 if it didn't run
	why    string        // it is blocked or up to date
	err    error         // of the command
}

// outcomes say what became of each build.
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

func (b *build) outcome(planned graph.Planned, r graph.StepResult, builds bool) outcome {
	o := outcome{build: b, err: r.Err}
	switch report, err := steps.ParseReport(r.Record); {
	case r.Outcome == graph.NotRun:
	case err == nil && planned.Step.Record != "":
		o.report = report
	default: // nothing is kept of a build of the working tree
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
		o.status, o.why = UpToDate, planned.Decision.String()
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

// failedNodes are the nodes that made a build's command fail. A hook is one only to dbt's results.
func (o outcome) failedNodes() []ran {
	var failed *steps.DBTError
	if !errors.As(o.err, &failed) {
		return nil // dbt did not get to it
	}
	bad := func(nodes []ran) []ran {
		return slices.DeleteFunc(slices.Clone(nodes), func(n ran) bool { return !n.Status.Failed() })
	}
	if nodes := bad(o.nodes); len(nodes) > 0 {
		return nodes
	}
	return bad((&build{Built: o.Built}).ranNodes())
}
