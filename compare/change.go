package compare

import (
	"context"

	"dot-for-dbt/compare/report"
)

// change returns what lies between the sides' commits. If git can't say, there is a warning
// instead: the comparison doesn't need it.
func (c *comparison) change(ctx context.Context) (_ *report.Change, warnings []string) {
	since, err := c.b.Since(ctx, c.a)
	if err != nil {
		return nil, []string{"git can't list what lies between the commits"}
	}
	change := &report.Change{Branch: since.Branch, Behind: since.Behind}
	for _, commit := range since.Commits {
		change.Commits = append(change.Commits, report.Commit{Hash: commit.Hash, Subject: commit.Subject})
	}
	for _, f := range since.Files {
		change.Files = append(change.Files, report.ChangedFile{Path: f.Path, From: f.From, Added: f.Added, Removed: f.Removed})
	}
	return change, nil
}
