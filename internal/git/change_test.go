package git_test

import (
	"reflect"
	"strings"
	"testing"

	"dot-for-dbt/internal/git"
	"dot-for-dbt/internal/git/gittest"
)

func TestChangedLines(t *testing.T) {
	repo := gittest.New(t)
	repo.Write("models/orders.sql", "a\nb\nc\n")
	repo.Write("models/old name.sql", strings.Repeat("a line\n", 20))
	repo.Write("seeds/gone.csv", "id\n1\n")
	from := repo.Commit("before")
	repo.Write("models/orders.sql", "a\nB\nc\nd\n")
	repo.Git("mv", "models/old name.sql", "models/neu\tö\".sql")
	repo.Git("rm", "--quiet", "seeds/gone.csv")
	repo.Write("data.bin", "\x00\x01")
	to := repo.Commit("after")
	n := func(i int) *int { return &i }
	want := []git.ChangedFile{
		{Path: "data.bin"},
		{Path: "models/neu\tö\".sql", From: "models/old name.sql", Added: n(0), Removed: n(0)},
		{Path: "models/orders.sql", Added: n(2), Removed: n(1)},
		{Path: "seeds/gone.csv", Added: n(0), Removed: n(2)},
	}
	got, err := open(t, repo.Dir).ChangedLines(t.Context(), from, to)
	check(t, err)
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

func TestBranchAt(t *testing.T) {
	repo := gittest.New(t)
	commit := repo.Commit("one")
	repo.Git("update-ref", "refs/remotes/origin/feature", commit)
	repo.Git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/feature")
	is := func(commit, ref, want string) {
		t.Helper()
		if got, err := open(t, repo.Dir).BranchAt(t.Context(), commit, ref); err != nil || got != want {
			t.Errorf("%s: got %q, %v; want %q", ref, got, err, want)
		}
	}
	head := repo.Git("symbolic-ref", "--short", "HEAD")
	is(commit, "HEAD", strings.TrimSpace(head))
	repo.Git("branch", "other")
	is(commit, "HEAD", strings.TrimSpace(head)) // the checked out one
	is(commit, "other", "other")
	repo.Git("checkout", "--quiet", "--detach")
	is(commit, "HEAD", "")
	repo.Git("branch", "--quiet", "-D", "other")
	is(commit, "HEAD", strings.TrimSpace(head)) // the only one
	repo.Git("branch", "--quiet", "-D", strings.TrimSpace(head))
	is(commit, "HEAD", "origin/feature")
	repo.Git("update-ref", "-d", "refs/remotes/origin/feature")
	repo.Git("symbolic-ref", "-d", "refs/remotes/origin/HEAD")
	is(commit, "HEAD", "")
}

// What git prints may be cut anywhere, and file names may hold anything but NUL.
func FuzzNumstat(f *testing.F) {
	f.Add("1\t2\ta\x00")
	f.Add("0\t0\t\x00a b\x00c\td\x00-\t-\tbin\x00")
	f.Add("0\t0\t\x00a")
	f.Fuzz(func(t *testing.T, out string) {
		files, err := git.ReadNumstat([]byte(out))
		for _, file := range files {
			if err == nil && strings.Contains(file.Path, "\x00") {
				t.Errorf("%q holds NUL", file.Path)
			}
		}
	})
}
