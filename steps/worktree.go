package steps

import (
	"context"
	"fmt"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/git"
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
			return ""
		},
		Locks:  []graph.Lock{b.commitLock()},
		Action: &addWorktree{repo: c.repo, path: path, commit: b.Commit.Hash},
	}
}

type addWorktree struct {
	repo         *git.Repo
	path, commit string
}

func (a *addWorktree) Describe() []string { return nil }

func (a *addWorktree) Run(ctx context.Context, attempt *graph.Attempt) (any, error) {
	// A worktree without a record may be somebody's work: it is taken as it
	// is where it stands, and the dbt steps look for changes in it.
	if attempt.Reason.Cause == graph.NeverRun && a.repo.CheckWorktree(a.path, a.commit) == nil {
		return nil, nil
	}
	if err := a.repo.AddWorktree(ctx, a.path, a.commit, attempt.Held); err != nil {
		return nil, fmt.Errorf("check out %s: %w", a.commit, err)
	}
	return nil, nil
}
