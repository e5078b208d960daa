package steps

import (
	"context"
	"fmt"
	"path"
	"path/filepath"
	"slices"

	"dot-for-dbt/internal/dbt/profile"
	"dot-for-dbt/internal/git"
	"dot-for-dbt/internal/hint"
)

// pristine makes sure that a build's worktree is its commit: whatever else is
// in it, but for what dbt itself makes there, would be built under the
// commit's name.
func (rt *runtime) pristine(ctx context.Context, b *build) error {
	if err := rt.checkReads(b); err != nil {
		return err
	}
	changes, err := rt.changes(ctx, b)
	if err != nil {
		return fmt.Errorf("look for changes in the worktree of %s: %w", b.Commit.Short, err)
	}
	if len(changes) == 0 {
		return nil
	}
	msg := fmt.Sprintf("the worktree of %s is not as the commit: nothing was run, because these files are changed in %s:%s",
		b.Commit.Short, b.Commit.Worktree(), lines(texts(changes)))
	return hint.New(
		msg,
		"commit what is worth keeping on a branch of yours, and build that",
		"--reset-worktree undoes the changes",
	)
}

// texts are changes as git status shows them.
func texts(changes []git.Change) []string {
	out := make([]string, len(changes))
	for i, change := range changes {
		out[i] = change.String()
	}
	return out
}

// changes are the files of a build's worktree that are not as its commit has
// them, but for what dbt itself makes, and what git made so.
func (rt *runtime) changes(ctx context.Context, b *build) ([]git.Change, error) {
	changes, err := rt.repo.WorktreeChanges(ctx, b.Commit.Worktree())
	if changes = withoutDBTs(b, changes); len(changes) == 0 {
		return nil, err
	}
	record, _ := rt.ws.Load(b.Commit.Record("worktree")) // without any, all of them count
	return withoutMade(b.Commit.Worktree(), changes, record), err
}

// withoutDBTs leaves out the files in a build's worktree that dbt has made: for
// its own project, or for others in the repository.
func withoutDBTs(b *build, changes []git.Change) []git.Change {
	made := map[string]bool{} // by the files and directories that dbt makes
	add := func(dir string, project profile.Project) {
		for _, name := range []string{project.PackagesPath, lockFile, "target", "logs"} {
			if at := path.Join(dir, name); at != path.Clean(dir) {
				made[at] = true
			}
		}
	}
	add(b.Project, b.project)
	seen := map[string]bool{}
	return slices.DeleteFunc(changes, func(change git.Change) bool {
		dirs := above(change.Path)
		for _, dir := range dirs {
			if seen[dir] {
				continue
			}
			seen[dir] = true
			file := filepath.Join(b.Commit.Worktree(), filepath.FromSlash(dir), "dbt_project.yml")
			if text, err := readFile(file); err == nil {
				if project, err := profile.ParseProject(file, text); err == nil {
					add(dir, project)
				}
			}
		}
		return made[change.Path] || slices.ContainsFunc(dirs, func(dir string) bool { return made[dir] })
	})
}

// above lists the directories that a file lies in, from the top ("") down.
func above(file string) []string {
	dirs := []string{""}
	for i, c := range file {
		if c == '/' {
			dirs = append(dirs, file[:i])
		}
	}
	return dirs
}
