package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/store"
	"dot-for-dbt/internal/text"
	"dot-for-dbt/internal/ui"
	"dot-for-dbt/spec"
	"dot-for-dbt/steps"
)

// pushCommand puts builds into the team's store.
type pushCommand struct {
	Builds []string `arg:"" optional:"" name:"env@ref" help:"The builds to push: env@ref, @ref or a range of commits."`
}

// pullCommand takes builds over from the team's store.
type pullCommand struct {
	Builds []string `arg:"" optional:"" name:"env@ref" help:"The builds to pull: env@ref, @ref or a range of commits."`
}

// exportCommand writes a build into a file.
type exportCommand struct {
	Build string `arg:"" name:"env@ref" help:"The build: env@ref or @ref."`
	File  string `arg:"" name:"file" help:"The file to write."`
}

// importCommand takes over the build in a file.
type importCommand struct {
	File string `arg:"" name:"file" help:"A file that dot export has written."`
}

func (c *pushCommand) run(ctx context.Context, a *app, line *commandLine) error {
	specs, err := a.isolatedSpecs("push", c.Builds, line)
	if err != nil {
		return err
	}
	var pushes []*steps.Push
	program, err := a.sharing(ctx, line, steps.Request{Specs: specs, Pushes: true}, func(p *steps.Program) (err error) {
		pushes, err = p.Pushes(version(), line.Force)
		return err
	})
	if err != nil || line.DryRun {
		return err
	}
	return a.share(ctx, program, line, func(ended map[string]bool) {
		for _, p := range pushes {
			switch {
			case !ended[p.Step()]:
			case p.Did.Same:
				a.say.Line(fmt.Sprintf("%s %s: %s", a.say.Paint(ui.Faint, "up to date"), p.Build.Name, p.Says()))
			default:
				a.say.Line(fmt.Sprintf("%s %s: %s", a.say.Paint(ui.Good, "pushed"), p.Build.Name, p.Says()))
			}
		}
	})
}

func (c *pullCommand) run(ctx context.Context, a *app, line *commandLine) error {
	specs, err := a.isolatedSpecs("pull", c.Builds, line)
	if err != nil {
		return err
	}
	return a.pull(ctx, line, steps.Request{Specs: specs, Pull: true})
}

func (c *exportCommand) run(ctx context.Context, a *app, line *commandLine) error {
	specs, err := a.isolatedSpecs("export", []string{c.Build}, line)
	if err != nil {
		return err
	}
	if _, several := specs[0].Range(); several || len(specs) > 1 {
		return hint.New("a file holds one build", "name one commit")
	}
	file := a.path(c.File)
	var push *steps.Push
	program, err := a.sharing(ctx, line, steps.Request{Specs: specs}, func(p *steps.Program) (err error) {
		push, err = p.Export(version(), file)
		return err
	})
	if err != nil || line.DryRun {
		return err
	}
	return a.share(ctx, program, line, func(ended map[string]bool) {
		if ended[push.Step()] {
			a.say.Line(fmt.Sprintf("%s %s: %s", a.say.Paint(ui.Good, "exported"), push.Build.Name, push.Says()))
		}
	})
}

func (c *importCommand) run(ctx context.Context, a *app, line *commandLine) error {
	from, err := store.OpenFile(a.path(c.File))
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("there is no file %s", a.path(c.File))
		}
		return err
	}
	defer from.Close() // only read from
	offers, err := from.All(ctx, "")
	if err != nil {
		return err
	}
	if len(offers) != 1 {
		return hint.New(fmt.Sprintf("%s holds %s", from, text.Plural(len(offers), "build")), "name a file that dot export has written")
	}
	s := spec.Spec{Env: offers[0].Build.Env, Ref: offers[0].Build.Hash}
	if _, err := spec.Parse(s.String()); err != nil {
		return hint.New(fmt.Sprintf("%s names no build: %q", from, offers[0].Name()), "name a file that dot export has written")
	}
	return a.pull(ctx, line, steps.Request{Specs: []spec.Spec{s}, Pull: true, From: from})
}

// isolatedSpecs reads the specs of a command that shares builds.
func (a *app) isolatedSpecs(command string, given []string, line *commandLine) ([]spec.Spec, error) {
	specs, err := a.specs(given, line.Specs)
	if err != nil {
		return nil, err
	}
	if len(specs) == 0 {
		return nil, hint.New(command+" needs the builds to "+command, "dot "+command+" prod@main")
	}
	for _, s := range specs {
		if !s.Isolated() {
			return nil, hint.New(fmt.Sprintf("%s means the working tree, which has no build of its own", s), "name a commit, too: "+s.Env+"@HEAD")
		}
	}
	return specs, nil
}

// sharing compiles a program that only has the steps that extend adds. With --dry-run, it prints the plan.
func (a *app) sharing(ctx context.Context, line *commandLine, req steps.Request, extend func(*steps.Program) error) (program *steps.Program, err error) {
	req.Command, _ = dbt.LookupCommand("list")
	req.Report, req.Store, req.Force, req.OwnSchema = true, line.Store, line.Force, line.OwnSchema
	req.Extend = func(p *steps.Program) error {
		program = p
		p.Notes = nil // they are about a command that would run on the builds
		if err := p.Keep("pull"); err != nil {
			return err
		}
		return extend(p)
	}
	if _, err := steps.Compile(ctx, a.world(), req); err != nil {
		return nil, err
	}
	if line.DryRun {
		return program, a.plan(ctx, program, "text")
	}
	return program, nil
}

// share runs a program that shares builds, and says what it did. ended are the steps that have ended well.
func (a *app) share(ctx context.Context, program *steps.Program, line *commandLine, say func(ended map[string]bool)) error {
	for _, warning := range program.Warnings {
		a.say.Warning(warning)
	}
	p, err := program.Begin(ctx)
	if err != nil {
		return err
	}
	defer a.end(p)
	result, err := a.runGraph(ctx, p, &dropping{app: a}, jobs(line.flags), true)
	if err != nil {
		return err
	}
	ended := map[string]bool{}
	for i, planned := range result.Plan.Steps {
		ended[planned.Step.Name] = result.Steps[i].Outcome == graph.OK
	}
	say(ended)
	if result.Cancelled {
		return context.Cause(ctx)
	}
	return result.Err()
}

// pull takes builds over from a store or a file.
func (a *app) pull(ctx context.Context, line *commandLine, req steps.Request) error {
	var all []steps.Pulled
	program, err := a.sharing(ctx, line, req, func(p *steps.Program) error {
		all = p.Pulled()
		return nil
	})
	if err != nil || line.DryRun {
		return err
	}
	return a.share(ctx, program, line, func(ended map[string]bool) {
		for _, p := range all {
			switch {
			case p.Step == "":
				a.say.Line(fmt.Sprintf("%s %s", a.say.Paint(ui.Faint, "up to date"), p.Says))
			case ended[p.Step]:
				a.say.Line(fmt.Sprintf("%s %s", a.say.Paint(ui.Good, "pulled"), p.Says))
			}
		}
	})
}
