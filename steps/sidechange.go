package steps

import (
	"context"
	"slices"

	"dot-for-dbt/internal/git"
)

// A CommitChange is what lies between the commits of two builds.
type CommitChange struct {
	// Branch is the branch at the newer build's commit, "" if there is none or several.
	Branch string
	// Commits are those that only the newer build has, the newest first.
	Commits []git.Commit
	// Behind is the number of commits that only the older build has.
	Behind int
	// Files are those that differ between the two commits. Their paths are from the top
	// of the repository.
	Files []git.ChangedFile
}

// Project is the name of the build's dbt project.
func (b *Built) Project() string { return b.job.build.project.Name }

// head is the commit that the build is at: that below what isn't committed.
func (b *Built) head() string {
	if draft := b.job.build.commit.Draft; draft != nil {
		return draft.Base.Hash
	}
	return b.job.build.commit.Hash
}

// Since returns what lies between the commits of another build and this one.
func (b *Built) Since(ctx context.Context, older *Built) (c CommitChange, err error) {
	repo, from, to := b.runtime.repo, older.job.build.commit.Hash, b.job.build.commit.Hash
	// from is "" for a build from elsewhere.
	if c.Branch, err = repo.BranchAt(ctx, b.head(), b.job.spec.Ref); err != nil || from == to || from == "" {
		return c, err
	}
	if c.Commits, err = repo.Between(ctx, older.head(), b.head()); err != nil {
		return c, err
	}
	slices.Reverse(c.Commits)
	behind, err := repo.Between(ctx, b.head(), older.head())
	if err != nil {
		return c, err
	}
	c.Behind = len(behind)
	c.Files, err = repo.ChangedLines(ctx, from, to)
	return c, err
}
