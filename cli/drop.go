package cli

import (
	"context"
	"errors"
	"fmt"

	"dot-for-dbt/config"
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
	Builds   []string `arg:"" optional:"" name:"env@ref" help:"The builds to drop: env@ref, @ref, a range of commits, env@. for all builds of the working tree, or a build of an upgrade check: env@ref.to."`
	Breaking bool     `help:"Also drop builds that others rest on."`
}

// dropCommand drops builds: their schemas, worktrees and records.
type dropCommand struct{ dropArgs }

func (c *dropCommand) run(ctx context.Context, a *app, line *commandLine) error {
	drop, err := c.compile(ctx, a, line)
	if err != nil {
		return err
	}
	_, err = a.drop(ctx, drop, line)
	return err
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
	return lifecycle.CompileDrop(ctx, a.world(), lifecycle.DropRequest{Specs: specs, Breaking: c.Breaking, OwnSchema: line.OwnSchema})
}

// pruneArgs are the arguments of prune.
type pruneArgs struct {
	Builds     []string `arg:"" optional:"" name:"env@ref" help:"Look at these builds only: env, env@ref or a range. Default: all builds of the project."`
	Schemas    bool     `help:"Instead of builds, schemas in the warehouse that have a mark of this project and no build here, such as those of CI. Needs another rule, or an environment."`
	Gone       bool     `help:"Builds of commits that no branch, tag or HEAD leads to any more, and earlier builds of a working tree."`
	Older      string   `placeholder:"AGE" help:"Builds that were last used longer ago: 30d, 12h."`
	Keep       *int     `placeholder:"N" help:"All but the N builds of each environment that were used last."`
	Toolchains bool     `help:"Remove only installations of dbt (dot: {toolchain: …}) that neither a build nor an environment uses any more."`
	IgnoreKeep bool     `help:"Drop builds, too, that the configuration keeps (dot: {keep: …})."`
	Worktrees  bool     `help:"Remove only worktrees: the builds stay, and the next command that needs a worktree makes it again."`
}

// pruneCommand drops builds that are no longer needed.
type pruneCommand struct {
	pruneArgs
	InStore bool `help:"Drop builds from the team's store instead, by --older or --keep: for everybody. Their schemas stay."`
	JSON    bool `name:"json" help:"Print what was dropped and what stays, with the reasons, as JSON (docs/life.md)."`
}

func (c *pruneCommand) run(ctx context.Context, a *app, line *commandLine) error {
	if c.JSON && (c.Worktrees || c.Toolchains) {
		return hint.New("--json says which builds go, and with --worktrees or --toolchains none does", "leave it out, or see the plan: dot plan prune --worktrees --format json")
	}
	if c.InStore {
		return c.runInStore(ctx, a, line)
	}
	if err := refuseLoneStore(line); err != nil {
		return err
	}
	prune, err := c.compile(ctx, a, line)
	if err != nil {
		return err
	}
	if prune.None && !c.JSON {
		a.say.Line("nothing to prune")
		return nil
	}
	var gone map[string]bool
	switch {
	case prune.None:
	case line.DryRun && c.JSON:
	default:
		gone, err = a.drop(ctx, &prune.Drop, line)
	}
	if errors.Is(err, errSomeStay) || errors.Is(err, errNothingDropped) { // the warnings have said why
		err = nil
	}
	if c.JSON && (err == nil || gone != nil) {
		err = errors.Join(a.printJSON(newJSONPruned(prune, gone, line.DryRun)), err)
	}
	return err
}

func (c *pruneArgs) program(ctx context.Context, a *app, line *commandLine) (*steps.Program, error) {
	prune, err := c.compile(ctx, a, line)
	if err != nil {
		return nil, err
	}
	if prune.None {
		return &steps.Program{Graph: &graph.Graph{}}, nil
	}
	a.sayRefused(&prune.Drop)
	return prune.Program, nil
}

// runInStore drops builds from the team's store.
func (c *pruneCommand) runInStore(ctx context.Context, a *app, line *commandLine) error {
	if c.Gone || c.Schemas || c.Toolchains || c.IgnoreKeep || c.Worktrees || c.JSON {
		return hint.New("--in-store takes --older and --keep only: a clone doesn't know which commits others have, and what is here stays", "such as dot prune --in-store --older 30d")
	}
	req, err := c.request(a, line)
	if err != nil {
		return err
	}
	if !req.Rules() {
		return hint.New("prune --in-store needs a rule that says which builds are no longer needed", "--older 30d: they were pushed longer ago", "--keep 5: all but the last 5 of each environment")
	}
	return a.pruneStore(ctx, line, req)
}

// request makes a request from the arguments.
func (c *pruneArgs) request(a *app, line *commandLine) (req lifecycle.PruneRequest, err error) {
	req = lifecycle.PruneRequest{Gone: c.Gone, Keep: c.Keep, Worktrees: c.Worktrees, Schemas: c.Schemas, Toolchains: c.Toolchains, IgnoreKeep: c.IgnoreKeep}
	if req.Specs, err = a.specs(c.Builds, line.Specs); err != nil {
		return req, err
	}
	if c.Older != "" {
		age, err := config.ParseAge(c.Older)
		if err != nil {
			return req, fmt.Errorf("--older: %w", err)
		}
		if req.Older = age.Limit; age.Never || age.Limit == 0 {
			return req, fmt.Errorf("--older %s: expected an age such as 30d or 12h", c.Older)
		}
	}
	if c.Keep != nil && *c.Keep < 0 {
		return req, fmt.Errorf("--keep %d: expected a number of builds", *c.Keep)
	}
	return req, nil
}

