package git

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// LooseChanges compares the files in a broken worktree with a commit. It lists files that the
// commit has with other content or not at all, ignored ones (status "!!") included. Missing files
// don't count. The directory need not be registered with git.
func (r *Repo) LooseChanges(ctx context.Context, dir, commit string) ([]Change, error) {
	// Use a temporary index outside of the repository instead of the worktree's.
	scratch, err := os.MkdirTemp("", "dot-index-")
	if err != nil {
		return nil, fmt.Errorf("looking for changes in %s: %w", dir, err)
	}
	defer os.RemoveAll(scratch)
	loose := func(args ...string) []string {
		return append([]string{"--git-dir=" + r.CommonDir, "--work-tree=" + dir}, args...)
	}
	index := "GIT_INDEX_FILE=" + filepath.Join(scratch, "index")

	read := command(dir, loose("read-tree", commit)...)
	read.Env = append(read.Env, index)
	if _, err := run(ctx, "read-tree", read); err != nil {
		return nil, err
	}
	look := command(dir, loose(append(statusArgs, "--ignored")...)...)
	look.Env = append(look.Env, index)
	all, err := status(ctx, look)
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
