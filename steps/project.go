package steps

import (
	"context"
	"os"
	"path/filepath"
	"slices"

	"dot-for-dbt/config"
	"dot-for-dbt/internal/dbt/profile"
	"dot-for-dbt/internal/dbt/tool"
	"dot-for-dbt/internal/git"
	"dot-for-dbt/internal/store"
	"dot-for-dbt/internal/workspace"
	"dot-for-dbt/spec"
)

// A Project is the user's dbt project in the working tree, for callers that don't
// build it.
type Project struct{ planner *planner }

// OpenProject finds the project of the working directory and reads its
// configuration. It needs neither git nor dbt nor a profile.
func OpenProject(world World) (*Project, error) {
	planner, err := openProject(world, Request{Planning: true})
	if err != nil {
		return nil, err
	}
	return &Project{planner}, nil
}

// Dir returns the directory of dbt_project.yml.
func (p *Project) Dir() string { return p.planner.project }

// Environments returns the names of the environments in the configuration. If
// there are none, it returns the outputs of the profile.
func (p *Project) Environments(ctx context.Context) ([]string, error) {
	if names := p.planner.config.Environments(); len(names) > 0 {
		return names, nil
	}
	_, output, err := p.Environment(ctx, "")
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

// Outputs are the names in a project's profile.
type Outputs struct {
	Profile string
	Names   []string // in the file's order
	Default string   // dbt's target; "" if that can't be known here
}

// Outputs returns the outputs of the profile that the project names, without reading one.
func (p *Project) Outputs() (Outputs, error) {
	world := p.planner.world
	project, err := p.planner.workingProject()
	if err != nil {
		return Outputs{}, err
	}
	file, err := profile.Search{Env: world.Getenv, WorkDir: p.Dir(), Home: world.Home, ProjectDir: p.Dir()}.Find()
	if err != nil {
		return Outputs{}, err
	}
	profiles, err := profile.Read(file)
	if err != nil {
		return Outputs{}, err
	}
	var out Outputs
	out.Profile, out.Names, out.Default, err = profiles.NamesOf(profile.Choice{
		ProjectProfile: project.Profile, Scope: profile.Scope{Env: world.Getenv},
	})
	if out.Names != nil {
		err = nil // only the target isn't known
	}
	return out, err
}

// Environment returns an environment, "" for the default one, and its output of the
// profile. If there is an error in the profile, the environment is returned, too,
// and the output is nil. If the error is in the environment, its name is "".
func (p *Project) Environment(ctx context.Context, name string) (config.Environment, *profile.Output, error) {
	project, err := p.planner.workingProject()
	if err != nil {
		return config.Environment{}, nil, err
	}
	env, err := p.planner.environment(ctx, spec.Spec{Env: name}, project, arguments{}, nil)
	return env.Environment, env.output, err
}

// FindDBT finds the dbt that an environment uses. It may run dbt --version, whatever the
// memo says, which it corrects.
func (p *Project) FindDBT(ctx context.Context, env config.Environment) (tool.Tool, error) {
	search := p.planner.search(env)
	search.MayRun = true
	if repo, err := git.Open(ctx, p.planner.project); err == nil {
		if ws, err := workspace.Open(repo.Root); err == nil && ws.Exists() {
			search.Versions = asked{ws.Memo()}
		}
	}
	return search.Find(ctx)
}

// asked is a memo that only learns where it was wrong.
type asked struct{ workspace.Memo }

// Lookup finds nothing.
func (asked) Lookup(string) (string, bool) { return "", false }

// Save replaces another text.
func (a asked) Save(id, text string) error {
	if had, ok := a.Memo.Lookup(id); !ok || had == text {
		return nil
	}
	return a.Memo.Save(id, text)
}

// workingProject reads the project in the working tree.
func (c *contents) workingProject() (profile.Project, error) {
	name := "dbt_project.yml"
	text, err := os.ReadFile(filepath.Join(c.project, name))
	if err != nil {
		return profile.Project{}, err
	}
	return profile.ParseProject(name, text)
}

// Stores returns the stores of the project's environments, or only the one at a URL, and dbt's name of the
// project, which its builds have there. None is an error.
func (p *Project) Stores(ctx context.Context, url string) (all []*store.Store, project string, err error) {
	of, err := p.planner.workingProject()
	if err != nil {
		return nil, "", err
	}
	p.planner.req.Store = url
	names, err := p.Environments(ctx)
	if err != nil {
		return nil, "", err
	}
	for _, name := range names {
		env, _, err := p.Environment(ctx, name)
		if err != nil && env.Name == "" {
			return nil, "", err
		}
		in, err := p.planner.storeOf(env)
		if err != nil {
			return nil, "", err
		}
		if in != nil && !slices.Contains(all, in) {
			all = append(all, in)
		}
	}
	if len(all) == 0 {
		return nil, "", noStore("all")
	}
	return all, of.Name, nil
}
