package steps

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/git"
)

// Git calls some files changed that it has only just written: where an
// attribute asks for line ends that the commit doesn't have, or where a filter
// such as LFS makes of a file what it would not take back as the same. Such
// files are the commit, and no --reset-worktree can make them any more so.

// asMade digests the files that git calls changed in a worktree that it has
// just checked out, by their paths.
func (a *addWorktree) asMade(ctx context.Context) (map[string]string, error) {
	dir := a.build.Commit.Worktree()
	changes, err := a.repo.WorktreeChanges(ctx, dir)
	if err != nil {
		return nil, fmt.Errorf("look at the worktree of %s: %w", a.build.Commit.Short, err)
	}
	made := map[string]string{}
	for _, change := range changes {
		if text, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(change.Path))); err == nil {
			made[change.Path] = digest(text)
		}
	}
	return made, nil
}

// withoutMade leaves out the changes that git made itself, as far as the files
// are still what they were then.
func withoutMade(dir string, changes []git.Change, record graph.Record) []git.Change {
	var out worktreeOutputs
	if len(changes) == 0 || record.Decode(&out) != nil {
		return changes
	}
	return slices.DeleteFunc(changes, func(change git.Change) bool {
		was := out.AsMade[change.Path]
		if was == "" {
			return false
		}
		text, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(change.Path)))
		return err == nil && digest(text) == was
	})
}
