package git

import (
	"context"
	"fmt"
	"strings"
)

// Differing is a file that differs between two commits.
type Differing struct {
	Path string // from the top of the repository, with slashes
	// Submodule means that it is a submodule in one of the commits. What differs in it is in another
	// repository.
	Submodule bool
}

// Changed returns the files that differ between two commits, added and removed ones included. A
// submodule at another commit counts as a file.
func (r *Repo) Changed(ctx context.Context, from, to string) ([]Differing, error) {
	out, err := run(ctx, "diff-tree", r.reader("diff-tree", "-r", "--no-renames", "--no-ext-diff", "--ignore-submodules=none", "--raw", "-z", from, to))
	if err != nil {
		return nil, fmt.Errorf("comparing %s with %s: %w", from, to, err)
	}
	// ":<mode> <mode> <id> <id> <status>", NUL, and the path, NUL.
	fields := entries(out)
	var all []Differing
	for i := 0; i+1 < len(fields); i += 2 {
		old, rest, _ := strings.Cut(strings.TrimPrefix(fields[i], ":"), " ")
		now, _, _ := strings.Cut(rest, " ")
		all = append(all, Differing{Path: fields[i+1], Submodule: old == gitlink || now == gitlink})
	}
	return all, nil
}
