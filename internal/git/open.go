package git

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"

	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/proc"
)

// ErrNotRepository says that a directory is not in a git repository.
var ErrNotRepository = errors.New("not a git repository")

// Repo is a repository as seen from a directory in one of its worktrees. All paths are absolute and without symbolic
// links. It is safe for concurrent use.
type Repo struct {
	// Top is the top of the worktree that the directory lies in.
	Top string
	// Prefix is the directory's path below Top, with slashes; "" is Top itself.
	Prefix string
	// CommonDir is what all worktrees share, .git in most repositories.
	CommonDir string
	// Root is the directory that holds `.dot`, the same for each worktree: the top of the main
	// worktree. A bare repository has no main worktree. Then Root is the repository's parent
	// directory if the repository has a hidden name (project/.bare beside project/main). Otherwise
	// Root is the repository itself (project.git, with worktrees in it or anywhere).
	Root string

	gitDir string // what this worktree has for itself: CommonDir for the main one

	drafts  sync.Mutex // of making a draft, or keeping it
	drafted atomic.Pointer[drafting]
}

// Open finds the repository that contains dir, with one git process. It ignores GIT_DIR and the
// like: the directory always decides, also in a hook.
//
// Outside of any repository the error is [ErrNotRepository]. Errors have hints for these cases: no
// repository, a repository that git refuses because it belongs to another user (safe.directory), a
// bare one without a worktree here, and a git that is missing or too old.
func Open(ctx context.Context, dir string) (*Repo, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("finding the repository: %w", err)
	}
	// --show-toplevel fails where there is no worktree, but only after git wrote the other answers.
	out, err := run(ctx, "rev-parse",
		command(dir, "rev-parse", "--git-common-dir", "--absolute-git-dir", "--show-prefix", "--show-toplevel"))
	if err != nil {
		return nil, refused(dir, err)
	}
	lines := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if len(lines) != 4 {
		return nil, fmt.Errorf("the path of the repository at %q holds a line break", dir)
	}
	commonDir, gitDir, prefix, top := filepath.FromSlash(lines[0]), filepath.FromSlash(lines[1]), lines[2], lines[3]
	if !filepath.IsAbs(commonDir) {
		commonDir = filepath.Join(dir, commonDir)
	}
	for _, path := range []*string{&commonDir, &gitDir} {
		if *path, err = filepath.EvalSymlinks(*path); err != nil {
			return nil, fmt.Errorf("finding the repository: %w", err)
		}
	}
	r := &Repo{Top: filepath.FromSlash(top), Prefix: strings.TrimSuffix(prefix, "/"), CommonDir: commonDir, gitDir: gitDir}
	if err := r.findRoot(ctx, gitDir); err != nil {
		return nil, err
	}
	return r, nil
}

// findRoot sets Root. It needs a process only for a linked worktree of a repository that is not
// called `.git`: git does not tell where the main worktree is, but the repository of a submodule
// has its path in core.worktree.
func (r *Repo) findRoot(ctx context.Context, gitDir string) (err error) {
	switch base := filepath.Base(r.CommonDir); {
	case gitDir == r.CommonDir:
		r.Root = r.Top
		return nil
	case base == ".git":
		r.Root = filepath.Dir(r.CommonDir)
		return nil
	case strings.HasPrefix(base, "."):
		r.Root = filepath.Dir(r.CommonDir)
	default:
		r.Root = r.CommonDir
	}
	value, err := run(ctx, "config", command(r.CommonDir, "config", "--file", "config", "--null", "--get", "core.worktree"))
	if failed := (*proc.ExitError)(nil); errors.As(err, &failed) && failed.Exit.Code == 1 {
		return nil // core.worktree is not set
	}
	if err != nil {
		return fmt.Errorf("finding the main worktree: %w", err)
	}
	main := filepath.FromSlash(strings.TrimSuffix(string(value), "\x00"))
	if !filepath.IsAbs(main) {
		main = filepath.Join(r.CommonDir, main)
	}
	if r.Root, err = filepath.EvalSymlinks(main); err != nil {
		return fmt.Errorf("finding the main worktree: %w", err)
	}
	return nil
}

// refused explains why git refused to open the repository at dir.
func refused(dir string, err error) error {
	failed := (*commandError)(nil)
	if !errors.As(err, &failed) {
		return err
	}
	stderr := failed.failed.Stderr
	switch {
	case strings.Contains(stderr, "not a git repository (or any"):
		return hint.Add(
			fmt.Errorf("%s: %w", dir, ErrNotRepository),
			"dot builds commits: run it inside a git repository, or make one: git init",
			"or leave @ref out, to run dbt on the files as they are",
		)
	case strings.Contains(stderr, "not a git repository"): // a .git file names a missing directory
		return hint.Add(
			fmt.Errorf("%s: %w: %s", dir, ErrNotRepository, gitSaid(stderr)),
			"its .git file names a directory that is gone; if the repository was moved: git worktree repair",
		)
	case strings.Contains(stderr, "safe.directory"):
		return hint.Add(
			fmt.Errorf("%s: git refuses a repository that belongs to another user", dir),
			"if you trust it: "+safeDirectory(stderr),
		)
	case strings.Contains(stderr, "must be run in a work tree"):
		return hint.Add(
			fmt.Errorf("%s: a bare repository, or a directory inside one: there are no files to work on", dir),
			"run dot in one of its worktrees (git worktree list), or make one: git worktree add <path> <branch>",
		)
	}
	return err
}

// safeDirectory returns the command that git recommends in its message about another user's
// repository.
func safeDirectory(stderr string) string {
	for line := range strings.Lines(stderr) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "git config ") {
			return line
		}
	}
	return "git config --global --add safe.directory <path>"
}
