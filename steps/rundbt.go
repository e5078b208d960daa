package steps

import (
	"context"
	"io"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/dbt/run"
	"dot-for-dbt/internal/proc"
)

// How a step's program is run, and where what it says goes.

// runDBT runs dbt under the locks of the step.
func (rt *runtime) runDBT(ctx context.Context, attempt *graph.Attempt, call run.Call) (proc.Exit, error) {
	call.Inherit = attempt.LockFiles()
	return rt.launcher.Run(ctx, call)
}

// runAsked runs the command that was asked for. What it says goes to dot's own
// stdout and stderr, as if dot weren't there; if it is to be reported, it is as
// events (artifact.Event).
func (rt *runtime) runAsked(ctx context.Context, attempt *graph.Attempt, call run.Call) (proc.Exit, error) {
	if rt.reports && !call.Interactive {
		call.Events = func(e artifact.Event) { attempt.Report(e) }
	} else {
		call.Stdout, call.Stderr = rt.world.Stdout, rt.world.Stderr
	}
	return rt.runDBT(ctx, attempt, call)
}

// runAside runs a dbt command that nobody asked for: what it says goes to stderr
// or, if it is to be reported, is as lines.
func (rt *runtime) runAside(ctx context.Context, attempt *graph.Attempt, call run.Call) (proc.Exit, error) {
	call.Stdout, call.Stderr = rt.world.Stderr, rt.world.Stderr
	if rt.reports {
		call.Events = func(e artifact.Event) {
			if text, ok := e.Console(); ok {
				attempt.Report(Line(text))
			}
		}
	}
	return rt.runDBT(ctx, attempt, call)
}

// A Line is what a program said that ran before the command that was asked for.
// It is reported with the step.
type Line string

// Progress is how far a step has got that isn't a command on a build: how many of
// how many things are done, and the names of those that it works on. It is reported
// with the step.
type Progress struct {
	Done, Total int
	Running     []string
}

// aside is where a step's program writes what nobody asked for: dot's stderr, or
// a writer that reports each line. end is to be called when it has ended.
func (rt *runtime) aside(attempt *graph.Attempt) (w io.Writer, end func()) {
	if !rt.reports {
		return rt.world.Stderr, func() {}
	}
	lines := proc.NewLines(func(text []byte) { attempt.Report(Line(text)) })
	return lines, lines.End
}
