package git

import (
	"path/filepath"
	"slices"
)

// Registered lists, sorted, the worktrees below a directory that git knows. They need not exist: a
// worktree that was removed by hand stays registered.
func (r *Repo) Registered(below string) ([]string, error) {
	admins, err := r.allAdmins()
	if err != nil {
		return nil, err
	}
	var paths []string
	for _, admin := range admins {
		path := worktreeOf(admin)
		if inside, err := filepath.Rel(below, path); err == nil && path != "" && inside != "." && filepath.IsLocal(inside) {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	return slices.Compact(paths), nil
}
