package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"time"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt/run"
	"dot-for-dbt/internal/proc"
	"dot-for-dbt/internal/text"
	"dot-for-dbt/internal/ui"
	"dot-for-dbt/steps"
	"dot-for-dbt/watch"
)

// carryOut runs the program, and says what came of it.
func (a *app) carryOut(ctx context.Context, p *steps.Program, f flags) error {
	a.remarks(p)
	if a.verbose {
		for _, line := range toolLines(p) {
			a.say.Line(line)
		}
	}
	if err := a.confirm(ctx, p, f); err != nil {
		return err
	}
	trace, err := openTrace(f.Trace)
	if err != nil {
		return err
	}
	defer trace.close()
	if p, err = p.Begin(ctx); err != nil {
		return err
	}
	defer a.end(p)
	show := a.display(p, f)
	start := a.Now()
	result, err := a.runGraph(ctx, p, show, jobs(f), f.KeepGoing || len(p.Builds) > 1 && !f.FailFast)
	if err != nil {
		return err
	}
	if err := trace.write(start, p.Builds, show.watcher(), result); err != nil {
		a.say.Warning(err.Error()) // what was run was run
	}
	return show.summary(ctx, result)
}

// runGraph runs the program's graph, with so many programs at once, and shows it.
func (a *app) runGraph(ctx context.Context, p *steps.Program, show display, jobs int, keepGoing bool) (*graph.Result, error) {
	defer show.close()
	sayStopping := sync.OnceFunc(func() {
		say := show.printer()
		say.Line("") // ends the line that a terminal's ^C is on
		say.Note("interrupting: dbt may take a while to cancel its queries; " + onceMore(ctx) + " kills it")
	})
	return p.Graph.Run(ctx, graph.Options{
		Env:       a.engine(p),
		Pools:     p.Pools(jobs),
		KeepGoing: keepGoing,
		PID:       os.Getpid(),
		Observe: func(e graph.Event) {
			if e.Kind == graph.Stopping {
				if asksDBT(e.Planned.Step) {
					sayStopping()
				}
				return
			}
			p.Expect(ctx, e)
			show.observe(e)
		},
	})
}

// asksDBT reports whether dbt runs in a step, and may have queries to cancel before
// it ends. One that has the terminal is left out: it heard Ctrl-C itself.
func asksDBT(step *graph.Step) bool {
	action, ok := step.Action.(steps.RunsDBT)
	return ok && slices.ContainsFunc(action.DBTCalls(), func(call run.Call) bool { return !call.Interactive })
}

// onceMore is what the second signal is to the sender of the first.
func onceMore(ctx context.Context) string {
	var signal *proc.SignalError
	if errors.As(context.Cause(ctx), &signal) && signal.Signal == syscall.SIGINT {
		return "Ctrl-C again"
	}
	return "a second signal"
}

// jobs is how many programs may run at once. Each dbt has threads of its own in
// the warehouse, so that the default stays small.
func jobs(f flags) int {
	if f.Jobs > 0 {
		return f.Jobs
	}
	return min(runtime.NumCPU(), 4)
}

// end ends what dbt ran in, and says what that was.
func (a *app) end(p *steps.Program) {
	for _, way := range p.End() {
		if a.verbose {
			a.say.Line(a.say.Paint(ui.Faint, text.Visible(way)))
		}
	}
}

// A display shows a run, and what came of it.
type display interface {
	observe(graph.Event)
	// printer is for what is to be said meanwhile, above what is redrawn.
	printer() *ui.Printer
	// close ends what is redrawn. It may be called twice.
	close()
	// summary says what came of the run, and returns the error that it ended
	// with.
	summary(context.Context, *graph.Result) error
	// watcher is what has listened to dbt; nil if nothing has.
	watcher() *watch.Watcher
}

// display chooses one: one build's output is dbt's own.
func (a *app) display(p *steps.Program, f flags) display {
	if len(p.Builds) > 1 || f.Log != autoLog {
		return a.watchBuilds(p, f)
	}
	return &oneBuild{a, p}
}

// oneBuild shows a run for one build: dbt says enough of itself, so of the steps
// that run one line each, and of those that don't none.
type oneBuild struct {
	*app
	program *steps.Program
}

func (d *oneBuild) close()                  {}
func (d *oneBuild) printer() *ui.Printer    { return d.say }
func (d *oneBuild) watcher() *watch.Watcher { return nil }

func (d *oneBuild) observe(e graph.Event) {
	switch e.Kind {
	case graph.Waiting:
		d.say.Note(e.Text)
	case graph.Remark:
		d.say.Warning(e.Text)
	case graph.Decided:
		if d.verbose && !e.Planned.Decision.Run {
			d.step(ui.Faint, "skip", e.Planned)
		}
	case graph.Beginning:
		d.step(ui.Busy, "→", e.Planned)
		if d.verbose {
			for _, command := range e.Planned.Describe() {
				d.say.Line(d.say.Paint(ui.Faint, "  "+text.Visible(command)))
			}
		}
	}
}

// step prints a line about a step and why it runs or doesn't.
func (d *oneBuild) step(s ui.Style, mark string, planned graph.Planned) {
	d.say.Line(fmt.Sprintf("%s %s (%s)", d.say.Paint(s, mark), text.Visible(planned.Step.Name), text.Visible(planned.Decision.String())))
}

func (d *oneBuild) summary(ctx context.Context, result *graph.Result) error {
	switch {
	case result.Err() != nil:
		return result.Err()
	case result.Cancelled:
		return context.Cause(ctx)
	}
	for i, planned := range result.Plan.Steps {
		b, ok := d.program.BuildOf(planned.Step.Name)
		if !ok || planned.Step.Record == "" && result.Steps[i].Outcome != graph.Skipped {
			continue // of what keeps no record its beginning says enough
		}
		r, name := result.Steps[i], text.Visible(b.Name)
		if r.Outcome == graph.Skipped {
			d.say.Line(fmt.Sprintf("%s %s: %s", d.say.Paint(ui.Good, "up to date"), name, text.Visible(planned.Decision.String())))
			continue
		}
		line := fmt.Sprintf("%s %s: ", d.say.Paint(ui.Good, "done"), name)
		if report, err := steps.ParseReport(r.Record); err == nil && len(report.Counts) > 0 {
			line += report.String() + ", "
		}
		if d.verbose {
			watch.SaySlowest(d.say, b)
		}
		d.say.Line(fmt.Sprintf("%sschema %s, %s", line, text.Visible(b.Schema), r.Finished.Sub(r.Started).Round(100*time.Millisecond)))
	}
	return nil
}
