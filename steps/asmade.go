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

// Right after a checkout, git may report some files as changed: because of line
// endings that the commit doesn't have, or because a filter such as LFS would not
// store the same content again. These files match the commit, and
// --reset-worktree can't change that.

// asMade returns digests of the files, by path, that git reports as changed in a
// worktree, of those that it has just checked out.
func (a *addWorktree) asMade(ctx context.Context, fresh func(file string) bool) (map[string]string, error) {
	dir := a.build.Commit.Worktree()
	changes, err := a.repo.CheckoutChanges(ctx, dir)
	if err != nil {
		return nil, fmt.Errorf("look at the worktree of %s: %w", a.build.Commit.Short, err)
	}
	made := map[string]string{}
	for _, change := range changes {
		if !fresh(change.Path) {
			continue
		}
		if text, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(change.Path))); err == nil {
			made[change.Path] = digest(text)
		}
	}
	return made, nil
}

// withoutMade leaves out the changes that git itself made, unless the files have
// changed again since.
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
