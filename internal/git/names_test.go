package git_test

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dot-for-dbt/internal/git"
	"dot-for-dbt/internal/git/gittest"
)

func TestNames(t *testing.T) {
	repo := gittest.New(t)
	first := repo.Commit("first")
	repo.Git("tag", "v1")
	repo.Git("branch", "both")
	repo.Git("tag", "both")
	for _, ref := range []string{"origin/HEAD", "origin/main", "origin/feature/x", "fork/twice", "origin/twice"} {
		repo.Git("update-ref", "refs/remotes/"+ref, first)
	}
	check(t, os.Mkdir(repo.Path("below"), 0o755))
	got, err := git.Names(t.Context(), repo.Path("below"))
	check(t, err)
	want := []string{
		"HEAD", "both", "main", "v1", "feature/x",
		"fork/twice", "origin/feature/x", "origin/main", "origin/twice",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	_, err = git.Names(t.Context(), t.TempDir())
	wantError(t, err, "not a git repository")
}
