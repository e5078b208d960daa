package steps

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/git"
	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/text"
)

// worktreeStep checks out the build's commit. With reset, it also undoes changes to
// the files.
func (w *worktrees) worktreeStep(b *build, reset bool) *graph.Step {
	path, action := b.Commit.Worktree(), &addWorktree{worktrees: w, build: b, reset: reset}
	return &graph.Step{
		Name: "worktree " + b.Commit.Short, Kind: "worktree", Version: 1,
		Inputs: []graph.Input{{Label: "commit", Value: b.Commit.Hash}},
		Record: b.Commit.Record("worktree"), Exact: true,
		Missing: func(ctx context.Context, r graph.Record) string {
			if gone := action.gone(ctx, r); gone != "" {
				return gone
			}
			if had := w.repo.Cone(path); !had.Covers(action.cone()) {
				return "has " + onlyDirs(had)
			}
			return ""
		},
		Detail: func(graph.Record) string {
			only := onlyDirs(action.cone())
			if only != "" && w.repo.CheckWorktree(path, b.Commit.Hash) == nil && len(w.repo.Cone(path)) == 0 {
				return "" // it is whole, and stays so
			}
			return only
		},
		Locks:  []graph.Lock{b.commitLock()},
		Pools:  []string{jobsPool},
		Action: action,
	}
}

type addWorktree struct {
	*worktrees
	build *build
	reset bool
}

// cone returns the directories that the worktree has to have, for all jobs of the invocation.
func (a *addWorktree) cone() git.Cone { return a.cones[a.build.Commit.Short] }

// gone says why the files that the worktree had are to be checked out again, "" if they aren't.
func (a *addWorktree) gone(ctx context.Context, r graph.Record) string {
	b := a.build
	if err := a.repo.CheckWorktree(b.Commit.Worktree(), b.Commit.Hash); err != nil {
		return err.Error()
	}
	var out worktreeOutputs
	_ = r.Decode(&out) // without outputs, there are no submodules to check
	if err := a.checkSubmodules(b.Commit, out); err != nil {
		return err.Error()
	}
	if a.reset {
		// The dbt steps check again, so an error doesn't matter here.
		if changes, err := a.changes(ctx, b); err == nil && len(changes) > 0 {
			return text.Plural(len(changes), "changed file") + ", --reset-worktree"
		}
	}
	return ""
}

func (a *addWorktree) Describe(graph.Planned) []string { return nil }

func (a *addWorktree) Run(ctx context.Context, attempt *graph.Attempt) (any, error) {
	path, commit := a.build.Commit.Worktree(), a.build.Commit
	standing := a.repo.CheckWorktree(path, commit.Hash)
	var moved *git.MovedError
	isMoved := errors.As(standing, &moved)
	switch {
	case a.reset && (standing == nil || isMoved):
		if err := a.repo.ResetWorktree(ctx, path, commit.Hash); err != nil {
			return nil, err
		}
		if err := a.repo.WidenWorktree(ctx, path, a.cone(), attempt.LockFiles()); err != nil {
			return nil, err
		}
		return a.finish(ctx, attempt, anyFile)
	case standing == nil:
		// Use an intact worktree, with or without a record: the dbt steps look
		// for changes in it.
		return a.widen(ctx, attempt)
	case isMoved: // somebody works there: a new checkout would lose the work
		return nil, hint.New(
			fmt.Sprintf("the worktree of %s is not at its commit: %v, in %s", commit.Short, moved, path),
			"build its current commit by name, or check the commit out again: --reset-worktree",
		)
	}
	if !a.reset && !errors.Is(standing, git.ErrHalfMade) {
		if err := a.spare(ctx, standing, attempt.Previous); err != nil {
			return nil, err
		}
	}
	if err := a.repo.AddSparseWorktree(ctx, path, commit.Hash, a.cone(), attempt.LockFiles()); err != nil {
		return nil, fmt.Errorf("check out %s: %w", commit.Short, err)
	}
	return a.finish(ctx, attempt, anyFile)
}

// widen checks out what an intact worktree lacks.
func (a *addWorktree) widen(ctx context.Context, attempt *graph.Attempt) (any, error) {
	b := a.build
	path := b.Commit.Worktree()
	had := a.repo.Cone(path)
	if had.Covers(a.cone()) {
		return a.finish(ctx, attempt, nil)
	}
	changes, err := a.changes(ctx, b)
	if err != nil {
		return nil, fmt.Errorf("look for changes in the worktree of %s: %w", b.Commit.Short, err)
	}
	inCone := func(change git.Change) bool { return had.Has(change.Path) } // these stay as they are
	if changes = slices.DeleteFunc(changes, inCone); len(changes) > 0 {
		return nil, differs(b, changes)
	}
	if err := a.repo.WidenWorktree(ctx, path, a.cone(), attempt.LockFiles()); err != nil {
		return nil, fmt.Errorf("check out more of %s: %w", b.Commit.Short, err)
	}
	return a.finish(ctx, attempt, func(file string) bool { return !had.Has(file) })
}

func anyFile(string) bool { return true }

// finish checks out the submodules and returns the step's outputs. fresh tells which files
// git has just checked out or reset; nil: none.
func (a *addWorktree) finish(ctx context.Context, attempt *graph.Attempt, fresh func(file string) bool) (any, error) {
	var out, before worktreeOutputs
	var err error
	if out.Submodules, err = a.addSubmodules(ctx, attempt.LockFiles()); err != nil {
		return nil, err
	}
	_ = attempt.Previous.Decode(&before) // there may be no outputs
	out.AsMade = before.AsMade
	if fresh != nil {
		made, err := a.asMade(ctx, fresh)
		if err != nil {
			return nil, err
		}
		maps.DeleteFunc(out.AsMade, func(file, _ string) bool { return fresh(file) })
		if out.AsMade == nil {
			out.AsMade = made
		} else {
			maps.Copy(out.AsMade, made)
		}
		place, line, err := a.repo.OwnAttributes()
		if err != nil {
			return nil, err
		}
		if line != "" {
			attempt.Notef("%s: %q may change files of %s, in this repository only: .gitattributes is the place for it", place, line, a.build.Commit.Short)
		}
	}
	if len(out.Submodules) == 0 && len(out.AsMade) == 0 {
		return nil, nil
	}
	return out, nil
}

// spare returns an error if a new checkout in place of a damaged worktree would
// delete somebody's files.
func (a *addWorktree) spare(ctx context.Context, damage error, before graph.Record) error {
	dir := a.build.Commit.Worktree()
	if info, err := os.Lstat(dir); err != nil || !info.IsDir() {
		return nil
	}
	changes, err := a.repo.LooseChanges(ctx, dir, a.build.Commit.Hash)
	if err != nil {
		return err
	}
	if changes, err = a.withoutGitignore(ctx, a.build, changes); err != nil {
		return err
	}
	if changes = withoutMade(dir, withoutDBTs(a.build, changes), before); len(changes) == 0 {
		return nil
	}
	return hint.New(
		fmt.Sprintf("the worktree of %s is damaged (%v), and these files in %s are not in its commit:%s",
			a.build.Commit.Short, damage, dir, lines(texts(changes))),
		"move the files that you need elsewhere, and run dot again",
		"--reset-worktree makes a new worktree without them",
	)
}
