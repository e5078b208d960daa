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
	"dot-for-dbt/internal/workspace"
)

// open reads the configuration and what the command line says to dbt, and
// opens the repository.
func open(ctx context.Context, world World, req Request) (*compiler, arguments, error) {
	c, err := newCompiler(world, req)
	if err != nil {
		return nil, arguments{}, err
	}
	given, err := c.readArguments()
	if err != nil {
		return nil, given, err
	}
	return c, given, c.openRepository(ctx)
}

// newCompiler finds the project and reads its configuration.
func newCompiler(world World, req Request) (*compiler, error) {
	c := &compiler{world: world, req: req, program: &Program{sizes: map[string]int{}}}
	var err error
	if c.project, err = findProject(world.Dir); err != nil {
		return nil, err
	}
	c.config, err = config.Load(c.project)
	return c, err
}

func (c *compiler) close() {
	if c.objects != nil {
		c.objects.Close()
	}
}

// arguments are what the command line says to dbt.
type arguments struct {
	dbt.Args
	ProfilesDir string // of --profiles-dir, which only a plain job may have
}

func (c *compiler) getenv(name string) (string, bool) { return c.world.Getenv(name) }

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
			return "", &hintError{
				msg:   fmt.Sprintf("not a dbt project: there is no dbt_project.yml in %s or above it", dir),
				hints: []string{"run dot in a dbt project, or anywhere below it", "dbt init makes a new one"},
			}
		}
	}
}

// readArguments reads what the command line says to dbt.
func (c *compiler) readArguments() (arguments, error) {
	args, err := dbt.ReadArgs(c.req.Command, c.req.Args, dbt.Rules{Isolated: c.req.isolated(), Deferring: c.req.Baseline != nil})
	if err != nil {
		return arguments{}, err
	}
	given := arguments{Args: args}
	if dir, ok := dbt.Lookup(args.Options, "profiles-dir"); ok {
		given.ProfilesDir = dir.Values[0]
	}
	if !c.req.Modified {
		return given, nil
	}
	if c.req.Baseline == nil {
		return given, &hintError{
			msg:   "--modified selects what differs from a baseline, and there is none",
			hints: []string{"name one: --defer prod@main"},
		}
	}
	for _, flag := range []string{"select", "selector"} {
		if _, ok := dbt.Lookup(given.Options, flag); ok {
			return given, &hintError{
				msg:   "--modified and --" + flag + " are two selections",
				hints: []string{"leave --modified out and select what is meant: -s 'state:modified+ other_node'"},
			}
		}
	}
	return given, nil
}

// openRepository opens the repository, its objects and its workspace. A plain
// job does without one.
func (c *compiler) openRepository(ctx context.Context) error {
	repo, err := git.Open(ctx, c.project)
	if err != nil {
		if c.req.isolated() || c.req.Baseline != nil {
			return err
		}
		return nil
	}
	c.repo = repo
	c.prefix = filepath.ToSlash(repo.Prefix)
	if c.ws, err = workspace.Open(repo.Root); err != nil {
		return err
	}
	if !c.req.isolated() && c.req.Baseline == nil && !c.ws.Exists() {
		c.ws = nil // a plain job makes none
		return nil
	}
	c.program.Workspace, c.program.Repo = c.ws, repo
	c.program.memo = &memo{c.ws.Memo(), map[string]string{}}
	c.objects = repo.Objects(ctx)
	return c.checkOwn()
}

// checkOwn makes sure that the workspace is dot's and the user's own: one that
// came with a commit could hold whatever its author likes.
func (c *compiler) checkOwn() error {
	if !c.ws.Exists() {
		return nil
	}
	committed, err := c.objects.InMainWorktree(workspace.Dir)
	if err != nil || !committed {
		return err
	}
	return &hintError{
		msg: fmt.Sprintf("%s is committed to this repository: dot can't tell its own records from somebody's", workspace.Dir),
		hints: []string{
			fmt.Sprintf("take it out: git rm -r --cached --ignore-unmatch %s, and commit that", workspace.Dir),
			fmt.Sprintf("if you didn't make it, remove %s, too", c.ws.Path()),
		},
	}
}
