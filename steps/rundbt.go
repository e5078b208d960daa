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
func (d *dbts) runDBT(ctx context.Context, attempt *graph.Attempt, call run.Call) (proc.Exit, error) {
	call.Inherit = attempt.LockFiles()
	return d.launcher.Run(ctx, call)
}

// runAsked runs the user's dbt command. Its output goes to dot's stdout and stderr
// or, if output is reported, becomes events (artifact.Event).
func (d *dbts) runAsked(ctx context.Context, attempt *graph.Attempt, call run.Call) (proc.Exit, error) {
	if d.reports && !call.Interactive {
		call.Events = func(e artifact.Event) { attempt.Report(e) }
		call.Env = d.printerWidth(call.Env, attempt.Step)
	} else {
		call.Stdout, call.Stderr = d.world.Stdout, d.world.Stderr
	}
	return d.runDBT(ctx, attempt, call)
}

// printerWidth returns an environment in which dbt fits its lines into the world's LineWidth, unless
// it has a width already. dbt's width doesn't count the time before it and the result behind it
// (dbt 1.11, format_fancy_output_line).
func (d *dbts) printerWidth(env []string, step *graph.Step) []string {
	set := func(pair string) bool {
		return strings.HasPrefix(pair, "DBT_PRINTER_WIDTH=") || strings.HasPrefix(pair, "DBT_ENGINE_PRINTER_WIDTH=")
	}
	if d.world.LineWidth == nil || slices.ContainsFunc(env, set) {
		return env
	}
	width := d.world.LineWidth(step)
	if width == 0 {
		return env
	}
	around, least := len("13:04:59  ")+len(" [INSERT 10 in 0.13s]"), 20
	return append(slices.Clip(env), fmt.Sprintf("DBT_PRINTER_WIDTH=%d", max(width-around, least)))
}

// runAside runs a dbt command that prepares the user's. Its output goes to stderr
// or, if output is reported, becomes lines (Line).
func (d *dbts) runAside(ctx context.Context, attempt *graph.Attempt, call run.Call) (proc.Exit, error) {
	to, end := d.aside(attempt)
	defer end()
	call.Stdout, call.Stderr = to, to
	if d.reports {
		call.Events = func(e artifact.Event) {
			if said, ok := e.Warning(); ok {
				attempt.Notef("%s", said)
			} else if text, ok := e.Console(); ok {
				attempt.Report(Line(text))
			}
		}
	}
	return d.runDBT(ctx, attempt, call)
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
func (d *dbts) aside(attempt *graph.Attempt) (w io.Writer, end func()) {
	switch {
	case !d.reports && d.world.Aside != nil:
		return d.world.Aside, func() {}
	case !d.reports:
		return d.world.Stderr, func() {}
	}
	lines := proc.NewLines(func(text []byte) { attempt.Report(Line(text)) })
	return lines, lines.End
}
