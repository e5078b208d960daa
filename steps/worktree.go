package steps

import (
	"context"
	"errors"
	"fmt"
	"os"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/git"
	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/text"
)

// worktreeStep checks the build's commit out. With reset it also undoes changes of
// its files.
func (rt *runtime) worktreeStep(b *build, reset bool) *graph.Step {
	path := b.Commit.Worktree()
	return &graph.Step{
		Name: "worktree " + b.Commit.Short, Kind: "worktree", Version: 1,
		Inputs: []graph.Input{{Label: "commit", Value: b.Commit.Hash}},
		Record: b.Commit.Record("worktree"), Exact: true,
		Missing: func(ctx context.Context, r graph.Record) string {
			if err := rt.repo.CheckWorktree(path, b.Commit.Hash); err != nil {
				return err.Error()
			}
			var out worktreeOutputs
			_ = r.Decode(&out) // without any, there is nothing to look for
			if err := rt.checkSubmodules(b.Commit, out); err != nil {
				return err.Error()
			}
			if reset {
				// What can't be told here, the dbt steps will ask again.
				if changes, err := rt.changes(ctx, b); err == nil && len(changes) > 0 {
					return text.Plural(len(changes), "changed file") + ", --reset-worktree"
				}
			}
			return ""
		},
		Locks:  []graph.Lock{b.commitLock()},
		Pools:  []string{jobsPool},
		Action: &addWorktree{runtime: rt, build: b, reset: reset},
	}
}

type addWorktree struct {
	*runtime
	build *build
	reset bool
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
		return a.finish(ctx, attempt, true)
	case standing == nil:
		// A whole worktree is taken as it is, whatever dot knows of it: the
		// dbt steps look for changes in it.
		return a.finish(ctx, attempt, false)
	case isMoved: // somebody works there: making it anew would throw that away
		return nil, hint.New(
			fmt.Sprintf("the worktree of %s is not at its commit: %v, in %s", commit.Short, moved, path),
			"build what is there under its own name, or let --reset-worktree check the commit out again",
		)
	}
	if !a.reset && !errors.Is(standing, git.ErrHalfMade) {
		if err := a.spare(ctx, standing, attempt.Previous); err != nil {
			return nil, err
		}
	}
	if err := a.repo.AddWorktree(ctx, path, commit.Hash, attempt.LockFiles()); err != nil {
		return nil, fmt.Errorf("check out %s: %w", commit.Short, err)
	}
	return a.finish(ctx, attempt, true)
}

// finish completes a worktree, which is fresh if git has just made it what it
// is, and returns the step's outputs.
func (a *addWorktree) finish(ctx context.Context, attempt *graph.Attempt, fresh bool) (any, error) {
	var out, before worktreeOutputs
	var err error
	if out.Submodules, err = a.addSubmodules(ctx, attempt.LockFiles()); err != nil {
		return nil, err
	}
	_ = attempt.Previous.Decode(&before) // there may be none
	out.AsMade = before.AsMade
	if fresh {
		if out.AsMade, err = a.asMade(ctx); err != nil {
			return nil, err
		}
	}
	if len(out.Submodules) == 0 && len(out.AsMade) == 0 {
		return nil, nil
	}
	return out, nil
}

// spare refuses to make a worktree anew where somebody's files would be lost
// with the damaged one.
func (a *addWorktree) spare(ctx context.Context, damage error, before graph.Record) error {
	dir := a.build.Commit.Worktree()
	if info, err := os.Lstat(dir); err != nil || !info.IsDir() {
		return nil
	}
	changes, err := a.repo.LooseChanges(ctx, dir, a.build.Commit.Hash)
	if err != nil {
		return err
	}
	if changes = withoutMade(dir, withoutDBTs(a.build, changes), before); len(changes) == 0 {
		return nil
	}
	return hint.New(
		fmt.Sprintf("the worktree of %s is damaged (%v), and these files in %s are not its commit's:%s",
			a.build.Commit.Short, damage, dir, lines(texts(changes))),
		"move away what is worth keeping, and run dot again",
		"--reset-worktree makes the worktree anew without them",
	)
}
