package cli

import (
	"context"
	"errors"
	"os"
	"runtime"
	"slices"
	"sync"
	"syscall"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt/run"
	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/proc"
	"dot-for-dbt/internal/saves"
	"dot-for-dbt/internal/text"
	"dot-for-dbt/internal/ui"
	"dot-for-dbt/steps"
	"dot-for-dbt/watch"
)

// carryOut runs the program and prints the result.
func (a *app) carryOut(ctx context.Context, p *steps.Program, f flags) error {
	return a.carryOutShown(ctx, p, f, func(p *steps.Program) display { return a.display(p, f) })
}

// carryOutShown runs the program, with a display for it.
func (a *app) carryOutShown(ctx context.Context, p *steps.Program, f flags, display func(*steps.Program) display) error {
	a.remarks(p)
	if a.verbose {
		for _, line := range toolLines(p) {
			a.say.Line(line)
		}
	}
	if err := a.confirmProtected(ctx, p, f); err != nil {
		return err
	}
	if err := a.confirm(ctx, p, f); err != nil {
		return err
	}
	trace := a.outputFile("--trace", f.Trace)
	if err := trace.check(); err != nil {
		return err
	}
	p, err := p.Begin(ctx)
	if err != nil {
		return err
	}
	defer a.end(p)
	show := display(p)
	start := a.Now()
	result, err := a.runGraph(ctx, p, show, jobs(f), f.KeepGoing || len(p.Builds) > 1 && !f.FailFast)
	if err != nil {
		return err
	}
	return a.writeTrace(trace, start, p.Builds, show.watcher(), result, show.summary(ctx, result))
}

// runGraph runs and shows the program's graph, with up to jobs programs at once.
func (a *app) runGraph(ctx context.Context, p *steps.Program, show display, jobs int, keepGoing bool) (*graph.Result, error) {
	defer show.close()
	sayStopping := sync.OnceFunc(func() {
		say := show.printer()
		say.Line("") // ends the line with the terminal's ^C
		say.Note("interrupting: dbt may take a while to cancel its queries; " + onceMore(ctx) + " kills it")
	})
	return p.Graph.Run(ctx, graph.Options{
		Env:       a.engine(p),
		Pools:     p.Pools(jobs),
		KeepGoing: keepGoing,
		PID:       os.Getpid(),
		Observe: func(e graph.Event) {
			if e.Kind == graph.Stopping {
				if asksDBT(e.Planned.Step) && !errors.Is(context.Cause(ctx), saves.ErrSaved) {
					sayStopping()
				}
				return
			}
			p.Expect(ctx, e)
			show.observe(e)
		},
	})
}

// interrupted returns the error of a run that was cancelled, with the command that continues
// it. There is none if no command of dbt's has run: what was prepared stays.
func (a *app) interrupted(ctx context.Context, result *graph.Result) error {
	err := context.Cause(ctx)
	for i, planned := range result.Plan.Steps {
		if r := result.Steps[i]; r.Outcome == graph.Broken && steps.Resumable(planned.Step, r.Record) {
			return hint.Add(err, "continue: "+a.resumeLine())
		}
	}
	return err
}

// failed returns the error of a run of one build that failed, with the command that continues
// it, if some nodes are done.
func (a *app) failed(result *graph.Result) error {
	err := result.Err()
	for i, planned := range result.Plan.Steps {
		if r := result.Steps[i]; r.Outcome == graph.Broken && steps.LeftOut(planned.Step, r.Record) {
			return hint.Add(err, a.continueLine())
		}
	}
	return err
}

// asksDBT reports whether a step runs dbt, which may have to cancel queries before it
// ends. It ignores an interactive dbt, which gets Ctrl-C itself.
func asksDBT(step *graph.Step) bool {
	action, ok := step.Action.(steps.RunsDBT)
	return ok && slices.ContainsFunc(action.DBTCalls(), func(call run.Call) bool { return !call.Interactive })
}

// onceMore names the second signal for the user.
func onceMore(ctx context.Context) string {
	var signal *proc.SignalError
	if errors.As(context.Cause(ctx), &signal) && signal.Signal == syscall.SIGINT {
		return "Ctrl-C again"
	}
	return "a second signal"
}

// jobs returns how many programs may run at once. The default is small, since each dbt
// has its own threads in the warehouse.
func jobs(f flags) int {
	if f.Jobs != nil {
		return *f.Jobs
	}
	return min(runtime.NumCPU(), 4)
}

// end ends the dbt hosts and, with -v, prints how each dbt ran.
func (a *app) end(p *steps.Program) {
	for _, way := range p.End() {
		if a.verbose {
			a.say.Line(a.say.Paint(ui.Faint, text.Visible(way)))
		}
	}
}

// A display shows a run and its result.
type display interface {
	observe(graph.Event)
	// printer prints lines during the run, above the part that is redrawn.
	printer() *ui.Printer
	// close ends the redrawing. It may be called twice.
	close()
	// summary prints the result of the run, and returns the error that it ended
	// with.
	summary(context.Context, *graph.Result) error
	// watcher returns the watcher of dbt's events, nil for none.
	watcher() *watch.Watcher
}

// display returns the display for the number of builds and --log.
func (a *app) display(p *steps.Program, f flags) display {
	if len(p.Builds) > 1 || f.Log != autoLog {
		return a.watchBuilds(p, f)
	}
	return a.watchOne(p)
}
