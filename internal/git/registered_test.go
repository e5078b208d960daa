package git_test

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dot-for-dbt/internal/git"
	"dot-for-dbt/internal/git/gittest"
)

func TestRegistered(t *testing.T) {
	user := gittest.New(t)
	user.Commit("first")
	repo, err := git.Open(t.Context(), user.Dir)
	check(t, err)
	registered := func() []string {
		t.Helper()
		paths, err := repo.Registered(user.Path(".dot"))
		check(t, err)
		return paths
	}
	if got := registered(); got != nil {
		t.Errorf("got %q without any worktree", got)
	}
	user.Git("worktree", "add", "--quiet", "--detach", ".dot/b")
	user.Git("worktree", "add", "--quiet", "--detach", ".dot/a")
	user.Git("worktree", "add", "--quiet", "--detach", ".dotted")
	check(t, os.RemoveAll(user.Path(".dot/a")))
	if diff := cmp.Diff([]string{user.Path(".dot/a"), user.Path(".dot/b")}, registered()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
