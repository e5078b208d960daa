package git_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dot-for-dbt/internal/git"
)

// The files that tie a worktree to its repository may have any content. An incomplete worktree must
// never pass for a complete one, and removing one must never touch anything outside of it.
func FuzzCheckAndRemoveWorktree(f *testing.F) {
	commit := strings.Repeat("ab", 20)
	f.Add("gitdir: ROOT/.git/worktrees/w\n", "ROOT/.dot/build/w/.git\n", commit+"\n", "dot\n")
	f.Add("gitdir: ../../../.git/worktrees/w", "../../../.dot/build/w/.git", commit, "")
	f.Add("gitdir: ROOT/.git/worktrees/w\n", "ROOT/.dot/build/w/.git\n", commit+"\n", "initializing")
	f.Add("gitdir: ROOT/.git/worktrees/w\n", "ROOT/keep/.git\n", commit+"\n", "dot")
	f.Add("gitdir: ROOT/.git/worktrees/other\n", "ROOT/.dot/build/w/../../../keep/.git", "ref: refs/heads/x", "dot")
	f.Add("gitdir: \x00", "\x00", "", "\xff")
	f.Fuzz(func(t *testing.T, dotGit, gitDir, head, locked string) {
		root, err := filepath.EvalSymlinks(t.TempDir())
		check(t, err)
		r := &git.Repo{Top: root, Root: root, CommonDir: filepath.Join(root, ".git")}
		path := filepath.Join(root, ".dot", "build", "w")
		here := strings.NewReplacer("ROOT", root)
		for file, text := range map[string]string{
			".dot/build/w/.git":           here.Replace(dotGit),
			".dot/build/keep":             "",
			".git/worktrees/w/gitdir":     here.Replace(gitDir),
			".git/worktrees/w/HEAD":       head,
			".git/worktrees/w/locked":     locked,
			".git/worktrees/w/index":      "",
			".git/worktrees/other/gitdir": filepath.Join(root, "keep", ".git") + "\n",
			"keep/.git":                   "gitdir: " + filepath.Join(root, ".git/worktrees/other"),
		} {
			file = filepath.Join(root, file)
			check(t, os.MkdirAll(filepath.Dir(file), 0o755))
			check(t, os.WriteFile(file, []byte(text), 0o644))
		}
		if r.CheckWorktree(path, commit) == nil {
			if strings.TrimSpace(head) != commit || !strings.Contains(dotGit, "worktrees") || locked == "initializing" {
				t.Errorf("taken for whole")
			}
		}
		if err := r.RemoveWorktree(t.Context(), path); err != nil {
			t.Errorf("not removed: %v", err)
		}
		for _, file := range []string{".dot/build/keep", ".git/worktrees/other/gitdir", "keep/.git"} {
			if _, err := os.Stat(filepath.Join(root, file)); err != nil {
				t.Errorf("removed too: %v", err)
			}
		}
		if _, err := os.Lstat(path); err == nil {
			t.Error("still there")
		}
	})
}
