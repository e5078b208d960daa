package steps

import (
	"context"
	"os"
	"path/filepath"

	"dot-for-dbt/config"
	"dot-for-dbt/internal/dbt/profile"
	"dot-for-dbt/internal/dbt/tool"
	"dot-for-dbt/internal/git"
	"dot-for-dbt/spec"
)

// A Project is the user's dbt project as it stands in the working tree, for
// who wants to look at it rather than build it.
type Project struct{ planner *planner }

// OpenProject finds the project that the working directory lies in and reads
// its configuration. It needs neither git nor dbt nor a profile.
func OpenProject(world World) (*Project, error) {
	planner, err := newPlanner(world, Request{Planning: true})
	if err != nil {
		return nil, err
	}
	return &Project{planner}, nil
}

// Dir is the directory of dbt_project.yml.
func (p *Project) Dir() string { return p.planner.project }

// Environments are the names of the environments: those that the configuration
// defines, else the outputs of the profile.
func (p *Project) Environments() ([]string, error) {
	if names := p.planner.config.Environments(); len(names) > 0 {
		return names, nil
	}
	_, output, err := p.Environment("")
	if err != nil {
		return nil, err
	}
	profiles, err := profile.Read(output.File())
	if err != nil {
		return nil, err
	}
	names, _, err := profiles.Outputs(output.Profile)
	return names, err
}

// Environment is the environment of that name, "" being the default one, and
// the output of the profile that it connects with. With an error about the
// profile the environment is returned all the same, and the output is nil; with
// one about the environment its name is "".
func (p *Project) Environment(name string) (config.Environment, *profile.Output, error) {
	project, err := p.planner.workingProject()
	if err != nil {
		return config.Environment{}, nil, err
	}
	return p.planner.environment(spec.Spec{Env: name}, project, arguments{})
}

// FindDBT finds the dbt that an environment uses. It may start dbt to ask for
// its version, and remembers nothing.
func (p *Project) FindDBT(ctx context.Context, env config.Environment) (tool.Tool, error) {
	search := p.planner.search(env)
	search.MayRun = true
	return search.Find(ctx)
}

// workingProject reads the project as it is in the working tree.
func (p *planner) workingProject() (profile.Project, error) {
	name := "dbt_project.yml"
	text, err := os.ReadFile(filepath.Join(p.project, name))
	if err != nil {
		return profile.Project{}, err
	}
	return profile.ParseProject(name, text)
}

// RefNames are what may stand after the @ of a spec: HEAD, branches and tags,
// those of remotes too.
func RefNames(ctx context.Context, world World) ([]string, error) {
	return git.Names(ctx, world.Dir)
}
