package git_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dot-for-dbt/internal/git"
	"dot-for-dbt/internal/git/gittest"
)

func TestLooseChanges(t *testing.T) {
	repo := gittest.New(t)
	for name, text := range map[string]string{
		".gitignore": "*.duckdb\nlogs/\n", "a.sql": "select 1", "b.sql": "select 2", "models/c.sql": "select 3", "run.sh": "",
	} {
		repo.Write(name, text)
	}
	first := repo.Commit("first")
	// HEAD is another commit, and says nothing about the directory.
	repo.Write("a.sql", "select 10")
	repo.Write("later.sql", "select 4")
	repo.Commit("second")
	r := open(t, repo.Dir)

	dir := filepath.Join(repo.Dir, ".dot", "build", "x", "worktree")
	check(t, r.AddWorktree(t.Context(), dir, first, nil))
	check(t, os.Remove(filepath.Join(dir, ".git")))
	expect := func(want ...git.Change) {
		t.Helper()
		got, err := r.LooseChanges(t.Context(), dir, first)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	}
	expect()

	check(t, os.Remove(filepath.Join(dir, "b.sql")))
	expect() // a missing file can't be lost

	write := func(name, text string) {
		t.Helper()
		file := filepath.Join(dir, name)
		check(t, os.MkdirAll(filepath.Dir(file), 0o755))
		check(t, os.WriteFile(file, []byte(text), 0o644))
	}
	write("a.sql", "select 'mine'")
	write("models/new one.sql", "select 5")
	write("shop.duckdb", "tables")
	write("logs/dbt.log", "words")
	before := repo.Snapshot()
	expect(
		git.Change{Status: " M", Path: "a.sql"},
		git.Change{Status: "??", Path: "models/new one.sql"},
		git.Change{Status: "!!", Path: "logs/dbt.log"},
		git.Change{Status: "!!", Path: "shop.duckdb"},
	)
	if diff := cmp.Diff(before, repo.Snapshot()); diff != "" {
		t.Errorf("looking has changed something (-before +after):\n%s", diff)
	}

	// git's administration of worktrees doesn't matter either.
	check(t, os.RemoveAll(filepath.Join(repo.Dir, ".git", "worktrees")))
	write("a.sql", "select 1")
	expect(
		git.Change{Status: "??", Path: "models/new one.sql"},
		git.Change{Status: "!!", Path: "logs/dbt.log"},
		git.Change{Status: "!!", Path: "shop.duckdb"},
	)
}
