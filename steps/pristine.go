package steps

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"dot-for-dbt/internal/dbt/profile"
	"dot-for-dbt/internal/git"
	"dot-for-dbt/internal/hint"
)

// pristine returns an error if a build's worktree differs from its commit, except
// for files that dbt makes: the changes would be built under the commit's name.
func (w *worktrees) pristine(ctx context.Context, b *build) error {
	if err := b.checkReads(); err != nil {
		return err
	}
	changes, err := w.changes(ctx, b)
	if err != nil {
		return fmt.Errorf("look for changes in the worktree of %s: %w", b.Commit.Short, err)
	}
	if len(changes) == 0 {
		return nil
	}
	return differs(b, changes)
}

// differs returns the error about changes in a build's worktree.
func differs(b *build, changes []git.Change) error {
	msg := fmt.Sprintf("the worktree of %s differs from its commit: nothing was run, because these files are changed in %s:%s",
		b.Commit.Short, b.Commit.Worktree(), lines(texts(changes)))
	return hint.New(
		msg,
		"commit the changes that you need on your own branch, and build that",
		"--reset-worktree undoes the changes",
	)
}

// internalPackages is the directory for dbt 2's own packages.
const internalPackages = "dbt_internal_packages"

// withoutGitignore leaves out a .gitignore that differs from the commit's only by the line that dbt
// 2 appends in the project's directory whenever it reads the project (dbt-core 2.0.0-alpha.4).
func (w *worktrees) withoutGitignore(ctx context.Context, b *build, changes []git.Change) (_ []git.Change, err error) {
	name := path.Join(b.Project, ".gitignore")
	i := slices.IndexFunc(changes, func(c git.Change) bool { return c.Path == name && isTracked(c) })
	if i < 0 {
		return changes, nil
	}
	objects := w.repo.Objects(ctx)
	defer func() { err = errors.Join(err, objects.Close()) }()
	was, err := objects.Read(b.Commit.Hash + ":" + name)
	if err != nil {
		return changes, nil // the file is new: dbt makes none
	}
	is, err := readFile(filepath.Join(b.Commit.Worktree(), filepath.FromSlash(name)))
	if err != nil {
		return changes, nil // it was removed
	}
	if onlyAppended(was, is) {
		return slices.Delete(slices.Clone(changes), i, i+1), nil
	}
	return changes, nil
}

// onlyAppended reports whether a .gitignore differs only by dbt 2's line. Two dbts at once, such as those
// of two environments, may both append it.
func onlyAppended(was, is []byte) bool {
	if len(was) > 0 && !bytes.HasSuffix(was, []byte("\n")) {
		was = append(slices.Clip(was), '\n')
	}
	added, ok := bytes.CutPrefix(is, was)
	return ok && len(added) > 0 && len(bytes.ReplaceAll(added, []byte(internalPackages+"/\n"), nil)) == 0
}

// texts returns changes as git status shows them.
func texts(changes []git.Change) []string {
	out := make([]string, len(changes))
	for i, change := range changes {
		out[i] = change.String()
	}
	return out
}

// changes returns the files of a build's worktree that differ from its commit, ignored
// ones too, without those that dbt makes, those that runs made, and those that git's
// checkout changed.
func (w *worktrees) changes(ctx context.Context, b *build) ([]git.Change, error) {
	dir := b.Commit.Worktree()
	changes, err := w.repo.WorktreeChanges(ctx, dir)
	if err != nil {
		return nil, err
	}
	record, _ := w.ws.Load(b.Commit.Record("worktree")) // without a record, all changes count
	var made worktreeOutputs
	_ = record.Decode(&made) // without outputs, there are no submodules
	for _, s := range made.Submodules {
		inside, err := w.repo.SubmoduleChanges(ctx, dir, s.Submodule)
		if err != nil {
			return nil, err
		}
		changes = append(changes, inside...)
	}
	changes = slices.DeleteFunc(changes, isUnread)
	if changes, err = w.withoutGitignore(ctx, b, changes); err != nil {
		return nil, err
	}
	if changes = withoutRuns(b, withoutDBTs(b, changes)); len(changes) == 0 {
		return nil, nil
	}
	return withoutMade(dir, changes, record), nil
}

// isUnread reports whether a change is an ignored file that no build reads: editors and
// systems leave hidden files in any directory, such as .DS_Store, and other tools keep the
// DuckDB file in the worktree.
func isUnread(change git.Change) bool {
	hidden := strings.HasPrefix(change.Path, ".") || strings.Contains(change.Path, "/.")
	name := path.Base(change.Path)
	return change.Status == ignored && !readByDBT(name) && name != ".env" &&
		(hidden || strings.Contains(name, ".duckdb"))
}

// git's statuses of files that aren't in the commit.
const (
	untracked = "??"
	ignored   = "!!"
)

// isTracked reports whether a change is one of a file in the commit.
func isTracked(change git.Change) bool {
	return change.Status != untracked && change.Status != ignored
}

// withoutDBTs leaves out the files of a worktree that dbt makes, for the build's
// project or for other projects in the repository. A file of the commit is dbt's only if
// it is the lock file or if dbt deps installs it anew.
func withoutDBTs(b *build, changes []git.Change) []git.Change {
	made := map[string]bool{} // the files and directories that dbt makes
	anew := map[string]bool{} // those of the commit that dbt makes anew
	add := func(dir string, project profile.Project) {
		for _, name := range []string{project.PackagesPath, lockFile, "target", "logs", ".user.yml", internalPackages} {
			at := path.Join(dir, name)
			if at == path.Clean(dir) || !within(at, dir) {
				continue // no directory for dbt's files only
			}
			made[at] = true
			anew[at] = name == project.PackagesPath || name == lockFile
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
		dbts := made
		if isTracked(change) {
			dbts = anew
		}
		return dbts[change.Path] || slices.ContainsFunc(dirs, func(dir string) bool { return dbts[dir] })
	})
}

// above returns the directories that contain a file, from the top ("") down.
func above(file string) []string {
	dirs := []string{""}
	for i, c := range file {
		if c == '/' {
			dirs = append(dirs, file[:i])
		}
	}
	return dirs
}
