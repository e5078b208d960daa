package git

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/proc"
)

// checkout is where submodules are added: a worktree of dot's, or a submodule in one.
type checkout struct {
	top       *Repo  // the repository of the outermost worktree
	prefix    string // path of this checkout in it, with slashes; "" for the worktree itself
	path      string // top directory of this checkout
	gitDir    string // this checkout's own git directory
	commonDir string // git directory it shares with other worktrees of its repository
	inherit   []*os.File
}

func (c *checkout) addSubmodules(ctx context.Context) ([]Submodule, error) {
	if _, err := os.Lstat(filepath.Join(c.path, ".gitmodules")); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	found, err := submodules(ctx, c.git, read(c.gitDir, "HEAD"))
	if err != nil {
		return nil, err
	}
	var all []Submodule
	for _, s := range found {
		name := path.Join(c.prefix, s.Path)
		gitDir, err := c.add(ctx, s)
		if err != nil {
			return nil, fmt.Errorf("submodule %s: %w", printable(name), err)
		}
		if gitDir == "" {
			continue // excluded by the user's configuration
		}
		in := *c
		in.prefix, in.path, in.gitDir, in.commonDir = name, c.dir(s), gitDir, commonDir(gitDir)
		nested, err := in.addSubmodules(ctx)
		if err != nil {
			return nil, err
		}
		all = append(append(all, Submodule{Path: name, Commit: s.Commit}), nested...)
	}
	return all, nil
}

// add checks a submodule out, unless it is complete, and returns its git directory.
func (c *checkout) add(ctx context.Context, s named) (gitDir string, err error) {
	dir := c.dir(s)
	gitDir, err = checkSubmodule(dir, s.Commit)
	if moved := (*MovedError)(nil); err == nil || errors.As(err, &moved) {
		return gitDir, nil
	}
	if !filepath.IsLocal(filepath.FromSlash(s.name)) || path.Clean(s.name) == "." {
		return "", fmt.Errorf("its name in .gitmodules, %q, points outside of git's directory", s.name)
	}
	if err := c.clear(s); err != nil {
		return "", err
	}
	repository, err := c.users(ctx, s)
	if err != nil {
		return "", err
	}
	if repository == "" {
		return c.clone(ctx, s)
	}
	r := &Repo{Top: repository, CommonDir: repository, Root: c.top.Root}
	if err := r.addWorktree(ctx, dir, s.Commit, gitDirAt(repository, repository), nil, c.inherit); err != nil {
		return "", err
	}
	return r.admin(dir)
}

// clear removes an incomplete submodule, and git's administration of it. An empty directory stays,
// as for a submodule that was never checked out.
func (c *checkout) clear(s named) error {
	inside, err := c.top.insideDot(c.dir(s))
	if err == nil {
		err = c.top.forgetBelow(c.dir(s))
	}
	if err == nil {
		err = c.top.removeInside(inside)
	}
	if err == nil {
		err = os.RemoveAll(filepath.Join(c.gitDir, "modules", s.name))
	}
	if err == nil {
		err = os.MkdirAll(c.dir(s), 0o755)
	}
	return err
}

// users finds the user's own repository of a submodule, if that has the commit.
func (c *checkout) users(ctx context.Context, s named) (string, error) {
	for _, dir := range modulesDirs(c.commonDir, c.top.belowDot) {
		repository, err := filepath.EvalSymlinks(filepath.Join(dir, s.name))
		if err != nil {
			continue
		}
		look := append(gitDirAt(repository, repository), "cat-file", "-e", s.Commit+"^{commit}")
		_, err = run(ctx, "cat-file", command(repository, look...))
		if failed := (*proc.ExitError)(nil); errors.As(err, &failed) {
			continue
		}
		return repository, err
	}
	return "", nil
}

// clone lets git clone a submodule and check it out, as the user's configuration says. The git
// directory is "" if the configuration excludes the submodule.
func (c *checkout) clone(ctx context.Context, s named) (gitDir string, err error) {
	args := append(c.explicit(), asCommitted...)
	args = append(args, "--literal-pathspecs", "-c", "submodule.active=.", "submodule", "--quiet", "update", "--checkout", "--", s.Path)
	update := command(c.path, args...)
	update.Inherit = c.inherit
	if _, err := run(ctx, "submodule update", update); err != nil {
		return "", errors.Join(notCloned(err), c.clear(s))
	}
	gitDir, err = gitFile(c.dir(s))
	if errors.Is(err, errNoGitFile) {
		return "", nil
	}
	if err == nil {
		err = whole(gitDir, s.Commit)
	}
	if err == nil {
		err = lock(gitDir, lockReason)
	}
	return gitDir, err
}

// removeSubmodules removes the submodules in the index of the worktree at path, and git's
// administration of them.
func (r *Repo) removeSubmodules(ctx context.Context, path string) error {
	if _, err := r.insideDot(path); err != nil {
		return err
	}
	c, err := r.inWorktree(path, "ls-files", "--stage", "-z")
	if err != nil {
		return err
	}
	out, err := run(ctx, "ls-files", c)
	if err != nil {
		return err
	}
	for _, entry := range entries(out) {
		about, name, _ := strings.Cut(entry, "\t") // mode, id and stage
		if !strings.HasPrefix(about, gitlink) {
			continue
		}
		inside, err := r.insideDot(filepath.Join(path, filepath.FromSlash(name)))
		if err == nil {
			err = r.removeInside(inside)
		}
		if err != nil {
			return err
		}
	}
	admin, err := r.admin(path)
	if err != nil {
		return err
	}
	return errors.Join(r.forgetBelow(path), os.RemoveAll(filepath.Join(admin, "modules")))
}

// notCloned adds advice to the error about a submodule that git could not get.
func notCloned(err error) error {
	failed := (*commandError)(nil)
	if !errors.As(err, &failed) {
		return err
	}
	own := "git submodule update --init --recursive"
	if strings.Contains(failed.failed.Stderr, "transport 'file' not allowed") {
		own = "git -c protocol.file.allow=always submodule update --init --recursive (if you trust that repository)"
	}
	return hint.Add(
		err,
		"dot reuses the submodules of your own working tree: check it out there, at a commit that needs it: "+own,
	)
}

func (c *checkout) dir(s named) string { return filepath.Join(c.path, filepath.FromSlash(s.Path)) }

// git is a git command in the checkout.
func (c *checkout) git(args ...string) proc.Command {
	return command(c.path, append(c.explicit(), args...)...)
}

// explicit returns the options that name this checkout's git directory and worktree.
func (c *checkout) explicit() []string { return gitDirAt(c.gitDir, c.path) }

// gitDirAt returns the options that name a repository and its worktree. A submodule's repository
// names the user's checkout as its worktree. If that is gone, git refuses to work, unless it is
// told another directory.
func gitDirAt(gitDir, worktree string) []string {
	return []string{"--git-dir=" + gitDir, "--work-tree=" + worktree}
}

// commonDir returns the directory that a worktree with that git directory shares with its
// repository's other worktrees.
func commonDir(gitDir string) string {
	if common := read(gitDir, "commondir"); common != "" {
		return absolute(gitDir, common)
	}
	return gitDir
}
