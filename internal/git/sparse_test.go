package git_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dot-for-dbt/internal/git"
	"dot-for-dbt/internal/git/gittest"
)

// monorepo is a repository with a project in a subdirectory, and a path for a worktree.
func monorepo(t *testing.T) fixture {
	t.Helper()
	repo := gittest.New(t)
	for name, text := range map[string]string{
		"README.md": "top", ".gitattributes": "*.sql text\n", "data/big.csv": "1\n", "data/more/deep.csv": "2\n",
		"teams/readme": "on the way", "teams/a b/warehouse/models/ü.sql": "select 1\n", "teams/other/x": "x",
		"packages/shared/m.sql": "macro", "packages/else/m.sql": "macro",
	} {
		repo.Write(name, text)
	}
	first := repo.Commit("first")
	repo.Write("README.md", "changed")
	second := repo.Commit("second")
	r := open(t, repo.Dir)
	return fixture{repo, r, first, second, filepath.Join(r.Root, ".dot", "build", first[:7], "worktree")}
}

func cone(t *testing.T, dirs ...string) git.Cone {
	t.Helper()
	c, ok := git.NewCone(dirs...)
	if !ok {
		t.Fatalf("no cone of %q", dirs)
	}
	return c
}

// files lists the files of a directory, without .git.
func files(t *testing.T, dir string) string {
	t.Helper()
	var found []string
	check(t, filepath.WalkDir(dir, func(name string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() && d.Name() != ".git" {
			name, err = filepath.Rel(dir, name)
			found = append(found, filepath.ToSlash(name))
		}
		return err
	}))
	return strings.Join(found, "\n")
}

const coned = ".gitattributes\nREADME.md\npackages/shared/m.sql\nteams/a b/warehouse/models/ü.sql\nteams/readme"

// D.3: a sparse worktree has the files of some directories. Nobody's git finds it changed, and the
// repository's own configuration stays as it is.
func TestSparseWorktree(t *testing.T) {
	f := monorepo(t)
	before := f.Snapshot()
	c := cone(t, "teams/a b/warehouse", "packages/shared")
	check(t, f.git.AddSparseWorktree(t.Context(), f.path, f.first, c, nil))
	f.wantWhole(t)
	w := f.At(f.path)
	wantEqual(t, files(t, f.path), coned)
	wantEqual(t, w.Git("status", "--porcelain", "--ignored"), "")
	wantEqual(t, w.Git("diff", "HEAD"), "")
	wantEqual(t, f.git.Cone(f.path), c)
	changes, err := f.git.CheckoutChanges(t.Context(), f.path)
	if err != nil || len(changes) > 0 {
		t.Errorf("changes right after the checkout: %v, %v", changes, err)
	}
	after := f.Snapshot()
	for name := range after {
		if name == ".dot" || strings.HasPrefix(name, ".dot/") || strings.HasPrefix(name, ".git/worktrees") {
			delete(after, name)
		}
	}
	wantEqual(t, after, before)

	check(t, f.git.RemoveWorktree(t.Context(), f.path))
	if _, err := os.Stat(f.Path(".git/worktrees")); !os.IsNotExist(err) {
		t.Errorf("git's administration stays: %v", err)
	}
}

// D.3: each change in a sparse worktree is noticed, also where it has no files, and reset.
func TestSparseWorktree_changes(t *testing.T) {
	f := monorepo(t)
	check(t, f.git.AddSparseWorktree(t.Context(), f.path, f.first, cone(t, "teams/a b/warehouse", "packages/shared"), nil))
	w := f.At(f.path)
	for _, test := range []struct {
		name, text string // "" removes the file
		want       string
	}{
		{"README.md", "edited", " M README.md"},
		{"packages/shared/m.sql", "", " D packages/shared/m.sql"},
		{"packages/shared/new", "new", "?? packages/shared/new"},
		{"data/big.csv", "edited", " M data/big.csv"},
		{"data/big.csv", "1\n", ""}, // as committed
		{"packages/else/new", "new", "?? packages/else/new"},
		{"elsewhere/new", "new", "?? elsewhere/new"},
	} {
		if test.text == "" {
			check(t, os.Remove(w.Path(test.name)))
		} else {
			w.Write(test.name, test.text)
		}
		changes, err := f.git.WorktreeChanges(t.Context(), f.path)
		check(t, err)
		var got []string
		for _, c := range changes {
			got = append(got, c.String())
		}
		wantEqual(t, strings.Join(got, "\n"), test.want)
		check(t, f.git.ResetWorktree(t.Context(), f.path, f.first))
		f.wantWhole(t)
		wantEqual(t, files(t, f.path), coned)
	}
	w.Git("update-index", "--skip-worktree", "README.md") // hidden by somebody
	w.Write("README.md", "edited")
	changes, err := f.git.WorktreeChanges(t.Context(), f.path)
	if err != nil || len(changes) != 1 || changes[0].String() != " M README.md" {
		t.Errorf("changes %v, %v", changes, err)
	}
}

