package cli

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"
	"time"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/ui"
	"dot-for-dbt/steps"
)

// carryOut runs the program, and says what came of it.
func (a *app) carryOut(ctx context.Context, p *steps.Program, f flags) error {
	several := len(p.Builds) > 1
	a.remarks(p)
	if a.verbose {
		for _, line := range toolLines(p) {
			a.say.Line(line)
		}
	}
	if err := a.confirm(ctx, p, f); err != nil {
		return err
	}
	if err := p.Begin(); err != nil {
		return err
	}
	result, err := p.Graph.Run(ctx, graph.Options{
		Env:       a.engine(p),
		Pools:     p.Pools(jobs(f)),
		KeepGoing: f.KeepGoing || several && !f.FailFast,
		PID:       os.Getpid(),
		Observe:   a.watch(p),
	})
	switch {
	case err != nil:
		return err
	case several:
		return a.outcomes(ctx, p, result)
	case result.Err() != nil:
		return result.Err()
	case result.Cancelled:
		return context.Cause(ctx)
	}
	a.summary(p, result)
	return nil
}

// jobs is how many programs may run at once. Each dbt has threads of its own in
// the warehouse, so that the default stays small.
func jobs(f flags) int {
	if f.Jobs > 0 {
		return f.Jobs
	}
	return min(runtime.NumCPU(), 4)
}

// watch prints what happens, as it happens: dbt says enough of itself, so of
// the steps that run one line each, and of those that don't none.
func (a *app) watch(p *steps.Program) func(graph.Event) {
	return func(e graph.Event) {
		switch e.Kind {
		case graph.Waiting:
			a.say.Note(e.Text)
		case graph.Remark:
			a.say.Warning(e.Text)
		case graph.Progress:
			if line, ok := e.Value.(steps.Line); ok {
				a.line(e.Planned.Step, line)
			}
		case graph.Decided:
			if a.verbose && !e.Planned.Decision.Run {
				a.step(ui.Faint, "skip", e.Planned)
			}
		case graph.Beginning:
			a.step(ui.Busy, "→", e.Planned)
			if a.verbose {
				for _, command := range describe(e.Planned) {
					a.say.Line(a.say.Paint(ui.Faint, "  "+ui.Clean(command)))
				}
			}
		}
	}
}

// line prints what a program says, with what it is about.
func (a *app) line(step *graph.Step, line steps.Line) {
	_, subject := title(step)
	text := ui.Clean(subject) + " │ " + ui.Clean(line.Text)
	if line.Data {
		fmt.Fprintln(a.Stdout, text)
		return
	}
	a.say.Line(text)
}

// step prints a line about a step and why it runs or doesn't.
func (a *app) step(s ui.Style, mark string, planned graph.Planned) {
	a.say.Line(fmt.Sprintf("%s %s · %s", a.say.Paint(s, mark), ui.Clean(planned.Step.Name), ui.Clean(planned.Decision.String())))
}

// summary says what became of the builds.
func (a *app) summary(p *steps.Program, result *graph.Result) {
	for i, planned := range result.Plan.Steps {
		b, ok := p.BuildOf(planned.Step.Name)
		if !ok || planned.Step.Record == "" && result.Steps[i].Outcome != graph.Skipped {
			continue // of what keeps no record its beginning says enough
		}
		a.ended(b, planned, result.Steps[i])
	}
}

// ended says what became of a build.
func (a *app) ended(b steps.BuildInfo, planned graph.Planned, r graph.StepResult) {
	name := ui.Clean(b.Name)
	switch r.Outcome {
	case graph.Skipped:
		a.say.Line(fmt.Sprintf("%s %s: %s", a.say.Paint(ui.Good, "not run"), name, ui.Clean(planned.Decision.String())))
	case graph.OK:
		text := fmt.Sprintf("%s %s", a.say.Paint(ui.Good, "done"), name)
		if report, err := steps.ParseReport(r.Record); err == nil && len(report.Counts) > 0 {
			text += ": " + report.String()
		}
		a.say.Line(fmt.Sprintf("%s · schema %s · %s", text, ui.Clean(b.Schema), r.Finished.Sub(r.Started).Round(100*time.Millisecond)))
	case graph.Broken:
		a.say.Line(fmt.Sprintf("%s %s: %s", a.say.Paint(ui.Bad, "failed"), name, ui.Clean(r.Err.Error())))
	case graph.NotRun:
		why := "cancelled"
		if r.Cause != "" {
			why = r.Cause + " failed"
		}
		a.say.Line(fmt.Sprintf("%s %s: %s", a.say.Paint(ui.Warn, "blocked"), name, ui.Clean(why)))
	}
}

// resumeArgs is the command line that goes on after this one.
func resumeArgs(args []string) []string {
	own, forDBT := split(args)
	resume := slices.DeleteFunc(slices.Clone(own), func(arg string) bool { return arg == "--force" })
	resume = append(resume, "--resume")
	if len(own) < len(args) {
		resume = append(append(resume, "--"), forDBT...)
	}
	return resume
}

// outcomes says what became of several builds. The error is nil if all is well,
// else the worst exit code.
func (a *app) outcomes(ctx context.Context, p *steps.Program, result *graph.Result) error {
	worst := exitOK
	for i, r := range result.Steps {
		if r.Outcome != graph.Broken {
			continue
		}
		worst = max(worst, codeOf(r.Err))
		if !result.Cancelled {
			a.say.Error(fmt.Errorf("%s: %w", result.Plan.Steps[i].Step.Name, r.Err))
		}
	}
	a.summary(p, result)
	switch {
	case result.Cancelled:
		return context.Cause(ctx)
	case worst != exitOK:
		if !slices.Contains(a.Args, "--resume") {
			a.say.Hint(dbt.ShellQuote(append([]string{"dot"}, resumeArgs(a.Args)...)) + " goes on: dbt retry for what failed, a run for what did not run")
		}
		return exitCode(worst)
	}
	return nil
}
