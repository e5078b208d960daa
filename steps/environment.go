package steps

import (
	"cmp"
	"fmt"

	"dot-for-dbt/config"
	"dot-for-dbt/internal/dbt/profile"
	"dot-for-dbt/spec"
)

// An environment is one with the output that it connects with.
type environment struct {
	config.Environment
	output *profile.Output
}

// environment finds out which environment a spec means, and which output of
// which profile it connects with.
func (p *planner) environment(s spec.Spec, project profile.Project, given arguments) (config.Environment, *profile.Output, error) {
	// The vars that are given are the same for all.
	by := fmt.Sprintf("%q", []string{s.Env, project.Profile, given.Profile, given.Target, given.ProfilesDir})
	e, err := p.known.environments.get(by, func() (e environment, err error) {
		e.Environment, e.output, err = p.chooseEnvironment(s, project, given)
		return e, err
	})
	return e.Environment, e.output, err
}

func (p *planner) chooseEnvironment(s spec.Spec, project profile.Project, given arguments) (config.Environment, *profile.Output, error) {
	if len(p.config.Environments()) > 0 {
		env, err := p.config.Resolve(s.Env, given.Vars)
		if err != nil {
			return env, nil, err
		}
		output, err := p.output(env, env.Name, project, given)
		return env, output, err
	}
	// Without environments in any file, the outputs of the profile are the
	// environments. The default one's name is only known once its output is,
	// and that may depend on vars and flags, which are the same for all.
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

// plainEnvironment is the environment of a plain job. A profile that can't be
// read is dbt's to complain about, unless it has to say which environments
// there are.
func (p *planner) plainEnvironment(s spec.Spec, given arguments) (config.Environment, *profile.Output, error) {
	project, err := p.workingProject()
	if err != nil {
		return config.Environment{}, nil, err
	}
	env, output, err := p.environment(s, project, given)
	if p.req.Command.Name == "init" { // makes the profile, and refuses to be told which
		return env, nil, nil
	}
	if err != nil && output == nil && env.Name != "" && len(p.config.Environments()) > 0 {
		p.program.detail(err.Error())
		return env, nil, nil
	}
	return env, output, err
}

// output finds the output of a profile that an environment connects with.
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

// flagText is the text of a flag in an environment, "" if it has none.
func flagText(env config.Environment, name string) string {
	for _, f := range env.Flags {
		if f.Name == name {
			text, _ := f.Value.(string)
			return text
		}
	}
	return ""
}
