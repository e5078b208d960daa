package steps

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"dot-for-dbt/config"
	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/git"
	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/workspace"
)

// open reads the configuration and what the command line says to dbt, and
// opens the repository.
func open(ctx context.Context, world World, req Request) (*planner, arguments, error) {
	p, err := newPlanner(world, req)
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

// newPlanner finds the project and reads its configuration.
func newPlanner(world World, req Request) (*planner, error) {
	project, err := findProject(world.Dir)
	if err != nil {
		return nil, err
	}
	rt := &runtime{world: world, project: project, noHost: req.NoDBTHost}
	p := &planner{runtime: rt, req: req, program: &Program{runtime: rt, byStep: map[string]*Built{}, pools: map[string]int{}}}
	p.config, err = config.Load(project)
	return p, err
}

// close ends what the planner has asked git with.
func (p *planner) close() {
	if p.objects != nil {
		p.objects.Close()
	}
}

// arguments are what the command line says to dbt.
type arguments struct {
	dbt.Args
	ProfilesDir string // of --profiles-dir, which only a plain job may have
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
				"run dot in a dbt project, or anywhere below it",
				"dbt init makes a new one",
			)
		}
	}
}

// readArguments reads what the command line says to dbt.
func (p *planner) readArguments() (arguments, error) {
	args, err := dbt.ReadArgs(p.req.Command, p.req.Args, dbt.Rules{Isolated: p.req.isolated(), Deferring: p.req.Baseline != nil})
	if err != nil {
		return arguments{}, err
	}
	given := arguments{Args: args}
	if dir, ok := dbt.Lookup(args.Options, "profiles-dir"); ok {
		given.ProfilesDir = dir.Values[0]
	}
	if !p.req.Modified {
		return given, nil
	}
	if p.req.Baseline == nil {
		return given, hint.New(
			"--modified selects what differs from a baseline, and there is none",
			"name one: --defer prod@main",
		)
	}
	for _, flag := range []string{"select", "selector"} {
		if _, ok := dbt.Lookup(given.Options, flag); ok {
			return given, hint.New(
				"--modified and --"+flag+" are two selections",
				"leave --modified out and select what is meant: -s 'state:modified+ other_node'",
			)
		}
	}
	return given, nil
}

// openRepository opens the repository, its objects and its workspace. A plain
// job does without one.
func (p *planner) openRepository(ctx context.Context) error {
	repo, err := git.Open(ctx, p.project)
	if err != nil {
		if p.req.isolated() || p.req.Baseline != nil {
			return err
		}
		return nil
	}
	p.repo = repo
	p.prefix = filepath.ToSlash(repo.Prefix)
	if p.ws, err = workspace.Open(repo.Root); err != nil {
		return err
	}
	if !p.req.isolated() && p.req.Baseline == nil && !p.ws.Exists() {
		p.ws = nil // a plain job makes none
		return nil
	}
	p.program.Workspace, p.program.Repo = p.ws, repo
	p.program.memo = &memo{p.ws.Memo(), map[string]string{}}
	p.objects = repo.Objects(ctx)
	return p.checkOwn()
}

// checkOwn makes sure that the workspace is dot's and the user's own: one that
// came with a commit could hold whatever its author likes.
func (p *planner) checkOwn() error {
	if !p.ws.Exists() {
		return nil
	}
	committed, err := p.objects.InMainWorktree(workspace.Dir)
	if err != nil || !committed {
		return err
	}
	return hint.New(
		fmt.Sprintf("%s is committed to this repository: dot can't tell its own records from somebody's", workspace.Dir),
		fmt.Sprintf("take it out: git rm -r --cached --ignore-unmatch %s, and commit that", workspace.Dir),
		fmt.Sprintf("if you didn't make it, remove %s, too", p.ws.Path()),
	)
}
