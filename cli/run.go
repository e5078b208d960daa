package cli

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"time"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/ui"
	"dot-for-dbt/steps"
)

// carryOut runs the program, and says what came of it.
func (a *app) carryOut(ctx context.Context, p *steps.Program) error {
	a.remarks(p)
	if a.verbose {
		a.say.Line(toolLine(p.Tool))
	}
	if err := p.Begin(); err != nil {
		return err
	}
	result, err := p.Graph.Run(ctx, graph.Options{
		Env:     a.engine(p),
		Pools:   map[string]int{"jobs": runtime.NumCPU()},
		PID:     os.Getpid(),
		Observe: a.watch(p),
	})
	if err != nil {
		return err
	}
	if err := result.Err(); err != nil {
		return err
	}
	if result.Cancelled {
		return context.Cause(ctx)
	}
	a.summary(p, result)
	return nil
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
		case graph.Decided:
			if a.verbose && !e.Planned.Decision.Run {
				a.step(ui.Faint, "skip", e.Planned)
			}
		case graph.Beginning:
			a.step(ui.Busy, "→", e.Planned)
			if a.verbose {
				for _, command := range describe(e.Planned.Step) {
					a.say.Line(a.say.Paint(ui.Faint, "  "+ui.Clean(command)))
				}
			}
		}
	}
}

// step prints a line about a step and why it runs or doesn't.
func (a *app) step(s ui.Style, mark string, planned graph.Planned) {
	a.say.Line(fmt.Sprintf("%s %s · %s", a.say.Paint(s, mark), ui.Clean(planned.Step.Name), ui.Clean(planned.Decision.String())))
}

// summary says what became of the command itself.
func (a *app) summary(p *steps.Program, result *graph.Result) {
	for i, planned := range result.Plan.Steps {
		if planned.Step.Name != p.Step || planned.Step.Record == "" {
			continue
		}
		r := result.Steps[i]
		if r.Outcome == graph.Skipped {
			a.say.Line(fmt.Sprintf("%s %s: %s", a.say.Paint(ui.Good, "not run"), ui.Clean(p.Build), ui.Clean(planned.Decision.String())))
			return
		}
		text := fmt.Sprintf("%s %s", a.say.Paint(ui.Good, "done"), ui.Clean(p.Build))
		if report, err := steps.ParseReport(r.Record); err == nil && len(report.Counts) > 0 {
			text += ": " + report.String()
		}
		a.say.Line(fmt.Sprintf("%s · schema %s · %s", text, ui.Clean(p.Schema), r.Finished.Sub(r.Started).Round(100*time.Millisecond)))
	}
}
