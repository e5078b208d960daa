package steps

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/dbt/run"
	"dot-for-dbt/internal/proc"
)

// Running a step's program, and its output.

// runDBT runs dbt under the locks of the step.
func (rt *runtime) runDBT(ctx context.Context, attempt *graph.Attempt, call run.Call) (proc.Exit, error) {
	call.Inherit = attempt.LockFiles()
	return rt.launcher.Run(ctx, call)
}

// runAsked runs the user's dbt command. Its output goes to dot's stdout and stderr
// or, if output is reported, becomes events (artifact.Event).
func (rt *runtime) runAsked(ctx context.Context, attempt *graph.Attempt, call run.Call) (proc.Exit, error) {
	if rt.reports && !call.Interactive {
		call.Events = func(e artifact.Event) { attempt.Report(e) }
		call.Env = rt.printerWidth(call.Env, attempt.Step)
	} else {
		call.Stdout, call.Stderr = rt.world.Stdout, rt.world.Stderr
	}
	return rt.runDBT(ctx, attempt, call)
}

// printerWidth returns an environment in which dbt fits its lines into the world's LineWidth, unless
// it has a width already. dbt's width doesn't count the time before it and the result behind it
// (dbt 1.11, format_fancy_output_line).
func (rt *runtime) printerWidth(env []string, step *graph.Step) []string {
	set := func(pair string) bool {
		return strings.HasPrefix(pair, "DBT_PRINTER_WIDTH=") || strings.HasPrefix(pair, "DBT_ENGINE_PRINTER_WIDTH=")
	}
	if rt.world.LineWidth == nil || slices.ContainsFunc(env, set) {
		return env
	}
	width := rt.world.LineWidth(step)
	if width == 0 {
		return env
	}
	around, least := len("13:04:59  ")+len(" [INSERT 10 in 0.13s]"), 20
	return append(slices.Clip(env), fmt.Sprintf("DBT_PRINTER_WIDTH=%d", max(width-around, least)))
}

// runAside runs a dbt command that prepares the user's. Its output goes to stderr
// or, if output is reported, becomes lines (Line).
func (rt *runtime) runAside(ctx context.Context, attempt *graph.Attempt, call run.Call) (proc.Exit, error) {
	to, end := rt.aside(attempt)
	defer end()
	call.Stdout, call.Stderr = to, to
	if rt.reports {
		call.Events = func(e artifact.Event) {
			if said, ok := e.Warning(); ok {
				attempt.Notef("%s", said)
			} else if text, ok := e.Console(); ok {
				attempt.Report(Line(text))
			}
		}
	}
	return rt.runDBT(ctx, attempt, call)
}

// A Line is a line of output of a program that runs before the user's command. It is
// reported with the step.
type Line string

// Progress is the progress of a step other than the user's command: how many things
// are done, and the names of those in progress. It is reported with the step.
type Progress struct {
	Done, Total int
	Running     []string
}

// aside returns the output of programs that prepare the user's command: dot's
// stderr, or a writer that reports each line. Call end when the program has ended.
func (rt *runtime) aside(attempt *graph.Attempt) (w io.Writer, end func()) {
	switch {
	case !rt.reports && rt.world.Aside != nil:
		return rt.world.Aside, func() {}
	case !rt.reports:
		return rt.world.Stderr, func() {}
	}
	lines := proc.NewLines(func(text []byte) { attempt.Report(Line(text)) })
	return lines, lines.End
}
