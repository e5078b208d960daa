package git

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// Registered are the worktrees below a directory that git knows of, sorted. They need not be there: what was removed by
// hand stays registered.
func (r *Repo) Registered(below string) ([]string, error) {
	all := filepath.Join(r.CommonDir, "worktrees")
	found, err := os.ReadDir(all)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("listing the worktrees of %s: %w", r.CommonDir, err)
	}
	var paths []string
	for _, entry := range found {
		path := worktreeOf(filepath.Join(all, entry.Name()))
		if inside, err := filepath.Rel(below, path); err == nil && path != "" && inside != "." && filepath.IsLocal(inside) {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	return slices.Compact(paths), nil
}
