package git

import (
	"fmt"
	"os"
	"path/filepath"
)

// modulesDirs lists the directories where a repository keeps the repositories of its submodules:
// one for the main worktree, and one for each linked worktree for which skip returns false.
func modulesDirs(commonDir string, skip func(worktree string) bool) []string {
	dirs := []string{filepath.Join(commonDir, "modules")}
	linked, _ := os.ReadDir(filepath.Join(commonDir, "worktrees"))
	for _, entry := range linked {
		admin := filepath.Join(commonDir, "worktrees", entry.Name())
		if worktree := worktreeOf(admin); worktree != "" && !skip(worktree) {
			dirs = append(dirs, filepath.Join(admin, "modules"))
		}
	}
	return dirs
}

// submoduleRepos lists the repositories of all submodules of a repository, nested ones too.
func submoduleRepos(commonDir string) []string {
	var repos []string
	for _, dir := range modulesDirs(commonDir, func(string) bool { return false }) {
		repos = append(repos, reposBelow(dir)...)
	}
	return repos
}

// reposBelow lists the repositories in one such directory. Each is at its submodule's name, which
// may hold slashes.
func reposBelow(dir string) []string {
	found, _ := os.ReadDir(dir)
	var repos []string
	for _, entry := range found {
		sub := filepath.Join(dir, entry.Name())
		if _, err := os.Stat(filepath.Join(sub, "HEAD")); err == nil {
			repos = append(append(repos, sub), submoduleRepos(sub)...)
		} else if entry.IsDir() {
			repos = append(repos, reposBelow(sub)...)
		}
	}
	return repos
}

// forgetBelow removes what the repositories of submodules know about worktrees at path and below
// it.
func (r *Repo) forgetBelow(path string) error {
	for _, repo := range submoduleRepos(r.CommonDir) {
		all := filepath.Join(repo, "worktrees")
		found, _ := os.ReadDir(all)
		for _, entry := range found {
			admin := filepath.Join(all, entry.Name())
			if worktree := worktreeOf(admin); worktree == "" || !isBelow(worktree, path) {
				continue
			}
			if err := os.RemoveAll(admin); err != nil {
				return fmt.Errorf("removing git's administration of a submodule: %w", err)
			}
			_ = os.Remove(all) // as git does; it fails, as intended, if others are left
		}
	}
	return nil
}

// belowDot reports whether a worktree is one of dot's.
func (r *Repo) belowDot(worktree string) bool {
	return isBelow(worktree, filepath.Join(r.Root, dotDir))
}

// isBelow reports whether a path is dir or below it. Both must be free of symbolic links.
func isBelow(path, dir string) bool {
	inside, err := filepath.Rel(dir, path)
	return err == nil && filepath.IsLocal(inside)
}
