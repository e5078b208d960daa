package steps

import (
	"cmp"
	"context"
	"slices"

	"dot-for-dbt/config"
	"dot-for-dbt/internal/dbt/profile"
	"dot-for-dbt/internal/git"
	"dot-for-dbt/internal/hint"
	"dot-for-dbt/spec"
)

// An environment has its configuration and its output of the profile.
type environment struct {
	config.Environment
	output *profile.Output
	dotEnv dotEnv // that its dbt loads
}

// environment returns the environment of a spec, at a commit or, if it is nil, in the working tree.
func (p *planner) environment(ctx context.Context, s spec.Spec, project profile.Project, given arguments, commit *git.Commit) (environment, error) {
	// The command line's vars are the same for all specs.
	by := [...]string{s.Env, project.Profile, given.Profile, given.Target, given.ProfilesDir, ""}
	found, err := p.hasDotEnv(commit)
	if err != nil {
		return environment{}, err
	}
	if found && commit != nil {
		by[5] = commit.Hash
	}
	return p.known.environments.get(by, func() (environment, error) {
		return p.chooseEnvironment(ctx, s, project, given, commit)
	})
}

// environmentsOf returns the environments with these names, each with its own output: dbt's
// --target says where one build is, not where the others are. An environment that can't be
// evaluated is left out, since its variables may be set elsewhere.
func (p *planner) environmentsOf(ctx context.Context, names []string, project profile.Project, given arguments) []environment {
	given.Target = ""
	var all []environment
	for _, name := range names {
		if env, err := p.environment(ctx, spec.Spec{Env: name}, project, given, nil); err == nil {
			all = append(all, env)
		}
	}
	return all
}

func (p *planner) chooseEnvironment(ctx context.Context, s spec.Spec, project profile.Project, given arguments, commit *git.Commit) (e environment, err error) {
	if len(p.config.Environments()) > 0 {
		if e.Environment, err = p.config.Resolve(s.Env, given.Vars); err != nil {
			return e, p.explainRef(ctx, s, err)
		}
		if e.dotEnv, err = p.dotEnv(ctx, e.Environment, commit); err != nil {
			return e, err
		}
		e.output, err = p.output(e, e.Name, project, given)
		return e, err
	}
	// If no file defines environments, the outputs of the profile are the
	// environments. The default environment is named after its output, which may
	// depend on vars and flags. These are the same for all environments.
	if e.Environment, err = p.config.Implicit(cmp.Or(s.Env, "default"), given.Vars); err != nil {
		return e, err
	}
	if e.dotEnv, err = p.dotEnv(ctx, e.Environment, commit); err != nil {
		return e, err
	}
	if s.Env != "" && given.Target == "" {
		given.Target = s.Env
	}
	if e.output, err = p.output(e, s.Env, project, given); err != nil {
		return e, err
	}
	if s.Env == "" {
		e.Environment, err = p.config.Implicit(e.output.Name, given.Vars)
	}
	return e, err
}

// plainEnvironment returns the environment of a plain job. If the profile can't be
// read, dbt says so, unless the profile has to define the environments.
func (p *planner) plainEnvironment(ctx context.Context, s spec.Spec, project profile.Project, given arguments) (environment, error) {
	env, err := p.environment(ctx, s, project, given, nil)
	if p.req.Command.Name == "init" { // makes the profile, and rejects --profile
		env.output = nil
		return env, nil
	}
	if err != nil && env.output == nil && env.Name != "" && len(p.config.Environments()) > 0 {
		p.program.detail(err.Error())
		return env, nil
	}
	return env, err
}

// output finds an environment's output of the profile.
func (p *planner) output(env environment, name string, project profile.Project, given arguments) (*profile.Output, error) {
	world := p.world.with(env.dotEnv.DotEnv)
	users := p.world.with(env.dotEnv.users) // a commit doesn't choose the profile
	file, err := profile.Search{
		Dir: cmp.Or(given.ProfilesDir, flagText(env.Environment, "profiles-dir")),
		Env: users.Getenv, WorkDir: p.project, Home: p.world.Home, ProjectDir: p.project,
	}.Find()
	if err != nil {
		return nil, err
	}
	profiles, err := p.known.profiles.get(file, func() (*profile.File, error) { return profile.Read(file) })
	if err != nil {
		return nil, err
	}
	return profiles.Choose(profile.Choice{
		Profile:        cmp.Or(given.Profile, flagText(env.Environment, "profile")),
		ProjectProfile: project.Profile,
		Target:         cmp.Or(given.Target, flagText(env.Environment, "target")),
		Environment:    name,
		Scope:          profile.Scope{Env: world.Getenv, Vars: env.Vars},
	})
}

// flagText returns the value of an environment's flag, "" for none.
func flagText(env config.Environment, name string) string {
	for _, f := range env.Flags {
		if f.Name == name {
			text, _ := f.Value.(string)
			return text
		}
	}
	return ""
}

// explainRef extends the error of an undefined environment if git knows a commit by its name.
func (p *planner) explainRef(ctx context.Context, s spec.Spec, err error) error {
	if s.Env == "" || slices.Contains(p.config.Environments(), s.Env) || !p.isRef(ctx, s.Env) {
		return err
	}
	return hint.Reword(err, err.Error()+", but git knows a branch, tag or commit of that name",
		"for the default environment at that commit: @"+s.Env)
}

// isRef reports whether git knows a commit by that name. A plain job has no repository yet.
func (c *contents) isRef(ctx context.Context, name string) bool {
	if c.objects != nil {
		_, err := c.objects.ID(name)
		return err == nil
	}
	repo, err := git.Open(ctx, c.project)
	if err == nil {
		_, err = repo.Resolve(ctx, []string{name})
	}
	return err == nil
}
