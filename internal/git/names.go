package git

import (
	"context"
	"maps"
	"slices"
)

// Names lists, for shell completion, what a user may type for a commit in the repository at dir.
// That is HEAD, the branches and tags, branches that exist on one remote only, and remote branches
// (origin/main). One git process lists them.
func Names(ctx context.Context, dir string) ([]string, error) {
	all, err := (&Repo{Top: dir}).refs(ctx)
	if err != nil {
		return nil, err
	}
	names := append([]string{"HEAD"}, slices.Compact(all.local)...)
	for _, branch := range slices.Sorted(maps.Keys(all.remote)) {
		if _, local := slices.BinarySearch(all.local, branch); !local && len(all.remote[branch]) == 1 {
			names = append(names, branch)
		}
	}
	return append(names, slices.Sorted(maps.Keys(all.hash))...), nil
}

// NamesByHash returns, for shell completion, the names of the branches and tags at each commit. An
// annotated tag isn't among them: to read thousands of tags takes longer than a shell may wait.
func NamesByHash(ctx context.Context, dir string) (map[string][]string, error) {
	all, err := (&Repo{Top: dir}).refs(ctx)
	if err != nil {
		return nil, err
	}
	return all.at, nil
}
