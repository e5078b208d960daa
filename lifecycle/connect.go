package lifecycle

import (
	"context"
	"fmt"
	"slices"

	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/spec"
	"dot-for-dbt/steps"
)

// envsOf returns the names of the environments that specs name.
func envsOf(specs []spec.Spec) (envs []string) {
	for _, s := range specs {
		envs = append(envs, s.Env)
	}
	return envs
}

// connections says which environments' databases to connect to.
type connections struct {
	envs []string // all of the project if none is named
	// needed means that an environment that can't be used is an error. Otherwise it is left out.
	needed bool
	// schemas means that schemas are asked for: not all adapters can.
	schemas bool
}

// connect compiles a program with a connection to the database of each environment. The notes say which
// were left out, and why. The program is nil if none is left.
func connect(ctx context.Context, world steps.World, to connections, extend func(*steps.Program) error) (program *steps.Program, notes []string, err error) {
	project, err := steps.OpenProject(world)
	if err != nil {
		return nil, nil, err
	}
	envs := to.envs
	if len(envs) == 0 {
		if envs, err = project.Environments(ctx); err != nil {
			return nil, nil, err
		}
	}
	var specs []spec.Spec
	for _, name := range envs {
		env, output, err := project.Environment(ctx, name)
		if err == nil && to.schemas && !steps.ManagesSchemas(output.Adapter) {
			err = fmt.Errorf("dot was never tried to manage schemas through the adapter %s", output.Adapter)
		}
		switch s := (spec.Spec{Env: env.Name, Ref: "HEAD"}); {
		case err != nil && to.needed:
			return nil, nil, err
		case err != nil:
			notes = append(notes, fmt.Sprintf("environment %s was left out: %v", name, err))
		case !slices.Contains(specs, s):
			specs = append(specs, s)
		}
	}
	if len(specs) == 0 {
		return nil, notes, nil
	}
	list, _ := dbt.LookupCommand("list")
	program, err = steps.Compile(ctx, world, steps.Request{
		Command: list, Specs: specs, Report: true,
		Extend: func(p *steps.Program) error {
			p.Resolved, p.Remarks = nil, steps.Remarks{} // they are about HEAD, which isn't looked at
			if err := p.Keep(); err != nil {
				return err
			}
			return extend(p)
		},
	})
	return program, notes, err
}
