package git_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dot-for-dbt/internal/git"
	"dot-for-dbt/internal/git/gittest"
	"dot-for-dbt/internal/hint"
)

func open(t *testing.T, dir string) *git.Repo {
	t.Helper()
	r, err := git.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// check ends the test if there is an error.
func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantError fails unless err, or its hints, contain each of the texts.
func wantError(t *testing.T, err error, says ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want %q", says)
	}
	text := strings.Join(append([]string{err.Error()}, hint.Of(err)...), "\n")
	for _, want := range says {
		if !strings.Contains(text, want) {
			t.Errorf("got:\n%s\nwant: %s", text, want)
		}
	}
}

func wantEqual(t *testing.T, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want -, got +:\n%s", diff)
	}
}

// processes counts the git processes that start until the returned function is called.
func processes(t *testing.T) func() int {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("GIT_TRACE2_EVENT", dir) // git writes one file for each process
	return func() int {
		files, err := os.ReadDir(dir)
		check(t, err)
		return len(files)
	}
}

// TestReadingChangesNothing proves G.1.
func TestReadingChangesNothing(t *testing.T) {
	repo := gittest.New(t)
	repo.Write("models/a.sql", "select 1")
	first := repo.Commit("first")
	repo.Write("models/a.sql", "select 2")
	repo.Git("stash")
	repo.Write("models/new.sql", "select 3")
	repo.Git("config", "core.untrackedCache", "true")
	repo.Git("update-index", "--untracked-cache")
	r := open(t, repo.Dir)
	path := filepath.Join(r.Root, ".dot", "worktree")
	check(t, r.AddWorktree(t.Context(), path, first, nil))
	repo.Write(".dot/worktree/models/a.sql", "select 4")
	// Give a file another time than the index has for it: git would like to refresh such an index.
	touched := repo.Path("models/a.sql")
	info, err := os.Stat(touched)
	check(t, err)
	check(t, os.Chtimes(touched, info.ModTime().Add(-1e12), info.ModTime().Add(-1e12)))

	before := repo.Snapshot()
	objects := r.Objects(t.Context())
	for name, read := range map[string]func() error{
		"Open":            func() error { _, err := git.Open(t.Context(), repo.Path("models")); return err },
		"Resolve":         func() error { _, err := r.Resolve(t.Context(), []string{"HEAD", "main@{0}", ":/first"}); return err },
		"Read":            func() error { _, err := objects.Read(first + ":models/a.sql"); return err },
		"Grep":            func() error { _, err := r.Grep(t.Context(), []string{first}, []string{""}, "select"); return err },
		"Uncommitted":     func() error { _, err := r.Uncommitted(t.Context(), ""); return err },
		"Ignores":         func() error { _, err := r.Ignores(t.Context(), ".dot"); return err },
		"CheckWorktree":   func() error { return r.CheckWorktree(path, first) },
		"WorktreeChanges": func() error { _, err := r.WorktreeChanges(t.Context(), path); return err },
	} {
		if err := read(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(before, repo.Snapshot()); diff != "" {
			t.Errorf("%s changed the repository:\n%s", name, diff)
		}
	}
	check(t, objects.Close())
}

// D.3: a hook runs with GIT_DIR and others set, maybe for another repository.
func TestVariablesOfAHookAreNotHandedOn(t *testing.T) {
	repo := gittest.New(t)
	hash := repo.Commit("first")
	t.Setenv("GIT_DIR", "/nowhere")
	t.Setenv("GIT_INDEX_FILE", "/nowhere/index")
	t.Setenv("GIT_WORK_TREE", "/")
	t.Setenv("GIT_OBJECT_DIRECTORY", "/nowhere")
	t.Setenv("GIT_ICASE_PATHSPECS", "1")
	r := open(t, repo.Dir)
	commits, err := r.Resolve(t.Context(), []string{"HEAD"})
	check(t, err)
	wantEqual(t, commits[0].Hash, hash)
	if _, err := r.Uncommitted(t.Context(), ""); err != nil {
		t.Error(err)
	}
}

func TestConfigurationOfTheEnvironmentIsKept(t *testing.T) {
	repo := gittest.New(t)
	t.Setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1") // git's own tests use it
	_, err := git.Open(t.Context(), repo.Dir)
	wantError(t, err, "belongs to another user", "git config --global --add safe.directory "+repo.Dir)
	t.Setenv("GIT_CONFIG_COUNT", "1")
	t.Setenv("GIT_CONFIG_KEY_0", "safe.directory")
	t.Setenv("GIT_CONFIG_VALUE_0", repo.Dir)
	open(t, repo.Dir)
}

func TestProgramsThatRunGitAreNotLedElsewhere(t *testing.T) {
	env := []string{"GIT_DIR=x", "GIT_INDEX_FILE=y", "HOME=h", "GIT_CONFIG_COUNT=1", "GIT_SSH_COMMAND=ssh -v", "GIT_DIRECTORY=z"}
	want := []string{"HOME=h", "GIT_CONFIG_COUNT=1", "GIT_SSH_COMMAND=ssh -v", "GIT_DIRECTORY=z"}
	wantEqual(t, git.WithoutRepository(env), want)
	wantEqual(t, len(env), 6) // the caller's slice is unchanged
}
