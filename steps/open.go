package steps

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sync"

	"dot-for-dbt/config"
	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/git"
	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/text"
	"dot-for-dbt/internal/workspace"
)

// open reads the configuration and dbt's arguments, and opens the repository.
func open(ctx context.Context, world World, req Request) (*planner, arguments, error) {
	p, err := openProject(world, req)
	if err != nil {
		return nil, arguments{}, err
	}
	given, err := p.readArguments()
	if err != nil {
		return nil, given, err
	}
	if err := p.openRepository(ctx); err != nil {
		p.close()
		return nil, given, err
	}
	return p, given, nil
}

// openProject finds the project and reads its configuration.
func openProject(world World, req Request) (p *planner, err error) {
	project, err := findProject(world.Dir)
	if err != nil {
		return nil, err
	}
	p = newPlanner(world, project, req)
	p.config, err = config.Load(project)
	return p, err
}

// close ends the planner's git process.
func (p *planner) close() {
	if p.objects != nil {
		p.objects.Close()
	}
}

// arguments are the command line's arguments for dbt.
type arguments struct {
	dbt.Args
	ProfilesDir string // --profiles-dir, which only plain jobs may have
}

// findProject returns the directory at or above dir that holds a
// dbt_project.yml.
func findProject(dir string) (string, error) {
	for at := dir; ; at = filepath.Dir(at) {
		_, err := os.Stat(filepath.Join(at, "dbt_project.yml"))
		if err == nil {
			return at, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
		if filepath.Dir(at) == at {
			return "", hint.New(
				fmt.Sprintf("not a dbt project: there is no dbt_project.yml in %s or above it", dir),
				"run dot in a directory of a dbt project"+below(dir),
				"dbt init makes a new project",
			)
		}
	}
}

// below names a project in a directory below dir, for the hint: "" if none is near.
func below(dir string) string {
	for _, pattern := range []string{"[^.]*", "[^.]*/[^.]*", "[^.]*/[^.]*/[^.]*"} {
		found, _ := fs.Glob(os.DirFS(dir), pattern+"/dbt_project.yml") // what can't be read isn't named
		if len(found) > 0 {
			return ": cd " + text.ShellQuote([]string{path.Dir(found[0])})
		}
	}
	return ""
}

// readArguments parses the arguments for dbt.
func (p *planner) readArguments() (arguments, error) {
	args, err := dbt.ReadArgs(p.req.Command, p.req.Args, dbt.Rules{Isolated: p.req.isolated(), Deferring: p.req.Baseline != nil})
	if err != nil {
		return arguments{}, err
	}
	given := arguments{Args: args}
	if dir, ok := dbt.Lookup(args.Options, "profiles-dir"); ok {
		given.ProfilesDir = dir.Values[0]
	}
	if p.req.CheckWarehouse && !p.req.isolated() {
		return given, hint.New(
			"--check-warehouse looks for the relations of a build, and no build is named",
			"name one: dev@HEAD",
		)
	}
	if p.req.Reuse {
		if err := p.checkReuse(given); err != nil {
			return given, err
		}
	}
	if p.req.CloneIncremental {
		if err := p.checkCloneIncremental(); err != nil {
			return given, err
		}
	}
	if !p.req.Modified {
		return given, nil
	}
	if p.req.Baseline == nil {
		return given, hint.New(
			"--modified selects nodes that differ from a baseline, and there is no baseline",
			"name one: --defer prod@main",
		)
	}
	if p.req.ByCompiled {
		if err := p.checkByCompiled(given); err != nil {
			return given, err
		}
	}
	for _, flag := range []string{"select", "selector"} {
		if _, ok := dbt.Lookup(given.Options, flag); ok {
			return given, hint.New(
				"--modified and --"+flag+" can't be combined: each is a selection",
				"leave --modified out: -s 'state:modified+ other_node'",
			)
		}
	}
	return given, nil
}

// openRepository opens the repository, its objects and its workspace. A plain job
// doesn't need a repository.
func (p *planner) openRepository(ctx context.Context) error {
	repo, err := git.Open(ctx, p.project)
	if err != nil {
		if p.req.isolated() || p.req.Baseline != nil {
			return err
		}
		return nil
	}
	p.repo = repo
	if p.world.AtEnd != nil {
		p.world.AtEnd(repo.DropDraft)
	}
	p.prefix = filepath.ToSlash(repo.Prefix)
	if p.ws, err = workspace.Open(repo.Root); err != nil {
		return err
	}
	if !p.req.isolated() && p.req.Baseline == nil && !p.ws.Exists() {
		p.ws = nil // a plain job doesn't create one
		return nil
	}
	if p.req.Planning {
		p.ws.Freeze()
	}
	p.views = sync.OnceValue(p.ws.Views)
	p.identity = sync.OnceValue(func() git.Identity { return repo.Identity(context.Background()) })
	p.program.Workspace, p.program.Repo = p.ws, repo
	p.program.memo = &memo{p.ws.Memo(), map[string]string{}}
	if p.ws.KeyLost() {
		p.program.warn("the key in " + filepath.Join(workspace.Dir, "key") + " is missing or damaged: builds that read environment variables run again," +
			" and those in a place that a secret variable names count as never built")
	}
	p.objects, p.commits = repo.Objects(ctx), p.ws.Finder()
	return p.checkOwn()
}

// checkOwn returns an error if the workspace is committed to the repository: the
// author of the commit could have put anything into it.
func (p *planner) checkOwn() error {
	if !p.ws.Exists() {
		return nil
	}
	committed, err := p.objects.InMainWorktree(workspace.Dir)
	if err != nil || !committed {
		return err
	}
	return hint.New(
		fmt.Sprintf("%s is committed to this repository: dot can't trust records that others may have made", workspace.Dir),
		fmt.Sprintf("remove it: git rm -r --cached --ignore-unmatch %s, and commit that", workspace.Dir),
		fmt.Sprintf("if your own dot didn't make it, delete %s, too", p.ws.Path()),
	)
}
