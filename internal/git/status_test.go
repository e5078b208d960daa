package git_test

import (
	"os"
	"testing"

	"dot-for-dbt/internal/git/gittest"
)

// TestUncommitted proves B.6.
func TestUncommitted(t *testing.T) {
	repo := gittest.New(t)
	for _, file := range []string{"proj/a.sql", "proj/b.sql", "proj/c.sql", "projects/d.sql", "e.sql"} {
		repo.Write(file, file)
	}
	repo.Write(".gitignore", "target/\n")
	repo.Commit("first")
	r := open(t, repo.Dir)
	want := func(dir string, want int) {
		t.Helper()
		got, err := r.Uncommitted(t.Context(), dir)
		if err != nil || got != want {
			t.Errorf("below %q: got %d, %v; want %d", dir, got, err, want)
		}
	}
	want("", 0)
	repo.Write("proj/a.sql", "changed")
	check(t, os.Remove(repo.Path("proj/b.sql")))
	repo.Git("mv", "proj/c.sql", "proj/new name ü.sql") // two changes: one removed, one added
	repo.Write("proj/new/one.sql", "")
	repo.Write("proj/new/two.sql", "")
	repo.Write("proj/target/manifest.json", "")
	repo.Write(".dot/build/x", "")
	repo.Write("e.sql", "changed")
	repo.Git("config", "status.showUntrackedFiles", "no")
	repo.Git("config", "status.short", "true")
	repo.Git("config", "status.branch", "true")
	want("proj", 6)
	want("", 7)
	want("projects", 0)
	want("proj*", 0)
	want("gone", 0)
}
