package steps

import (
	"context"
	"slices"

	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/spec"
)

// An EnvironmentCheck is what is wrong with an environment of the project.
type EnvironmentCheck struct {
	Name     string
	Warnings []string // such as flags that dbt doesn't have
	Err      error    // a mistake in the configuration
	// Unreachable says why the profile has no output for the environment here. Perhaps an environment
	// variable is set on another machine.
	Unreachable error
}

// CheckEnvironments checks the vars, flags and output of each environment for a request. It needs
// neither git nor dbt.
func CheckEnvironments(ctx context.Context, world World, req Request) ([]EnvironmentCheck, error) {
	p, err := openProject(world, req)
	if err != nil {
		return nil, err
	}
	given, err := p.readArguments()
	if err != nil {
		return nil, err
	}
	names, err := (&Project{p}).Environments(ctx)
	if err != nil {
		return nil, err
	}
	project, err := p.workingProject()
	if err != nil {
		return nil, err
	}
	build, _ := dbt.LookupCommand("build")
	var all []EnvironmentCheck
	for _, name := range names {
		found := EnvironmentCheck{Name: name}
		switch env, err := p.environment(ctx, spec.Spec{Env: name}, project, given, nil); {
		case err != nil && env.Name == "":
			found.Err = err
		default:
			found.Unreachable = err
			said := len(p.program.Warnings)
			_, found.Err = p.environmentOptions(build, env.Environment)
			found.Warnings = slices.Clone(p.program.Warnings[said:])
		}
		all = append(all, found)
	}
	return all, nil
}
