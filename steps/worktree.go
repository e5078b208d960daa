package steps

import (
	"context"
	"errors"
	"fmt"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/git"
	"dot-for-dbt/internal/workspace"
)

// worktreeStep checks the build's commit out.
func (c *compiler) worktreeStep(b *build) *graph.Step {
	path := b.Commit.Worktree()
	return &graph.Step{
		Name: "worktree " + b.Commit.Short, Kind: "worktree", Version: 1,
		Inputs: []graph.Input{{Label: "commit", Value: b.Commit.Hash}},
		Record: b.Commit.Record("worktree"),
		Missing: func(graph.Record) string {
			if err := c.repo.CheckWorktree(path, b.Commit.Hash); err != nil {
				return err.Error()
			}
			if c.req.ResetWorktree {
				// What can't be told here, the dbt steps will ask again.
				if changes, err := c.changes(context.Background(), b); err == nil && len(changes) > 0 {
					return plural(len(changes), "changed file") + ", --reset-worktree"
				}
			}
			return ""
		},
		Locks:  []graph.Lock{b.commitLock()},
		Action: &addWorktree{compiler: c, path: path, commit: b.Commit},
	}
}

type addWorktree struct {
	*compiler
	path   string
	commit workspace.Commit
}

func (a *addWorktree) Describe() []string { return nil }

func (a *addWorktree) Run(ctx context.Context, attempt *graph.Attempt) (any, error) {
	standing := a.repo.CheckWorktree(a.path, a.commit.Hash)
	var moved *git.MovedError
	isMoved := errors.As(standing, &moved)
	switch {
	case a.req.ResetWorktree && (standing == nil || isMoved):
		return nil, a.repo.ResetWorktree(ctx, a.path, a.commit.Hash)
	case standing == nil && attempt.Reason.Cause == graph.NeverRun:
		// A whole worktree that dot has no record of is taken as it is: the
		// dbt steps look for changes in it.
		return nil, nil
	case isMoved: // somebody works there: making it anew would throw that away
		return nil, &hintError{
			msg:   fmt.Sprintf("the worktree of %s is not at its commit: %v, in %s", a.commit.Short, moved, a.path),
			hints: []string{"build what is there under its own name, or let --reset-worktree check the commit out again"},
		}
	}
	if err := a.repo.AddWorktree(ctx, a.path, a.commit.Hash, attempt.Held); err != nil {
		return nil, fmt.Errorf("check out %s: %w", a.commit.Short, err)
	}
	return nil, nil
}
