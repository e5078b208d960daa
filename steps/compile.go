package steps

import (
	"context"
	"fmt"

	"dot-for-dbt/config"
	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/git"
	"dot-for-dbt/internal/workspace"
)

// Compile turns an invocation into a program. It reads the configuration, the
// repository and the profile, and writes nothing; whatever is wrong with the
// request is an error here, before anything has run.
func Compile(ctx context.Context, world World, req Request) (*Program, error) {
	c, given, err := open(ctx, world, req)
	if err != nil {
		return nil, err
	}
	defer c.close()
	if err := c.compile(ctx, given); err != nil {
		return nil, err
	}
	return c.program, nil
}

// A compiler is at work on one invocation.
type compiler struct {
	world   World
	req     Request
	project string // the project's directory in the user's working tree
	config  *config.Config

	// repo is nil outside of a repository, and so are ws and objects, which a
	// plain call does without, too.
	repo    *git.Repo
	prefix  string // of the project in the repository, with slashes; "" at its root
	ws      *workspace.Workspace
	objects *git.Objects

	program *Program
}

func (c *compiler) compile(ctx context.Context, given arguments) error {
	commits, err := c.resolve(ctx)
	if err != nil {
		return err
	}
	var target *build // nil for a plain call
	env, output := config.Environment{}, (*dbt.Output)(nil)
	if c.req.Spec.Isolated() {
		if target, err = c.resolveBuild(c.req.Spec, commits[c.req.Spec.Ref], given); err != nil {
			return err
		}
		env, output = target.env, target.output
	} else if env, output, err = c.plainEnvironment(given); err != nil {
		return err
	}
	if err := c.findDBT(ctx, env, target); err != nil {
		return err
	}
	if target != nil {
		c.say(target)
		if err := c.noteUncommitted(ctx, target); err != nil {
			return err
		}
		if warning := c.program.Tool.AdapterWarning(output.Adapter, c.getenv); warning != "" {
			c.program.Warnings = append(c.program.Warnings, warning)
		}
	}
	var base *baseline
	if c.req.Baseline != nil {
		if base, err = c.resolveBaseline(*c.req.Baseline, commits[c.req.Baseline.Ref], target, given); err != nil {
			return err
		}
		c.say(base.build)
		if err := c.warnOfDeferral(target, given); err != nil {
			return err
		}
	}
	call, err := c.newCall(ctx, target, env, output, base, given)
	if err != nil {
		return err
	}
	var steps []*graph.Step
	if target == nil {
		steps = c.plainSteps(call)
	} else if steps, err = c.isolatedSteps(call); err != nil {
		return err
	}
	c.program.Step = steps[len(steps)-1].Name
	c.program.Graph, err = graph.New(steps...)
	return err
}

// resolve asks git for the commits behind all refs at once; the result is by
// ref.
func (c *compiler) resolve(ctx context.Context) (map[string]git.Commit, error) {
	var refs []string
	if c.req.Spec.Isolated() {
		refs = append(refs, c.req.Spec.Ref)
	}
	if c.req.Baseline != nil {
		refs = append(refs, c.req.Baseline.Ref)
	}
	if len(refs) == 0 {
		return nil, nil
	}
	commits, err := c.repo.Resolve(ctx, refs)
	if err != nil {
		return nil, err
	}
	byRef := make(map[string]git.Commit, len(commits))
	for _, commit := range commits {
		byRef[commit.Ref] = commit
	}
	return byRef, nil
}

// say notes what a spec was resolved to.
func (c *compiler) say(b *build) {
	c.program.Resolved = append(c.program.Resolved, Resolved{Env: b.env.Name, Short: b.Commit.Short, Commit: b.commit})
	if b.commit.Note != "" {
		c.program.Notes = append(c.program.Notes, b.commit.Ref+": "+b.commit.Note)
	}
}

// noteUncommitted says what a build of HEAD doesn't have of the working tree.
func (c *compiler) noteUncommitted(ctx context.Context, b *build) error {
	head, err := c.objects.ID("HEAD")
	if err != nil || head != b.commit.Hash { // HEAD may be of a branch without commits
		return nil
	}
	n, err := c.repo.Uncommitted(ctx, c.prefix)
	if err != nil || n == 0 {
		return err
	}
	c.program.Notes = append(c.program.Notes, fmt.Sprintf("%s not in %s@%s", plural(n, "uncommitted file")+is(n), b.Env, b.commit.Ref))
	return nil
}

// isolatedSteps lists the steps of a build.
func (c *compiler) isolatedSteps(call *call) ([]*graph.Step, error) {
	b := call.build
	c.program.Build, c.program.Schema = b.String(), b.schema
	command := call.Command
	var adopt []*graph.Step
	if step := c.adoptStep(b); step != nil {
		adopt = append(adopt, step)
	}
	switch {
	case command.Name == "clean":
		clean := c.cleanStep(b)
		for _, s := range adopt {
			clean.Deps = append(clean.Deps, s.Name)
		}
		return append(adopt, clean), nil
	case command.Name == "init":
		return nil, &hintError{
			msg:   "dbt init sets a project up, and a commit is as it is",
			hints: []string{"leave the ref out: dot init"},
		}
	case command.Name == "clone" && call.baseline == nil:
		return nil, &hintError{
			msg:   "dbt clone clones a baseline's relations, and there is no baseline",
			hints: []string{"name one: --defer prod@main"},
		}
	}
	if err := c.checkVersion(call); err != nil {
		return nil, err
	}
	steps := []*graph.Step{c.worktreeStep(b), c.commitStep(b), c.profilesStep(b)}
	if b.tools != nil {
		steps = append(steps, c.toolchainStep(b.tools))
	}
	if command.Name == "deps" || command.Parses && !c.req.NoDeps {
		deps, err := c.depsStep(call)
		if err != nil {
			return nil, err
		}
		steps = append(steps, deps)
	}
	if command.Name == "deps" {
		return steps, nil
	}
	steps = append(steps, adopt...)
	if call.baseline != nil {
		steps = append(steps, c.baselineStep(call.baseline))
	}
	below := make([]string, len(steps))
	for i, s := range steps {
		below[i] = s.Name
	}
	inputs, err := c.inputs(call)
	if err != nil {
		return nil, err
	}
	if len(command.Builds) > 0 {
		check := c.checkStep(call, inputs, below)
		steps = append(steps, check)
		below = append(below, check.Name)
	}
	return append(steps, c.commandStep(call, inputs, below)), nil
}

// plainSteps lists the steps of a plain call of dbt on the working tree.
func (c *compiler) plainSteps(call *call) []*graph.Step {
	var steps []*graph.Step
	var below []string
	if call.baseline != nil {
		steps = append(steps, c.baselineStep(call.baseline))
		below = []string{steps[0].Name}
	}
	c.program.Build = call.env.Name
	return append(steps, c.plainStep(call, below))
}

// plainEnvironment is the environment of a plain call. A profile that can't be
// read is dbt's to complain about, unless it has to say which environments
// there are.
func (c *compiler) plainEnvironment(given arguments) (config.Environment, *dbt.Output, error) {
	project, err := c.workingProject()
	if err != nil {
		return config.Environment{}, nil, err
	}
	env, output, err := c.environment(c.req.Spec, project, given)
	if err != nil && output == nil && env.Name != "" && len(c.config.Environments()) > 0 {
		c.program.Details = append(c.program.Details, err.Error())
		return env, nil, nil
	}
	return env, output, err
}
