package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/text"
	"dot-for-dbt/internal/ui"
	"dot-for-dbt/spec"
	"dot-for-dbt/steps"
)

// checkCommand checks the configuration, and the isolation of builds, without a warehouse.
type checkCommand struct {
	Builds []string `arg:"" optional:"" name:"env@ref" help:"The builds to check: env@ref, @ref, or a range. Default: @., the working tree in the default environment."`
}

func (c *checkCommand) run(ctx context.Context, a *app, line *commandLine) error {
	req, err := c.request(a, line)
	if err != nil {
		return err
	}
	world := a.world()
	world.Stdout = a.Stderr // dbt list is not what the user asked for
	all, said, err := a.checkEnvironments(ctx, world, req)
	if err != nil {
		return err
	}
	program, err := steps.Compile(ctx, world, req)
	if err != nil {
		return err
	}
	program.Warnings = slices.DeleteFunc(program.Warnings, func(text string) bool { return slices.Contains(said, text) })
	if err := a.prompts(ctx, program, line.flags); err != nil {
		return err
	}
	line.KeepGoing = true
	return a.carryOutShown(ctx, program, line.flags, func(p *steps.Program) display {
		d := checkDisplay{oneBuild: a.watchOne(p).(*oneBuild)}
		if len(c.Builds) == 0 && line.Specs == "" {
			d.leftOut = leftOut(all, p.Builds)
		}
		return d
	})
}

// leftOut are the environments that can be used here, and in which no build was checked.
func leftOut(all []steps.EnvironmentCheck, checked []*steps.Built) (names []string) {
	for _, env := range all {
		if env.Unreachable == nil && !slices.ContainsFunc(checked, func(b *steps.Built) bool { return b.Environment() == env.Name }) {
			names = append(names, env.Name)
		}
	}
	return names
}

// request makes the request: that of a build which ends with its check.
func (c *checkCommand) request(a *app, line *commandLine) (steps.Request, error) {
	given := c.Builds
	if len(given) == 0 && line.Specs == "" {
		given = []string{"@."}
	}
	req, err := a.request(line, "build", given)
	if err != nil {
		return req, err
	}
	for _, s := range req.Specs {
		if !s.Isolated() {
			return req, hint.New(
				fmt.Sprintf("%s means dbt in the working tree, in the environment's own schema: no isolation to check", s),
				"for the working tree as a build: dot check "+spec.Spec{Env: s.Env, Ref: "."}.String(),
			)
		}
	}
	req.ChecksOnly, req.OwnSchema = true, true
	return req, nil
}

// checkEnvironments checks each environment. said are the warnings that it has printed.
func (a *app) checkEnvironments(ctx context.Context, world steps.World, req steps.Request) (all []steps.EnvironmentCheck, said []string, err error) {
	if all, err = steps.CheckEnvironments(ctx, world, req); err != nil {
		return nil, nil, err
	}
	for _, found := range all {
		for _, warning := range found.Warnings {
			a.say.Warning(warning)
			said = append(said, warning)
		}
		if found.Unreachable != nil {
			a.say.Warning(fmt.Sprintf("environment %s can't be used here: %v", found.Name, found.Unreachable), hint.Of(found.Unreachable)...)
		}
		if found.Err != nil {
			if err != nil {
				a.say.Error(err)
			}
			err = found.Err
		}
	}
	return all, said, err
}

// checkDisplay shows one line for each build that was checked.
type checkDisplay struct {
	*oneBuild
	leftOut []string // the environments without a build that was checked, if the user named none
}

// observe tells which step runs now, as in the preparation of a build: the result is all that stays.
func (d checkDisplay) observe(e graph.Event) {
	if e.Kind == graph.Beginning && !d.verbose {
		d.prepare(e.Planned.Step)
		return
	}
	d.oneBuild.observe(e)
}

func (d checkDisplay) summary(ctx context.Context, result *graph.Result) error {
	if result.Cancelled {
		return context.Cause(ctx)
	}
	var last error
	for i, planned := range result.Plan.Steps {
		r := result.Steps[i]
		switch b, isCheck := d.program.BuildOf(planned.Step.Name); {
		case r.Outcome == graph.Broken:
			if last != nil {
				d.say.Error(last)
			}
			last = r.Err
		case !isCheck:
		case r.Outcome == graph.NotRun:
			d.say.Warning(fmt.Sprintf("not checked: %s, because of %s", text.Visible(b.Label), text.Visible(r.Cause)))
		default:
			d.say.Line(fmt.Sprintf("%s %s: %s", d.say.Paint(ui.Good, "ok"), text.Visible(b.Label), text.Visible(planned.Step.Summary(r.Record))))
		}
	}
	if last != nil {
		return last
	}
	d.sayLeftOut()
	if n := len(d.program.Builds); n > 1 {
		d.say.Line(fmt.Sprintf("%s checked in %s", text.Plural(n, "build"), d.Now().Sub(d.started).Round(100*time.Millisecond)))
	}
	return nil
}

// mostLeftOut is the number of environments that are named.
const mostLeftOut = 5

// sayLeftOut says in which environments no build was checked: only their configuration was.
func (d checkDisplay) sayLeftOut() {
	if len(d.leftOut) == 0 {
		return
	}
	named := d.leftOut[:min(mostLeftOut, len(d.leftOut))]
	words := []string{"dot", "check"}
	for _, name := range named {
		words = append(words, spec.Spec{Env: name, Ref: "."}.String())
	}
	names := strings.Join(named, ", ")
	if more := len(d.leftOut) - len(named); more > 0 {
		names += fmt.Sprintf(" and %d more", more)
	}
	d.say.Note(fmt.Sprintf("isolation not checked in %s: %s", names, text.ShellQuote(words)))
}
