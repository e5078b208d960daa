package git

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
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

// WorkingTrees lists the user's working trees that exist, the main one first: dot's worktrees don't count.
func (r *Repo) WorkingTrees() ([]string, error) {
	admins, err := r.allAdmins()
	if err != nil {
		return nil, err
	}
	paths := []string{r.Root}
	dots := filepath.Join(r.Root, dotDir) + string(os.PathSeparator)
	for _, admin := range admins {
		path := worktreeOf(admin)
		if path == "" || strings.HasPrefix(path, dots) {
			continue
		}
		if _, err := os.Stat(path); err == nil {
			paths = append(paths, path)
		}
	}
	return paths, nil
}

// Stale lists, sorted, the worktrees of dot's that git knows at another path than dot has now, and that are
// missing there: those of the repository before it was moved. They are locked, so git never forgets them.
func (r *Repo) Stale() ([]string, error) {
	admins, err := r.allAdmins()
	if err != nil {
		return nil, err
	}
	var paths []string
	dots := filepath.Join(r.Root, dotDir) + string(os.PathSeparator)
	for _, admin := range admins {
		path := worktreeOf(admin)
		inDot := strings.Contains(path, string(os.PathSeparator)+dotDir+string(os.PathSeparator))
		if !inDot || strings.HasPrefix(path, dots) || read(admin, "locked") != lockReason {
			continue
		}
		if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	return slices.Compact(paths), nil
}
