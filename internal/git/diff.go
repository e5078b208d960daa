package git

import (
	"context"
	"fmt"
)

// Changed returns the files that differ between two commits, added and removed ones included: their
// paths from the top of the repository, with slashes. A submodule at another commit counts as a
// file.
func (r *Repo) Changed(ctx context.Context, from, to string) ([]string, error) {
	out, err := run(ctx, "diff-tree", command(r.Top, "diff-tree", "-r", "--no-renames", "--no-ext-diff", "--name-only", "-z", from, to))
	if err != nil {
		return nil, fmt.Errorf("comparing %s with %s: %w", from, to, err)
	}
	return entries(out), nil
}
