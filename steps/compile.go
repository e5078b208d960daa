package steps

import (
	"context"
	"fmt"

	"dot-for-dbt/config"
	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/git"
	"dot-for-dbt/internal/workspace"
	"dot-for-dbt/spec"
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

	known   known
	several bool // whether the command runs on several builds
	program *Program
}

func (c *compiler) compile(ctx context.Context, given arguments) error {
	specs, base, err := c.resolve(ctx)
	if err != nil {
		return err
	}
	calls, err := c.calls(specs, given)
	if err != nil {
		return err
	}
	c.several, c.program.Writes = len(calls) > 1, c.req.Command.WritesNodes()
	if err := c.together(calls); err != nil {
		return err
	}
	for _, call := range calls {
		if err := c.findDBT(ctx, call); err != nil {
			return err
		}
		if call.build == nil {
			continue
		}
		c.say(call.build)
		if warning := call.tool.AdapterWarning(call.output.Adapter, c.getenv); warning != "" {
			c.program.warn(warning)
		}
	}
	if err := c.noteUncommitted(ctx, calls); err != nil {
		return err
	}
	if base != nil {
		if err := c.deferTo(base, calls); err != nil {
			return err
		}
	}
	var all []*graph.Step
	for _, call := range calls {
		steps, err := c.steps(ctx, call)
		if err != nil {
			return err
		}
		all = append(all, steps...)
		c.program.Builds = append(c.program.Builds, call.info(steps[len(steps)-1]))
	}
	c.program.Graph, err = graph.New(onceEach(all)...)
	return err
}

// onceEach leaves out the steps that stand further up already: builds of a
// commit share its worktree and its packages, and all builds their baseline.
func onceEach(steps []*graph.Step) []*graph.Step {
	seen := make(map[string]bool, len(steps))
	kept := steps[:0]
	for _, s := range steps {
		if !seen[s.Name] {
			seen[s.Name] = true
			kept = append(kept, s)
		}
	}
	return kept
}

// say notes what a spec was resolved to.
func (c *compiler) say(b *build) {
	c.program.Resolved = appendNew(c.program.Resolved, Resolved{Env: b.env.Name, Short: b.Commit.Short, Commit: b.commit})
	if b.commit.Note != "" {
		c.program.note(b.commit.Ref + ": " + b.commit.Note)
	}
}

// noteUncommitted says what a build of HEAD doesn't have of the working tree.
func (c *compiler) noteUncommitted(ctx context.Context, calls []*call) error {
	if !c.req.isolated() {
		return nil
	}
	head, err := c.objects.ID("HEAD")
	if err != nil { // HEAD may be of a branch without commits
		return nil
	}
	for _, call := range calls {
		b := call.build
		if b == nil || b.commit.Hash != head {
			continue
		}
		n, err := c.repo.Uncommitted(ctx, c.prefix)
		if err == nil && n > 0 {
			c.program.note(fmt.Sprintf("%s not in %s@%s", plural(n, "uncommitted file")+is(n), b.Env, b.commit.Ref))
		}
		return err
	}
	return nil
}

// steps lists the steps of a call, the command's own last.
func (c *compiler) steps(ctx context.Context, call *call) ([]*graph.Step, error) {
	if err := c.complete(ctx, call); err != nil {
		return nil, err
	}
	if call.build == nil {
		return c.plainSteps(call), nil
	}
	return c.isolatedSteps(call)
}

// isolatedSteps lists the steps of a build.
func (c *compiler) isolatedSteps(call *call) ([]*graph.Step, error) {
	b := call.build
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
	case command.Name == "docs serve":
		if err := documented(call); err != nil {
			return nil, err
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
	return append(steps, c.plainStep(call, below))
}

// plainEnvironment is the environment of a plain call. A profile that can't be
// read is dbt's to complain about, unless it has to say which environments
// there are.
func (c *compiler) plainEnvironment(s spec.Spec, given arguments) (config.Environment, *dbt.Output, error) {
	project, err := c.workingProject()
	if err != nil {
		return config.Environment{}, nil, err
	}
	env, output, err := c.environment(s, project, given)
	if c.req.Command.Name == "init" { // makes the profile, and refuses to be told which
		return env, nil, nil
	}
	if err != nil && output == nil && env.Name != "" && len(c.config.Environments()) > 0 {
		c.program.detail(err.Error())
		return env, nil, nil
	}
	return env, output, err
}
