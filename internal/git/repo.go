package git

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// A Repo is a repository, as seen from a directory in one of its worktrees.
type Repo struct {
	// Top is the top of the worktree that the directory lies in, and Prefix
	// the way from there to the directory: "" at the top.
	Top, Prefix string
	// Root is the top of the main worktree, which linked worktrees share. Of
	// a bare repository it is the directory that holds the repository.
	Root string
	// CommonDir is what the worktrees share of the repository: .git.
	CommonDir string
	shallow   bool
}

// Open finds the repository that dir lies in. It goes by the directory alone:
// GIT_DIR and its like are ignored.
func Open(ctx context.Context, dir string) (*Repo, error) {
	out, err := output(ctx, command(dir, "rev-parse", "--path-format=absolute",
		"--show-toplevel", "--git-common-dir", "--show-prefix", "--is-shallow-repository"))
	if err != nil {
		return nil, openError(dir, err)
	}
	// The prefix is an empty line at the top. No path of git's ends in a
	// line end, and one with a line end in it is refused.
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	if len(lines) != 4 {
		return nil, fmt.Errorf("%q can't be told apart from other paths: dot needs a directory without line ends in its name", dir)
	}
	r := &Repo{
		Top:       filepath.FromSlash(lines[0]),
		CommonDir: filepath.FromSlash(lines[1]),
		Prefix:    strings.TrimSuffix(lines[2], "/"),
		shallow:   lines[3] == "true",
	}
	r.Root = filepath.Dir(r.CommonDir)
	if filepath.Base(r.CommonDir) != ".git" {
		// A bare repository, a submodule's, or --separate-git-dir. Where there
		// is no main worktree beside it, this one is as good.
		r.Root, err = r.mainWorktree(ctx)
	}
	return r, err
}

// mainWorktree asks git for the main worktree: the first that is listed
// (git-worktree(1)). That of a bare repository is the repository itself.
func (r *Repo) mainWorktree(ctx context.Context) (string, error) {
	out, err := output(ctx, command(r.Top, "worktree", "list", "--porcelain", "-z"))
	if err != nil {
		return "", fmt.Errorf("find the main worktree: %w", err)
	}
	first, _, _ := strings.Cut(out, "\x00\x00")
	fields := strings.Split(first, "\x00")
	path := filepath.FromSlash(strings.TrimPrefix(fields[0], "worktree "))
	for _, f := range fields {
		if f == "bare" {
			return filepath.Dir(r.CommonDir), nil
		}
	}
	if path == r.CommonDir { // a submodule's: its core.worktree says where
		return r.Top, nil
	}
	return path, nil
}

func openError(dir string, err error) error {
	said := stderrOf(err)
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return err
	case strings.Contains(said, "dubious ownership"):
		return &hintError{
			msg:   fmt.Sprintf("git does not trust the repository at %s: somebody else owns it", dir),
			hints: []string{"if you do: git config --global --add safe.directory " + dir},
			err:   err,
		}
	case strings.Contains(said, "not a git repository"):
		return &hintError{
			msg:   fmt.Sprintf("not a git repository: %s", dir),
			hints: []string{"dot builds commits: git init && git add . && git commit -m 'first commit'", "or leave the @ref out to run dbt on the working tree"},
			err:   err,
		}
	case strings.Contains(said, "must be run in a work tree"):
		return &hintError{
			msg:   fmt.Sprintf("%s lies inside a git repository, not in a worktree of it", dir),
			hints: []string{"change to a worktree: git worktree list"},
			err:   err,
		}
	}
	return fmt.Errorf("open the git repository of %s: %w", dir, err)
}
