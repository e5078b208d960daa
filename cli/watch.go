package cli

import (
	"context"
	"os"
	"runtime"
	"slices"
	"time"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/text"
	"dot-for-dbt/internal/ui"
	"dot-for-dbt/steps"
	"dot-for-dbt/watch"
)

// autoLog is the --log value that lets dot choose.
const autoLog = "auto"

// frame is the time between two redrawings.
const frame = 100 * time.Millisecond

// severalBuilds shows a run for several builds, or with --log.
type severalBuilds struct {
	*app
	*watch.Watcher
	program *steps.Program
	ticks   *time.Ticker
}

func (a *app) watchBuilds(p *steps.Program, f flags) *severalBuilds {
	return a.watchBuildsWith(p, f, false)
}

func (a *app) watchBuildsWith(p *steps.Program, f flags, brief bool) *severalBuilds {
	d := &severalBuilds{app: a, program: p, ticks: time.NewTicker(frame)}
	actions := a.getenv("GITHUB_ACTIONS") == "true"
	o := watch.Options{
		Mode: watch.Mode(f.Log), Out: ui.NewPrinter(a.Stdout, a.color, a.getenv), Say: a.say,
		Tick: d.ticks.C, Actions: actions, Verbose: a.verbose, Brief: brief, Now: a.Now,
	}
	terminal, redraws := a.terminal()
	if f.Log == autoLog {
		switch {
		case actions:
			o.Mode = watch.Grouped
		case redraws:
			o.Mode = watch.Quiet // the region tells enough
		default:
			o.Mode = watch.Stream
		}
	}
	if redraws && o.Mode != watch.JSON {
		o.Region = ui.NewRegion(terminal, ui.Size(terminal))
		o.Out, o.Say = o.Out.To(o.Region.Writer(a.Stdout)), o.Say.To(o.Region.Writer(a.Stderr))
	}
	o.Width = ui.LineWidth(a.Process.Stdout)
	d.Watcher = watch.New(p.Carried(), o)
	return d
}

// terminal returns a terminal that can be redrawn: stderr, if stdout is the same
// terminal and interactive.
func (a *app) terminal() (*os.File, bool) {
	out, isFile := a.Process.Stdout.(*os.File)
	if !isFile || runtime.GOOS == "windows" || a.getenv("TERM") == "dumb" || a.getenv("CI") != "" {
		return nil, false // redrawing was not tested in a Windows console
	}
	terminal, isFile := a.Stderr.(*os.File)
	return terminal, isFile && ui.Interactive(out, terminal)
}

func (d *severalBuilds) observe(e graph.Event)   { d.Observe(e) }
func (d *severalBuilds) printer() *ui.Printer    { return d.Say }
func (d *severalBuilds) watcher() *watch.Watcher { return d.Watcher }

func (d *severalBuilds) close() {
	d.ticks.Stop()
	d.Close()
}

// summary returns nil if all steps succeeded, or the worst exit code.
func (d *severalBuilds) summary(ctx context.Context, result *graph.Result) error {
	d.Summary(result, d.program.Writes)
	worst := exitOK
	for _, r := range result.Steps {
		if r.Outcome == graph.Broken {
			worst = max(worst, codeOf(r.Err))
		}
	}
	switch {
	case result.Cancelled:
		return d.interrupted(ctx, result)
	case worst == exitOK:
		return nil
	}
	d.say.Hint(d.continueLine())
	return exitCode(worst)
}

// continueLine says how to continue after a failure.
func (a *app) continueLine() string { return "continue after the failure: " + a.resumeLine() }

// resumeLine returns the command line that continues this one.
func (a *app) resumeLine() string {
	own, forDBT := split(a.Args)
	resume := slices.DeleteFunc(slices.Clone(own), func(arg string) bool { return arg == "--force" || arg == "--resume" })
	resume = append(resume, "--resume")
	if len(own) < len(a.Args) {
		resume = append(append(resume, "--"), forDBT...)
	}
	return text.ShellQuote(append([]string{"dot"}, resume...))
}
