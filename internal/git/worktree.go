package git

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// AddWorktree checks a commit out at path, below Root: detached, locked with
// the reason "dot", without running the repository's hooks and without sparse
// checkout. What an earlier attempt left there is removed first. git inherits
// the files in inherit.
func (r *Repo) AddWorktree(ctx context.Context, path, commit string, inherit []*os.File) error {
	if err := r.RemoveWorktree(ctx, path); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	add := command(r.Root,
		"-c", "core.hooksPath="+os.DevNull, "-c", "core.sparseCheckout=false", "-c", "submodule.recurse=false",
		"worktree", "add", "--quiet", "--detach", "--lock", "--reason", "dot", "--", path, commit)
	add.Inherit = inherit
	if _, err := output(ctx, add); err != nil {
		return fmt.Errorf("git worktree add: %w", err)
	}
	return nil
}

// RemoveWorktree removes a worktree below Root and git's administration of it,
// as far as there are any; what is in it is lost.
func (r *Repo) RemoveWorktree(ctx context.Context, path string) error {
	inside, err := filepath.Rel(filepath.Join(r.Root, ".dot"), path)
	if err != nil || !filepath.IsLocal(inside) || inside == "." {
		return fmt.Errorf("%s is no worktree of dot's", path)
	}
	if err := os.RemoveAll(path); err != nil {
		return fmt.Errorf("remove the worktree: %w", err)
	}
	admin, err := r.adminDirs(path)
	if err != nil {
		return err
	}
	for _, dir := range admin {
		// What git worktree remove --force --force does for a directory that
		// is gone, and also for one that was left half made.
		if err := os.RemoveAll(dir); err != nil {
			return fmt.Errorf("remove git's administration of the worktree: %w", err)
		}
	}
	return nil
}

// adminDirs are the directories in .git/worktrees that are about the worktree
// at path (gitrepository-layout(5): worktrees/<id>/gitdir names its .git).
func (r *Repo) adminDirs(path string) ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(r.CommonDir, "worktrees"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var dirs []string
	for _, e := range entries {
		dir := filepath.Join(r.CommonDir, "worktrees", e.Name())
		if text, err := os.ReadFile(filepath.Join(dir, "gitdir")); err == nil && samePath(filepath.Dir(strings.TrimSpace(string(text))), path) {
			dirs = append(dirs, dir)
		}
	}
	return dirs, nil
}

// samePath compares paths of which neither need exist.
func samePath(a, b string) bool {
	resolve := func(p string) string {
		if dir, err := filepath.EvalSymlinks(filepath.Dir(p)); err == nil {
			return filepath.Join(dir, filepath.Base(p))
		}
		return filepath.Clean(p)
	}
	return filepath.Clean(a) == filepath.Clean(b) || resolve(a) == resolve(b)
}

// CheckWorktree says why the worktree at path is not a whole one of commit, or
// returns nil. It runs no git: it looks at what ties the two together.
func (r *Repo) CheckWorktree(path, commit string) error {
	text, err := os.ReadFile(filepath.Join(path, ".git"))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return errors.New("missing")
		}
		return errors.New("its .git file is missing")
	case err != nil:
		return err
	}
	admin, ok := strings.CutPrefix(strings.TrimSpace(string(text)), "gitdir: ")
	if !ok || !samePath(filepath.Dir(admin), filepath.Join(r.CommonDir, "worktrees")) {
		return errors.New("its .git file belongs to another repository")
	}
	back, err := os.ReadFile(filepath.Join(admin, "gitdir"))
	if err != nil || !samePath(filepath.Dir(strings.TrimSpace(string(back))), path) {
		return errors.New("not registered with git")
	}
	head, err := os.ReadFile(filepath.Join(admin, "HEAD"))
	if err != nil {
		return errors.New("not registered with git")
	}
	if at := strings.TrimSpace(string(head)); at != commit {
		return &MovedError{At: at}
	}
	return nil
}

// A MovedError says that somebody checked something else out in a worktree.
type MovedError struct {
	At string // what its HEAD file says: a hash, or "ref: refs/heads/…"
}

func (e *MovedError) Error() string {
	at := strings.TrimPrefix(strings.TrimPrefix(e.At, "ref: "), "refs/heads/")
	if len(at) == 40 || len(at) == 64 {
		at = at[:12]
	}
	return "its HEAD is at " + at
}

// A Change is a file of a worktree that is not as its commit has it.
type Change struct {
	Status string // as git status --porcelain has it: " M", "??", …
	Path   string // below the worktree's top, with slashes
}

func (c Change) String() string { return c.Status + " " + c.Path }

// WorktreeChanges lists what is changed in a worktree, untracked files
// included, ignored ones not.
func (r *Repo) WorktreeChanges(ctx context.Context, path string) ([]Change, error) {
	out, err := output(ctx, command(path, "status", "--porcelain", "-z", "--untracked-files=all", "--no-renames", "--ignore-submodules=none"))
	if err != nil {
		return nil, fmt.Errorf("git status: %w", err)
	}
	var changes []Change
	for _, entry := range strings.Split(strings.TrimSuffix(out, "\x00"), "\x00") {
		if len(entry) > 3 {
			changes = append(changes, Change{Status: entry[:2], Path: entry[3:]})
		}
	}
	return changes, nil
}

// ResetWorktree makes a worktree as the commit has it. Ignored files stay, and so
// does a branch that somebody checked out there: HEAD is detached from it first.
func (r *Repo) ResetWorktree(ctx context.Context, path, commit string) error {
	for _, args := range [][]string{
		{"-c", "core.hooksPath=" + os.DevNull, "checkout", "--quiet", "--force", "--detach", commit, "--"},
		{"clean", "--quiet", "--force", "-d"},
	} {
		if _, err := output(ctx, command(path, args...)); err != nil {
			return fmt.Errorf("reset the worktree: %w", err)
		}
	}
	return nil
}
