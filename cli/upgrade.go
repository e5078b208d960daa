package cli

import (
	"context"
	"errors"
	"fmt"

	"dot-for-dbt/compare"
	"dot-for-dbt/internal/hint"
	"dot-for-dbt/steps"
)

// upgradeArgs are the arguments and flags of an upgrade check.
type upgradeArgs struct {
	Spec string `arg:"" name:"env@ref" help:"The commit to build with both dbts, and the environment to build it in."`

	From  string `placeholder:"DBT" help:"The dbt to come from. The default is the environment's own."`
	To    string `required:"" placeholder:"DBT" help:"The dbt to go to: a release, which is installed (\"dbt 1.12.6\"), a requirements file of the project (dbt-1.12.txt), the path of a dbt or of its virtual environment, or a command ('uv run dbt')."`
	Fresh bool   `help:"Rebuild both sides, also if they are up to date."`

	howArgs
}

// upgradeCommand builds a commit with two dbts and compares what they built.
type upgradeCommand struct {
	upgradeArgs
	reportArgs
}

func (c *upgradeCommand) run(ctx context.Context, a *app, line *commandLine) error {
	format, err := formatOf(c.Format, c.Output)
	if err != nil {
		return err
	}
	return c.report(ctx, a, line, format, func() (*compare.Program, error) { return c.compile(ctx, a, line, format.distributions) })
}

// program compiles the check to a program.
func (c *upgradeArgs) program(ctx context.Context, a *app, line *commandLine) (*steps.Program, error) {
	compared, err := c.compile(ctx, a, line, false)
	if err != nil {
		return nil, err
	}
	return compared.Program, nil
}

// compile compiles the check.
func (c *upgradeArgs) compile(ctx context.Context, a *app, line *commandLine, distributions bool) (*compare.Program, error) {
	switch {
	case line.Defer != "" || line.Modified != "" || line.Reuse != "":
		return nil, errors.New("dot upgrade-check builds everything with both dbts: --defer and --modified mean nothing for it")
	case line.Resume:
		return nil, hint.Add(errors.New("dot upgrade-check builds both sides at about the same time: it doesn't resume one of them"), "leave --resume out")
	}
	req, err := c.howArgs.request(a, line)
	if err != nil {
		return nil, err
	}
	specs, err := a.specs([]string{c.Spec}, line.Specs)
	if err != nil {
		return nil, err
	}
	if len(specs) != 1 {
		return nil, fmt.Errorf("dot upgrade-check takes one build, found %d", len(specs))
	}
	req.Candidates, req.Fresh, req.Distributions = specs, c.Fresh, distributions
	req.Upgrade = &compare.Upgrade{}
	if c.From != "" {
		if req.Upgrade.From, err = steps.ReadDBTChoice("--from", c.From); err != nil {
			return nil, err
		}
	}
	if req.Upgrade.To, err = steps.ReadDBTChoice("--to", c.To); err != nil {
		return nil, err
	}
	world := a.world()
	world.Stdout = a.Stderr // the report alone goes to stdout
	return compare.CompileUpgrade(ctx, world, req)
}
