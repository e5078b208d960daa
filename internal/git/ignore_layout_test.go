package git_test

import (
	"os"
	"runtime"
	"testing"

	"dot-for-dbt/internal/git/gittest"
)

func TestIgnoresOfALinkedWorktreeAreTheMainOnes(t *testing.T) {
	repo := gittest.New(t)
	repo.Commit("first")
	repo.Git("worktree", "add", "--quiet", "../linked")
	repo.At("../linked").Write(".gitignore", ".dot/\n")
	r := open(t, repo.Path("../linked"))
	if got, err := r.Ignores(t.Context(), ".dot"); err != nil || got {
		t.Errorf("got %t, %v", got, err)
	}
	repo.Write(".gitignore", ".dot/\n")
	if got, err := r.Ignores(t.Context(), ".dot"); err != nil || !got {
		t.Errorf("got %t, %v", got, err)
	}
}

func TestIgnoresItsContents(t *testing.T) {
	repo := gittest.New(t)
	repo.Write(".gitignore", ".dot/*\n")
	repo.Write(".dot/.gitignore", "*\n")
	if got, err := open(t, repo.Dir).Ignores(t.Context(), ".dot"); err != nil || !got {
		t.Errorf("got %t, %v", got, err)
	}
}

func TestIgnoresThroughALink(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links need a privilege on Windows")
	}
	repo := gittest.New(t)
	check(t, os.Mkdir(repo.Path("../elsewhere"), 0o755))
	check(t, os.Symlink(repo.Path("../elsewhere"), repo.Path(".dot")))
	_, err := open(t, repo.Dir).Ignores(t.Context(), ".dot")
	wantError(t, err, "git check-ignore: ", "symbolic link")
}
