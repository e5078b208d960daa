package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/text"
	"dot-for-dbt/internal/ui"
	"dot-for-dbt/lifecycle"
	"dot-for-dbt/steps"
	"dot-for-dbt/watch"
)

// dropArgs are the arguments of drop.
type dropArgs struct {
	Builds   []string `arg:"" optional:"" name:"env@ref" help:"The builds to drop: env@ref, @ref, or a range of commits."`
	Breaking bool     `help:"Also drop builds that others rest on."`
}

// dropCommand drops builds: their schemas, worktrees and records.
type dropCommand struct{ dropArgs }

func (c *dropCommand) run(ctx context.Context, a *app, line *commandLine) error {
	drop, err := c.compile(ctx, a, line)
	if err != nil {
		return err
	}
	return a.drop(ctx, drop, line)
}

// program compiles the command to a program.
func (c *dropArgs) program(ctx context.Context, a *app, line *commandLine) (*steps.Program, error) {
	drop, err := c.compile(ctx, a, line)
	if err != nil {
		return nil, err
	}
	a.sayRefused(drop)
	return drop.Program, nil
}

func (c *dropArgs) compile(ctx context.Context, a *app, line *commandLine) (*lifecycle.Drop, error) {
	specs, err := a.specs(c.Builds, line.Specs)
	if err != nil {
		return nil, err
	}
	if len(specs) == 0 {
		return nil, hint.New("drop needs the builds to drop", "dot drop dev@HEAD", "dot status lists the builds")
	}
	return lifecycle.CompileDrop(ctx, a.world(), lifecycle.DropRequest{Specs: specs, Breaking: c.Breaking})
}

// drop shows what would be dropped, asks, and drops it. Builds that must stay are named, and don't
// keep others from being dropped.
func (a *app) drop(ctx context.Context, drop *lifecycle.Drop, line *commandLine) error {
	a.sayRefused(drop)
	refused := drop.Refused()
	if line.DryRun {
		return cmp.Or(a.plan(ctx, drop.Program, "text"), errors.Join(refused...))
	}
	may := len(drop.Remains) - len(refused)
	if may == 0 {
		return errNothingDropped
	}
	if !line.Yes {
		plan, err := drop.Program.Graph.Plan(ctx, a.engine(drop.Program))
		if err != nil {
			return err
		}
		a.planText(a.Stderr, drop.Program, plan)
		if !a.mayAsk(line.flags) {
			return hint.Add(errors.New("dropping needs a confirmation, and dot can't ask"), "--yes drops it")
		}
		yes, err := ui.NewPrompter(a.Stdin, a.say).Confirm(ctx, "drop "+text.Plural(may, "build")+"?")
		if err == nil && !yes {
			err = errors.New("nothing was dropped")
		}
		if err != nil {
			return err
		}
	}
	p, err := drop.Program.Begin(ctx)
	if err != nil {
		return err
	}
	defer a.end(p)
	result, err := a.runGraph(ctx, p, &dropping{app: a}, jobs(line.flags), true)
	if err != nil {
		return err
	}
	a.sayDropped(drop, result)
	switch {
	case result.Cancelled:
		return hint.Add(context.Cause(ctx), "drop the rest: "+text.ShellQuote(append([]string{"dot"}, a.Args...)))
	case result.Err() != nil:
		return result.Err()
	case len(refused) > 0:
		return errSomeStay
	}
	return nil
}

var (
	errNothingDropped = errors.New("nothing was dropped")
	errSomeStay       = errors.New("not all builds were dropped")
)

// sayRefused prints why builds must stay.
func (a *app) sayRefused(drop *lifecycle.Drop) {
	for _, err := range drop.Refused() {
		a.say.Warning(err.Error(), hint.Of(err)...)
	}
}

// sayDropped prints a line for each build that was dropped.
func (a *app) sayDropped(drop *lifecycle.Drop, result *graph.Result) {
	gone := map[string]bool{}
	for i, planned := range result.Plan.Steps {
		if result.Steps[i].Outcome == graph.OK {
			gone[planned.Step.Name] = true
		}
	}
	for _, r := range drop.Remains {
		if gone["records "+r.Build.Name] {
			a.say.Line(fmt.Sprintf("%s %s: %s", a.say.Paint(ui.Good, "dropped"), text.Visible(r.Build.Name), text.Visible(r.String())))
		}
	}
}

// dropping shows a drop in progress.
type dropping struct{ *app }

func (d *dropping) observe(e graph.Event) {
	switch e.Kind {
	case graph.Waiting:
		d.say.Note(e.Text)
	case graph.Remark:
		d.say.Warning(e.Text)
	}
}
func (d *dropping) printer() *ui.Printer                         { return d.say }
func (d *dropping) close()                                       {}
func (d *dropping) summary(context.Context, *graph.Result) error { return nil }
func (d *dropping) watcher() *watch.Watcher                      { return nil }
