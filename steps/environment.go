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
}

// environment returns the environment of a spec, and its output of the profile.
func (p *planner) environment(s spec.Spec, project profile.Project, given arguments) (config.Environment, *profile.Output, error) {
	// The command line's vars are the same for all specs.
	by := [...]string{s.Env, project.Profile, given.Profile, given.Target, given.ProfilesDir}
	e, err := p.known.environments.get(by, func() (e environment, err error) {
		e.Environment, e.output, err = p.chooseEnvironment(s, project, given)
		return e, err
	})
	return e.Environment, e.output, err
}

// environmentsOf returns the environments with these names, each with its own output: dbt's
// --target says where one build is, not where the others are. An environment that can't be
// evaluated is left out, since its variables may be set elsewhere.
func (p *planner) environmentsOf(names []string, project profile.Project, given arguments) []environment {
	given.Target = ""
	var all []environment
	for _, name := range names {
		if env, output, err := p.environment(spec.Spec{Env: name}, project, given); err == nil {
			all = append(all, environment{env, output})
		}
	}
	return all
}

func (p *planner) chooseEnvironment(s spec.Spec, project profile.Project, given arguments) (config.Environment, *profile.Output, error) {
	if len(p.config.Environments()) > 0 {
		env, err := p.config.Resolve(s.Env, given.Vars)
		if err != nil {
			return env, nil, p.explainRef(s, err)
		}
		output, err := p.output(env, env.Name, project, given)
		return env, output, err
	}
	// If no file defines environments, the outputs of the profile are the
	// environments. The default environment is named after its output, which may
	// depend on vars and flags. These are the same for all environments.
	env, err := p.config.Implicit(cmp.Or(s.Env, "default"), given.Vars)
	if err != nil {
		return env, nil, err
	}
	if s.Env != "" && given.Target == "" {
		given.Target = s.Env
	}
	output, err := p.output(env, s.Env, project, given)
	if err != nil {
		return env, nil, err
	}
	if s.Env == "" {
		env, err = p.config.Implicit(output.Name, given.Vars)
	}
	return env, output, err
}

// plainEnvironment returns the environment of a plain job. If the profile can't be
// read, dbt says so, unless the profile has to define the environments.
func (p *planner) plainEnvironment(s spec.Spec, project profile.Project, given arguments) (config.Environment, *profile.Output, error) {
	env, output, err := p.environment(s, project, given)
	if p.req.Command.Name == "init" { // makes the profile, and rejects --profile
		return env, nil, nil
	}
	if err != nil && output == nil && env.Name != "" && len(p.config.Environments()) > 0 {
		p.program.detail(err.Error())
		return env, nil, nil
	}
	return env, output, err
}

// output finds an environment's output of the profile.
func (p *planner) output(env config.Environment, name string, project profile.Project, given arguments) (*profile.Output, error) {
	file, err := profile.Search{
		Dir: cmp.Or(given.ProfilesDir, flagText(env, "profiles-dir")),
		Env: p.world.Getenv, WorkDir: p.project, Home: p.world.Home, ProjectDir: p.project,
	}.Find()
	if err != nil {
		return nil, err
	}
	profiles, err := p.known.profiles.get(file, func() (*profile.File, error) { return profile.Read(file) })
	if err != nil {
		return nil, err
	}
	return profiles.Choose(profile.Choice{
		Profile:        cmp.Or(given.Profile, flagText(env, "profile")),
		ProjectProfile: project.Profile,
		Target:         cmp.Or(given.Target, flagText(env, "target")),
		Environment:    name,
		Scope:          profile.Scope{Env: p.world.Getenv, Vars: env.Vars},
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
func (p *planner) explainRef(s spec.Spec, err error) error {
	if s.Env == "" || slices.Contains(p.config.Environments(), s.Env) || !p.isRef(s.Env) {
		return err
	}
	return hint.Reword(err, err.Error()+", but git knows a branch, tag or commit of that name",
		"for the default environment at that commit: @"+s.Env)
}

// isRef reports whether git knows a commit by that name. A plain job has no repository yet.
func (p *planner) isRef(name string) bool {
	if p.objects != nil {
		_, err := p.objects.ID(name)
		return err == nil
	}
	repo, err := git.Open(context.Background(), p.project)
	if err == nil {
		_, err = repo.Resolve(context.Background(), []string{name})
	}
	return err == nil
}
