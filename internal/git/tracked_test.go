package git_test

import (
	"testing"

	"dot-for-dbt/internal/git/gittest"
)

func TestInMainWorktree(t *testing.T) {
	repo := gittest.New(t)
	has := func(dir string, want bool) {
		t.Helper()
		objects := open(t, dir).Objects(t.Context())
		defer objects.Close()
		if got, err := objects.InMainWorktree(".dot"); err != nil || got != want {
			t.Errorf("got %v, %v; want %v", got, err, want)
		}
	}
	has(repo.Dir, false) // without commits
	repo.Write("models/.dot/file", "")
	repo.Write("a.dot", "")
	clean := repo.Commit("none")
	has(repo.Dir, false)
	repo.Write(".DOT/key", "")
	repo.Commit("committed")
	has(repo.Dir, true)

	linked := t.TempDir()
	repo.Git("worktree", "add", "--quiet", "--detach", linked+"/linked", clean)
	has(linked+"/linked", true)
	repo.Git("checkout", "--quiet", clean)
	has(repo.Dir, false)
}
