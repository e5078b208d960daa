package git_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"dot-for-dbt/internal/git"
	"dot-for-dbt/internal/git/gittest"
)

// TestKnown asks what git knows of commits: with refs, below refs, held by a HEAD only, held by nothing
// but a worktree of dot's, and gone.
func TestKnown(t *testing.T) {
	repo := gittest.New(t)
	first := repo.Commit("first")
	second := repo.Commit("second, with \x1b[31mcolour")
	repo.Git("tag", "-a", "v1", "-m", "tagged", first)
	repo.Git("branch", "topic/x")
	repo.Git("update-ref", "refs/remotes/origin/main", second)
	repo.Git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
	below := repo.Commit("below")
	repo.Commit("the last")
	loose := func(message string) string {
		return repo.Git("commit-tree", "-p", "HEAD", "-m", message, "HEAD^{tree}")
	}
	inMain, inLinked, ofDot, lost := loose("in the main worktree"), loose("in a linked worktree"), loose("in dot's"), loose("lost")
	repo.Git("worktree", "add", "--quiet", "--detach", "../worktree", inLinked) // git calls dot's the same
	repo.Git("worktree", "add", "--quiet", "--detach", ".dot/build/x/worktree", ofDot)
	repo.Git("checkout", "--quiet", "--detach", inMain)
	gone := "0123456789012345678901234567890123456789"

	for _, dir := range []string{repo.Dir, repo.Path("../worktree"), repo.Path(".dot/build/x/worktree")} {
		known, err := open(t, dir).Known(t.Context(), []string{first, second, below, inMain, inLinked, ofDot, lost, gone})
		check(t, err)
		want := map[string]git.Known{
			first:    {Subject: "first", Refs: []string{"v1"}, Reached: true},
			second:   {Subject: "second, with  [31mcolour", Refs: []string{"topic/x", "origin/main"}, Reached: true},
			below:    {Subject: "below", Reached: true},
			inMain:   {Subject: "in the main worktree", Reached: true},
			inLinked: {Subject: "in a linked worktree", Reached: true},
			ofDot:    {Subject: "in dot's"},
			lost:     {Subject: "lost"},
		}
		for hash, commit := range known {
			if commit.Time.IsZero() {
				t.Errorf("%s has no time", commit.Subject)
			}
			commit.Time = want[hash].Time
			known[hash] = commit
		}
		wantEqual(t, known, want)
	}
}

// TestKnownDraft tells the commit of a working tree from one that only has its message.
func TestKnownDraft(t *testing.T) {
	repo := gittest.New(t)
	first := repo.Commit("first")
	repo.Write("new.txt", "new")
	r := open(t, repo.Dir)
	found, err := r.Resolve(t.Context(), []string{git.WorkingTree})
	check(t, err)
	check(t, r.KeepDraft(t.Context()))
	draft := found[0].Hash
	copied := repo.Git("commit-tree", "-m", repo.Git("log", "-1", "--format=%s", draft), "HEAD^{tree}")
	known, err := open(t, repo.Dir).Known(t.Context(), []string{first, draft, copied})
	check(t, err)
	for hash, want := range map[string]string{first: "", draft: first, copied: ""} {
		if got := known[hash].DraftOf; got != want {
			t.Errorf("%s is a draft of %q, want %q", hash, got, want)
		}
	}
	if known[draft].Reached {
		t.Error("a draft is reached")
	}
}

// TestKnownProcesses counts git's processes, which don't depend on the number of commits.
func TestKnownProcesses(t *testing.T) {
	repo := gittest.New(t)
	var hashes []string
	for range 20 {
		hashes = append(hashes, repo.Commit("one more"))
	}
	r := open(t, repo.Dir)
	for n, asked := range map[int][]string{0: nil, 1: hashes[19:], 2: hashes} {
		count := processes(t)
		_, err := r.Known(t.Context(), asked)
		check(t, err)
		if got := count(); got != n {
			t.Errorf("%d commits: %d git processes, want %d", len(asked), got, n)
		}
	}
}

// TestKnownIgnoresTaste has settings that change what git log prints.
func TestKnownIgnoresTaste(t *testing.T) {
	repo := gittest.New(t)
	hash := repo.Commit("first")
	repo.Git("tag", "v1")
	below := repo.Commit("second")
	repo.Commit("third")
	for _, setting := range [][2]string{
		{"log.excludeDecoration", "refs/tags/*"}, {"log.decorate", "short"}, {"color.ui", "always"}, {"format.pretty", "fuller"},
	} {
		repo.Git("config", setting[0], setting[1])
	}
	n, err := strconv.Atoi(os.Getenv("GIT_CONFIG_COUNT"))
	check(t, err)
	t.Setenv(fmt.Sprintf("GIT_CONFIG_KEY_%d", n), "safe.bareRepository") // counts only if the user sets it
	t.Setenv(fmt.Sprintf("GIT_CONFIG_VALUE_%d", n), "explicit")
	t.Setenv("GIT_CONFIG_COUNT", fmt.Sprint(n+1))
	check(t, os.MkdirAll(filepath.Join(repo.Dir, "below"), 0o755))
	known, err := open(t, repo.Path("below")).Known(t.Context(), []string{hash, below})
	check(t, err)
	if !known[below].Reached {
		t.Error("the second commit is not reached")
	}
	wantEqual(t, known[hash].Refs, []string{"v1"})
	wantEqual(t, known[hash].Subject, "first")
}