func (c *pruneArgs) compile(ctx context.Context, a *app, line *commandLine) (*lifecycle.Prune, error) {
	req, err := c.request(a, line)
	if err != nil {
		return nil, err
	}
	switch {
	case c.Toolchains && (c.Schemas || c.Worktrees || req.Rules() || c.IgnoreKeep || len(req.Specs) > 0):
		return nil, hint.New("--toolchains removes what no build and no environment uses: it takes no specs and no other rule", "dot prune --toolchains")
	case c.Schemas && (c.Keep != nil || c.Worktrees):
		return nil, hint.New("--schemas looks for schemas without a build here: it can't be combined with --keep or --worktrees, which are about builds", "with --schemas: --gone, --older 30d, or an environment")
	case c.Schemas && !req.Rules() && len(req.Specs) == 0:
		return nil, hint.New("prune --schemas needs a limit: schemas without a build here may be what others work with",
			"an environment where nobody else builds: dot prune ci --schemas", "--gone: no branch or tag, here or of the remote, leads to their commit", "--older 30d: they were marked longer ago")
	case !req.Rules() && !req.Worktrees && !c.Schemas && !c.Toolchains:
		keeps, err := lifecycle.Keeps(ctx, a.world())
		if err != nil {
			return nil, err
		}
		if c.IgnoreKeep || !keeps {
			return nil, hint.New("prune needs a rule that says which builds are no longer needed",
				"--gone: no branch, tag or HEAD leads to their commit", "--older 30d: they were last used longer ago", "--keep 5: all but the last 5 of each environment",
				"or a rule in dot_environments.yml: all: {dot: {keep: {last: 5, days: 30}}}", "dot drop dev@HEAD drops a build by name")
		}
	}
	prune, err := lifecycle.CompilePrune(ctx, a.world(), req)
	if err != nil {
		return nil, err
	}
	for _, note := range prune.Notes {
		a.say.Note(note)
	}
	return prune, nil
}

// drop shows what would be dropped, asks, and drops it. Builds that must stay are named, and don't
// keep others from being dropped. gone are the steps that have ended well.
func (a *app) drop(ctx context.Context, drop *lifecycle.Drop, line *commandLine) (gone map[string]bool, err error) {
	a.sayRefused(drop)
	refused := drop.Refused()
	if line.DryRun {
		return nil, a.plan(ctx, drop.Program, "text")
	}
	may := drop.Builds()
	if may == 0 {
		return nil, errNothingDropped
	}
	if !line.Yes {
		plan, err := drop.Program.Graph.Plan(ctx, a.engine(drop.Program))
		if err != nil {
			return nil, err
		}
		a.planText(a.Stderr, drop.Program, plan)
		if !a.mayAsk(line.flags) {
			return nil, hint.Add(errors.New("dropping needs a confirmation, and dot can't ask"), "--yes drops it")
		}
		question := "drop " + text.Plural(may, "build") + "?"
		if what := removes(drop); what != "" {
			question = "remove " + text.Plural(plan.Runs(), what) + "?"
		}
		if err := a.agree(ctx, question, "nothing was dropped"); err != nil {
			return nil, err
		}
	}
	p, err := drop.Program.Begin(ctx)
	if err != nil {
		return nil, err
	}
	defer a.end(p)
	result, err := a.runGraph(ctx, p, &dropping{app: a}, jobs(line.flags), true)
	if err != nil {
		return nil, err
	}
	gone = a.sayDropped(drop, result)
	switch {
	case result.Cancelled:
		return gone, hint.Add(context.Cause(ctx), "drop the rest: "+text.ShellQuote(append([]string{"dot"}, a.Args...)))
	case result.Err() != nil:
		return gone, result.Err()
	case len(refused) > 0:
		return gone, errSomeStay
	}
	return gone, nil
}

// removes is what goes where no build goes, "" for nothing.
func removes(drop *lifecycle.Drop) string {
	switch {
	case drop.Worktrees > 0:
		return "worktree"
	case drop.Toolchains > 0:
		return "toolchain"
	}
	return ""
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

// sayDropped prints a line for each build that was dropped, and returns the steps that have ended well.
func (a *app) sayDropped(drop *lifecycle.Drop, result *graph.Result) map[string]bool {
	gone := map[string]bool{}
	for i, planned := range result.Plan.Steps {
		if result.Steps[i].Outcome == graph.OK {
			gone[planned.Step.Name] = true
		}
	}
	if what := removes(drop); what != "" {
		a.say.Line(fmt.Sprintf("%s %s", a.say.Paint(ui.Good, "removed"), text.Plural(len(gone), what)))
	}
	for _, r := range drop.Remains {
		if gone[r.LastStep()] {
			a.say.Line(fmt.Sprintf("%s %s: %s", a.say.Paint(ui.Good, "dropped"), text.Visible(r.Name), text.Visible(r.String())))
		}
	}
	return gone
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
