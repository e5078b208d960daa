package git

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// LooseChanges compares a directory that is no whole worktree any more with a commit: it lists the files that the
// commit has otherwise or not at all, ignored ones (status "!!") too. Files that are missing don't count. The directory
// need not be registered with git.
func (r *Repo) LooseChanges(ctx context.Context, dir, commit string) ([]Change, error) {
	// An index of its own, outside of the repository, takes the place of the worktree's.
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
		// The first letter is about HEAD, which is another worktree's.
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
