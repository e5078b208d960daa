package git_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dot-for-dbt/internal/git/gittest"
)

// What git is in the middle of is known while its files are those of a step, in the worktree that it
// works in only.
func TestOperation(t *testing.T) {
	repo := gittest.New(t)
	repo.Write("a", "1\n")
	repo.Commit("first")
	repo.Git("branch", "other")
	repo.Write("a", "2\n")
	repo.Commit("ours")
	repo.Git("worktree", "add", "--quiet", "../linked", "other")
	linked := repo.At("../linked")
	linked.Write("a", "3\n")
	linked.Commit("theirs")
	main, other := open(t, repo.Dir), open(t, linked.Dir)
	want := func(ours, theirs string) {
		t.Helper()
		if got := [2]string{main.Operation(), other.Operation()}; got != [2]string{ours, theirs} {
			t.Errorf("got %q, want %q and %q", got, ours, theirs)
		}
	}
	want("", "")
	for _, tt := range []struct{ begin, abort, what string }{
		{"merge", "merge", "a merge"},
		{"rebase", "rebase", "a rebase"},
		{"cherry-pick", "cherry-pick", "a cherry-pick"},
	} {
		// Each of them has a conflict.
		linked.Git("-c", "alias.try=!git "+tt.begin+" main >/dev/null 2>&1 || true", "try")
		want("", tt.what)
		linked.Git(tt.abort, "--abort")
		want("", "")
	}
	lock := filepath.Join(repo.Path(".git"), "index.lock")
	check(t, os.WriteFile(lock, nil, 0o600))
	want("a git command", "")
	check(t, os.Remove(lock))
	want("", "")
}

func TestIgnored(t *testing.T) {
	repo := gittest.New(t)
	repo.Write(".gitignore", "*.log\nbuilt/\n!kept.log\n")
	repo.Write("added.log", "")
	repo.Write("sub/.gitignore", "own\n")
	repo.Git("add", "--force", "added.log")
	repo.Git("config", "core.excludesFile", repo.Path("mine"))
	repo.Write("mine", "*.swp\n")
	r := open(t, repo.Dir)
	want := map[string]bool{}
	var asked []string
	for path, ignored := range map[string]bool{
		"a.log": true, "kept.log": false, "added.log": false, "gone.sql": false, "built/": true, "built/x": true, "built": false, "sub/": false,
		"sub/own": true, "own": false, ".a.sql.swp": true, "Größe.log": true, "mit leer.sql": false, "a\nb.log": true, "../outside.log": false, "": false,
	} {
		full := repo.Dir + string(filepath.Separator) + filepath.FromSlash(path)
		asked = append(asked, full)
		if ignored {
			want[full] = true
		}
	}
	got, err := r.Ignored(t.Context(), asked)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got, err := r.Ignored(t.Context(), nil); err != nil || len(got) != 0 {
		t.Errorf("got %v, %v of nothing", got, err)
	}
}