// Another build at the same commit may need more. Edits of what was there already stay.
func TestWidenWorktree(t *testing.T) {
	f := monorepo(t)
	check(t, f.git.AddSparseWorktree(t.Context(), f.path, f.first, cone(t, "teams/a b/warehouse"), nil))
	w := f.At(f.path)
	w.Write("teams/a b/warehouse/models/ü.sql", "edited")
	check(t, f.git.WidenWorktree(t.Context(), f.path, cone(t, "packages/shared"), nil))
	wantEqual(t, files(t, f.path), coned)
	wantEqual(t, f.git.Cone(f.path), cone(t, "packages/shared", "teams/a b/warehouse"))
	changes, err := f.git.WorktreeChanges(t.Context(), f.path)
	if err != nil || len(changes) != 1 {
		t.Errorf("changes %v, %v", changes, err)
	}
	check(t, f.git.WidenWorktree(t.Context(), f.path, nil, nil))
	wantEqual(t, len(f.git.Cone(f.path)), 0)
	wantEqual(t, w.Git("status", "--porcelain"), `M "teams/a b/warehouse/models/\303\274.sql"`)
	wantEqual(t, len(strings.Split(files(t, f.path), "\n")), 9)
	check(t, f.git.ResetWorktree(t.Context(), f.path, f.first))
	f.wantWhole(t)
	wantEqual(t, w.Git("ls-files", "-v", "packages/else"), "H packages/else/m.sql")
}

// Killed in the middle, with the index and some files written: nothing counts as changed, and it goes on.
func TestWidenWorktree_killed(t *testing.T) {
	f := monorepo(t)
	check(t, f.git.AddSparseWorktree(t.Context(), f.path, f.first, cone(t, "packages/shared"), nil))
	w := f.At(f.path)
	w.Git("update-index", "--no-skip-worktree", "data/big.csv", "data/more/deep.csv", "packages/else/m.sql")
	w.Git("checkout-index", "data/big.csv")
	changes, err := f.git.WorktreeChanges(t.Context(), f.path)
	if err != nil || len(changes) > 0 {
		t.Errorf("changes %v, %v", changes, err)
	}
	check(t, f.git.WidenWorktree(t.Context(), f.path, nil, nil))
	wantEqual(t, w.Git("status", "--porcelain"), "")
	wantEqual(t, len(strings.Split(files(t, f.path), "\n")), 9)
	f.wantWhole(t)
}

// A filter runs for the files that are checked out only, as that of git-lfs.
func TestSparseWorktree_filter(t *testing.T) {
	f := monorepo(t)
	f.Write(".gitattributes", "*.csv filter=fetch\n")
	f.Write("packages/shared/s.csv", "pointer")
	f.first = f.Commit("filtered")
	log := filepath.ToSlash(filepath.Join(t.TempDir(), "log"))
	f.Git("config", "filter.fetch.smudge", "echo %f >>'"+log+"'; cat")
	check(t, f.git.AddSparseWorktree(t.Context(), f.path, f.first, cone(t, "packages/shared"), nil))
	text, err := os.ReadFile(log)
	check(t, err)
	wantEqual(t, string(text), "packages/shared/s.csv\n")
	check(t, f.git.WidenWorktree(t.Context(), f.path, cone(t, "data/more"), nil))
	text, err = os.ReadFile(log)
	check(t, err)
	wantEqual(t, string(text), "packages/shared/s.csv\ndata/big.csv\ndata/more/deep.csv\n") // data/ is on the way
}

func TestCone(t *testing.T) {
	c := cone(t, "b/c", "a", "a/x", "b/c/")
	wantEqual(t, c, git.Cone{"a", "b/c"})
	for _, test := range []struct {
		dirs   []string
		covers bool
	}{{[]string{"a/x"}, true}, {[]string{"a", "b/c"}, true}, {[]string{"b"}, false}, {[]string{"ab"}, false}, {[]string{"."}, false}} {
		if got := c.Covers(cone(t, test.dirs...)); got != test.covers {
			t.Errorf("%v covers %v: %t", c, test.dirs, got)
		}
	}
	for _, bad := range []string{"../x", "/x", "a*", "[a]", "a\nb", "#a"} {
		if c, ok := git.NewCone("b", bad); ok {
			t.Errorf("NewCone(%q) = %v", bad, c)
		}
	}
	wantEqual(t, cone(t, "a").Plus(nil), git.Cone(nil))
	wantEqual(t, cone(t, "a").Plus(git.Cone{"b"}), git.Cone{"a", "b"})
}
