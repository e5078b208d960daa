package git

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/proc"
)

// ErrNotRepository says that a directory lies in no git repository.
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
	// Root is where `.dot` lies, the same from each worktree: the top of the main one. A bare repository has no main
	// worktree: then it is the directory that holds the repository if that has a hidden name (project/.bare beside
	// project/main), else the repository itself (project.git, with worktrees in it or anywhere).
	Root string
}

// Open finds the repository that dir lies in, with one git process. GIT_DIR and the like are not looked at: it is always
// the directory that decides, also in a hook.
//
// The error is [ErrNotRepository] outside of any, and has hints for that, for a repository that git refuses because it
// belongs to another user (safe.directory), for a bare one without a worktree here, and for a git that is missing or too
// old.
func Open(ctx context.Context, dir string) (*Repo, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("finding the repository: %w", err)
	}
	// --show-toplevel fails where there is no worktree, after the others were written.
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
	r := &Repo{Top: filepath.FromSlash(top), Prefix: strings.TrimSuffix(prefix, "/"), CommonDir: commonDir}
	if err := r.findRoot(ctx, gitDir); err != nil {
		return nil, err
	}
	return r, nil
}

// findRoot sets Root. Only a linked worktree of a repository that is not in a `.git` needs a process for it: git does
// not tell where the main one is, but a submodule's repository has it in core.worktree.
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
		return nil // it is not set
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

// refused says why git would not open the repository at dir.
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
	case strings.Contains(stderr, "not a git repository"): // a .git file that leads nowhere
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
			fmt.Errorf("%s: a bare repository, or the inside of one: there are no files to work on", dir),
			"run dot in one of its worktrees (git worktree list), or make one: git worktree add <path> <branch>",
		)
	}
	return err
}

// safeDirectory is the command that git's message about another user's repository tells to run.
func safeDirectory(stderr string) string {
	for line := range strings.Lines(stderr) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "git config ") {
			return line
		}
	}
	return "git config --global --add safe.directory <path>"
}
