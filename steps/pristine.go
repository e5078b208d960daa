package steps

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"dot-for-dbt/internal/git"
)

// pristine makes sure that a build's worktree is its commit: whatever else is
// in it, but for what dbt itself makes there, would be built under the
// commit's name.
func (c *compiler) pristine(ctx context.Context, b *build) error {
	changes, err := c.changes(ctx, b)
	if err != nil {
		return fmt.Errorf("look for changes in the worktree of %s: %w", b.Commit.Short, err)
	}
	if len(changes) == 0 {
		return nil
	}
	names := make([]string, len(changes))
	for i, change := range changes {
		names[i] = change.String()
	}
	msg := fmt.Sprintf("the worktree of %s is not as the commit: nothing was run, because these files are changed in %s:%s",
		b.Commit.Short, b.Commit.Worktree(), lines(names))
	return &hintError{msg: msg, hints: []string{
		"commit what is worth keeping on a branch of yours, and build that",
		"--reset-worktree undoes the changes",
	}}
}

// changes are the files of a build's worktree that are not as its commit has
// them, but for what dbt itself makes.
func (c *compiler) changes(ctx context.Context, b *build) ([]git.Change, error) {
	changes, err := c.repo.WorktreeChanges(ctx, b.Commit.Worktree())
	return slices.DeleteFunc(changes, func(change git.Change) bool { return madeByDBT(b, change.Path) }), err
}

// madeByDBT reports whether a file in a worktree is of dbt's own making.
func madeByDBT(b *build, file string) bool {
	for _, made := range []string{b.project.PackagesPath, lockFile, "target", "logs"} {
		made = path.Join(b.Project, made)
		if file == made || strings.HasPrefix(file, made+"/") {
			return true
		}
	}
	return false
}
