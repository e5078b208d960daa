package steps

import (
	"context"
	"fmt"

	"dot-for-dbt/config"
	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt/profile"
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
	c.program.again = func(ctx context.Context) (*Program, error) { return Compile(ctx, world, req) }
	return c.program, nil
}

// A compiler is at work on one invocation.
type compiler struct {
	world   World
	req     Request
	project string // the project's directory in the user's working tree
	config  *config.Config

	// repo is nil outside of a repository, and so are ws and objects, which a
	// plain job does without, too.
	repo    *git.Repo
	prefix  string // of the project in the repository, with slashes; "" at its root
	ws      *workspace.Workspace
	objects *git.Objects

	known   known
	reports bool // whether what programs say is reported, rather than written out
	program *Program
}

func (c *compiler) compile(ctx context.Context, given arguments) error {
	specs, base, err := c.resolve(ctx)
	if err != nil {
		return err
	}
	jobs, err := c.jobs(specs, given)
	if err != nil {
		return err
	}
	c.reports, c.program.Writes = c.req.Report || len(jobs) > 1, c.req.Command.WritesNodes()
	if err := c.together(jobs); err != nil {
		return err
	}
	for _, job := range jobs {
		if err := c.findDBT(ctx, job); err != nil {
			return err
		}
		if job.build == nil {
			continue
		}
		c.say(job.build)
		if warning := job.tool.AdapterWarning(job.output.Adapter, c.getenv); warning != "" {
			c.program.warn(warning)
		}
	}
	if err := c.noteUncommitted(ctx, jobs); err != nil {
		return err
	}
	if base != nil {
		if err := c.deferTo(base, jobs); err != nil {
			return err
		}
	}
	if c.req.isolated() {
		if err := c.scanProjects(ctx, jobs); err != nil {
			return err
		}
	}
	all := &stepList{named: map[string]bool{}}
	for _, job := range jobs {
		step, err := c.steps(job, all)
		if err != nil {
			return err
		}
		c.program.Builds = append(c.program.Builds, job.info(step))
	}
	if c.program.Graph, err = graph.New(all.steps...); err != nil || c.req.Extend == nil {
		return err
	}
	c.program.compiler, c.program.jobs = c, jobs
	c.program.below = stepsBelow(c.program.Graph, c.program.Builds)
	return c.req.Extend(c.program)
}

// say notes what a spec was resolved to.
func (c *compiler) say(b *build) {
	c.program.Resolved = append(c.program.Resolved, Resolved{Env: b.env.Name, Short: b.Commit.Short, Commit: b.commit})
	if b.commit.Note != "" {
		c.program.note(b.commit.Ref + ": " + b.commit.Note)
	}
}

// noteUncommitted says what a build of HEAD doesn't have of the working tree.
func (c *compiler) noteUncommitted(ctx context.Context, jobs []*job) error {
	if !c.req.isolated() {
		return nil
	}
	head, err := c.objects.ID("HEAD")
	if err != nil { // HEAD may be of a branch without commits
		return nil
	}
	for _, job := range jobs {
		b := job.build
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

// plainEnvironment is the environment of a plain job. A profile that can't be
// read is dbt's to complain about, unless it has to say which environments
// there are.
func (c *compiler) plainEnvironment(s spec.Spec, given arguments) (config.Environment, *profile.Output, error) {
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
