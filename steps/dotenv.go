package steps

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"dot-for-dbt/config"
	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/git"
	"dot-for-dbt/internal/hint"
)

// Since version 1.12, dbt loads a .env when it starts. dot reads the same file: the profile and the
// project see its variables.

// A dotEnv is the .env that a dbt loads.
type dotEnv struct {
	dbt.DotEnv
	committed bool       // it is a file of the commit
	users     dbt.DotEnv // the user's, which is the same if it isn't committed
}

// with returns the world with the variables of a .env.
func (w World) with(d dbt.DotEnv) World {
	if len(d.Values) == 0 {
		return w
	}
	w.Env = slices.Clone(w.Env)
	for name, value := range d.Values {
		w.Env = append(w.Env, name+"="+value)
	}
	return w
}

// hasDotEnv reports whether any dbt may load a .env, at a commit or, if it is nil, in the working tree.
func (c *contents) hasDotEnv(commit *git.Commit) (bool, error) {
	own, _ := c.known.ownDotEnv.get(c.project, func() (bool, error) { return dbt.DotEnvFile("", "", c.project) != "", nil })
	if own {
		return true, nil
	}
	_, _, found, err := c.committedDotEnv(commit)
	return found, err
}

// dotEnv returns the .env that the dbt of an environment loads, at a commit or, if it is nil, in the
// working tree. See workDir for the directory in which it runs.
func (p *planner) dotEnv(ctx context.Context, env config.Environment, commit *git.Commit) (dotEnv, error) {
	if found, err := p.hasDotEnv(commit); err != nil || !found {
		return dotEnv{}, err
	}
	job := &job{env: env}
	environ := p.world.Env
	if commit != nil {
		place, err := p.workspaceBuild(*commit, env)
		if err != nil {
			return dotEnv{}, err
		}
		job.build = &build{Build: place, commit: *commit, env: env, suffix: suffix(env, place.Commit.Short)}
		environ = append(slices.Clip(environ), job.build.variables()...)
	}
	search := p.search(env)
	search.MayRun = !p.req.Planning && commit != nil
	if p.ws != nil {
		search.Versions = p.program.memo
	}
	// Whoever can't find dbt says so later. An unknown dbt may load a .env.
	found, _ := p.findTool(ctx, job, search)
	disabled, _ := p.world.Getenv("PYTHON_DOTENV_DISABLED")
	if !dbt.LoadsDotEnv(found.Version, disabled) {
		return dotEnv{}, nil
	}
	at, text, committed, err := p.committedDotEnv(commit)
	if err != nil {
		return dotEnv{}, err
	}
	file := dbt.DotEnvFile(found.Version, disabled, p.project)
	users := dbt.ReadDotEnv(found.Version, file, environ)
	if committed && found.Itself && (at == p.prefix || dbt.LooksForDotEnvAbove(found.Version)) {
		return dotEnv{dbt.ParseDotEnv(found.Version, text, environ), true, users}, nil
	}
	if commit != nil && dbt.IsPipe(file) {
		return dotEnv{}, hint.New(
			fmt.Sprintf("%s is a named pipe: dot can't know what dbt will read from it", file),
			"set its variables in the environment, and PYTHON_DOTENV_DISABLED=1",
		)
	}
	return dotEnv{users, false, users}, nil
}

// committedDotEnv returns the .env of a commit that a dbt finds from its project's directory, and
// the directory in the repository that has it.
func (c *contents) committedDotEnv(commit *git.Commit) (dir, text string, found bool, err error) {
	if commit == nil {
		return "", "", false, nil
	}
	for dir = c.prefix; ; dir = strings.TrimPrefix(path.Dir(dir), ".") {
		files, err := c.known.dotEnvs.get(commit.Hash+":"+dir, func() (map[string]string, error) {
			return c.objects.Files(commit.Hash, dir, ".env")
		})
		if err != nil {
			return "", "", false, err
		}
		if id := files[".env"]; id != "" {
			data, err := c.objects.Read(id)
			return dir, string(data), err == nil, err
		}
		if dir == "" {
			return "", "", false, nil
		}
	}
}
