package git

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"dot-for-dbt/internal/proc"
)

// LooseChanges compares the files in a broken worktree with a commit. It lists files that the
// commit has with other content or not at all, ignored ones (status "!!") included. Missing files
// don't count. The directory need not be registered with git.
func (r *Repo) LooseChanges(ctx context.Context, dir, commit string) ([]Change, error) {
	loose := func(args ...string) proc.Command { return checkoutCommand(r.CommonDir, dir, args...) }
	index, err := scratchIndex(ctx, loose, commit)
	if err != nil {
		return nil, fmt.Errorf("looking for changes in %s: %w", dir, err)
	}
	defer index.remove()
	all, err := status(ctx, index.use(loose(append(statusArgs, "--ignored")...)))
	var changes []Change
	for _, change := range all {
		// The first letter compares with HEAD, and that is another worktree's HEAD.
		switch change.Status[1] {
		case ' ', 'D':
		case 'M', 'T':
			changes = append(changes, Change{Status: " " + change.Status[1:], Path: change.Path})
		default:
			changes = append(changes, change)
		}
	}
	return changes, err
}

// An index is a temporary index outside of the repository, in place of a worktree's own. git has to
// read the files themselves to compare them with it.
type index struct{ dir string }

// scratchIndex makes an index of a commit. git is a git command in the worktree.
func scratchIndex(ctx context.Context, git func(args ...string) proc.Command, commit string) (index, error) {
	dir, err := os.MkdirTemp("", temporaryIndex)
	if err != nil {
		return index{}, err
	}
	i := index{dir}
	if _, err := run(ctx, "read-tree", i.use(git("read-tree", commit))); err != nil {
		i.remove()
		return index{}, err
	}
	return i, nil
}

// use makes a git command use the index.
func (i index) use(c proc.Command) proc.Command {
	c.Env = append(c.Env, "GIT_INDEX_FILE="+filepath.Join(i.dir, "index"))
	return c
}

func (i index) remove() { _ = os.RemoveAll(i.dir) }
