package cli

import (
	"context"
	"slices"
	"strings"

	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/text"
	"dot-for-dbt/steps"
)

// dbtCommand is a command of dbt with specs.
type dbtCommand struct {
	Builds []string `arg:"" optional:"" name:"env@ref" help:"The builds to run on: env, env@ref or @ref. dev@.: the working tree as it is. Without @ref: the working tree, in the environment's own schema. Without env: the default environment. dev@main~5..main: each commit of the range."`
}

func (c *dbtCommand) run(ctx context.Context, a *app, line *commandLine) error {
	program, err := c.program(ctx, a, line)
	switch {
	case err != nil:
		return err
	case line.DryRun:
		return a.plan(ctx, program, "text")
	}
	agreed, err := a.confirmLosses(ctx, a.carryOut(ctx, program, line.flags), line.flags)
	if !agreed {
		return err
	}
	line.Yes = true
	if program, err = c.program(ctx, a, line); err != nil {
		return err
	}
	return a.carryOut(ctx, program, line.flags)
}

// program compiles the command to a program, and asks the user's questions.
func (c *dbtCommand) program(ctx context.Context, a *app, line *commandLine) (*steps.Program, error) {
	program, err := c.compile(ctx, a, line)
	if err != nil || line.mode != running || line.DryRun {
		return program, err
	}
	return program, a.prompts(ctx, program, line.flags)
}

// compile compiles the command to a program.
func (c *dbtCommand) compile(ctx context.Context, a *app, line *commandLine) (*steps.Program, error) {
	if len(c.Builds) > 1 && slices.Contains(line.words, "run-operation") && len(line.forDBT) == 0 && !strings.Contains(c.Builds[1], "@") {
		macro := append([]string{"dot"}, a.Args...)
		i := slices.Index(macro, c.Builds[1])
		return nil, hint.New("the macro and its arguments are dbt's: they go after --",
			text.ShellQuote(slices.Insert(macro, i, "--")))
	}
	req, err := a.request(line, strings.Join(line.words, " "), c.Builds)
	if err != nil {
		return nil, err
	}
	req.Planning = line.mode != running || line.DryRun
	_, req.Pushes = pipelineFormatOf(line.format)
	program, err := steps.Compile(ctx, a.world(), req)
	if err != nil {
		if quote := unquoted(a.Args); quote != "" {
			err = hint.Add(err, quote)
		}
		return nil, err
	}
	if line.FailFast && line.Specs == "" && len(program.Builds) == 1 {
		return nil, a.dbtsFlag("fail-fast", line.words)
	}
	return program, nil
}
