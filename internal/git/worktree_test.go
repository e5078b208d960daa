package git_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dot-for-dbt/internal/git"
	"dot-for-dbt/internal/git/gittest"
)

// fixture is a repository with two commits, and the path for a worktree of the first.
type fixture struct {
	*gittest.Repo
	git    *git.Repo
	first  string
	second string
	path   string
}

func newFixture(t *testing.T) fixture {
	t.Helper()
	repo := gittest.New(t)
	repo.Write("models/a.sql", "select 1")
	repo.Write("with space ü.sql", "select 'ü'")
	repo.Write("sub/deep/file", "")
	first := repo.Commit("first")
	repo.Write("models/a.sql", "select 2")
	second := repo.Commit("second")
	r := open(t, repo.Dir)
	return fixture{repo, r, first, second, filepath.Join(r.Root, ".dot", "build", first[:7], "worktree")}
}

func (f fixture) add(t *testing.T) *gittest.Repo {
	t.Helper()
	check(t, f.git.AddWorktree(t.Context(), f.path, f.first, nil))
	return f.At(f.path)
}

// wantWhole fails unless there is a worktree of the first commit, git agrees, and no other is
// registered.
func (f fixture) wantWhole(t *testing.T) {
	t.Helper()
	check(t, f.git.CheckWorktree(f.path, f.first))
	changes, err := f.git.WorktreeChanges(t.Context(), f.path)
	if err != nil || len(changes) > 0 {
		t.Errorf("changes %v, %v", changes, err)
	}
	want := "worktree " + f.Dir + "\nHEAD " + f.second + "\nbranch refs/heads/main\n\n" +
		"worktree " + filepath.ToSlash(f.path) + "\nHEAD " + f.first + "\ndetached\nlocked dot"
	wantEqual(t, f.Git("worktree", "list", "--porcelain"), want)
	if out := f.Git("fsck"); out != "" {
		t.Errorf("git fsck: %s", out)
	}
}

// TestAddWorktree proves D.1, D.3.
func TestAddWorktree(t *testing.T) {
	f := newFixture(t)
	before := f.Snapshot()
	w := f.add(t)
	f.wantWhole(t)
	wantEqual(t, w.Git("ls-files"), f.Git("ls-tree", "-r", "--name-only", f.first))
	wantEqual(t, w.Git("show", "HEAD:models/a.sql"), "select 1")

	// Only .dot and git's administration of it are new. Nothing else changed.
	after := f.Snapshot()
	for path := range after {
		if path == ".dot" || strings.HasPrefix(path, ".dot/") || path == ".git/worktrees" || strings.HasPrefix(path, ".git/worktrees/worktree") {
			delete(after, path)
		}
	}
	wantEqual(t, after, before)

	check(t, f.git.RemoveWorktree(t.Context(), f.path))
	left := f.Snapshot()
	for _, path := range []string{".dot", ".dot/build", ".dot/build/" + f.first[:7]} {
		delete(left, path)
	}
	wantEqual(t, left, before)
	wantError(t, f.git.CheckWorktree(f.path, f.first), "missing")
}

func TestAddWorktreeTwice(t *testing.T) {
	f := newFixture(t)
	w := f.add(t)
	w.Write("models/a.sql", "changed")
	w.Write("new", "")
	f.add(t)
	f.wantWhole(t)
}

func TestAddWorktreeBesideOthers(t *testing.T) {
	f := newFixture(t)
	f.Git("worktree", "add", "--quiet", "--detach", "../other")
	f.Git("worktree", "add", "--quiet", "--detach", "../gone") // prunable, but the user's
	check(t, os.RemoveAll(f.Path("../gone")))
	before := f.Git("worktree", "list", "--porcelain")
	f.add(t)
	second := filepath.Join(f.git.Root, ".dot", "build", "b", "worktree")
	check(t, f.git.AddWorktree(t.Context(), second, f.second, nil))
	check(t, f.git.CheckWorktree(f.path, f.first))
	check(t, f.git.CheckWorktree(second, f.second))
	check(t, f.git.RemoveWorktree(t.Context(), f.path))
	check(t, f.git.CheckWorktree(second, f.second))
	check(t, f.git.RemoveWorktree(t.Context(), second))
	wantEqual(t, f.Git("worktree", "list", "--porcelain"), before)
}

// TestAddWorktreeFromALinkedOne proves D.1.
func TestAddWorktreeFromALinkedOne(t *testing.T) {
	f := newFixture(t)
	f.Git("worktree", "add", "--quiet", "--detach", "../linked")
	r := open(t, f.Path("../linked"))
	check(t, r.AddWorktree(t.Context(), f.path, f.first, nil))
	check(t, f.git.CheckWorktree(f.path, f.first))
}

// TestAddWorktreeOfABareRepository proves D.1.
func TestAddWorktreeOfABareRepository(t *testing.T) {
	f := newFixture(t)
	f.Git("clone", "--quiet", "--bare", ".", "../project/.bare")
	f.At("../project/.bare").Git("worktree", "add", "--quiet", "../main")
	r := open(t, f.Path("../project/main"))
	path := filepath.Join(f.Path("../project"), ".dot", "worktree")
	check(t, r.AddWorktree(t.Context(), path, f.first, nil))
	check(t, r.CheckWorktree(path, f.first))
	if changes, err := r.WorktreeChanges(t.Context(), path); err != nil || len(changes) > 0 {
		t.Errorf("got %v, %v", changes, err)
	}
}

// TestAddWorktreeRunsNoHooks proves D.3.
func TestAddWorktreeRunsNoHooks(t *testing.T) {
	f := newFixture(t)
	for _, hook := range []string{"post-checkout", "reference-transaction", "post-index-change"} {
		f.Write(".git/hooks/"+hook, "#!/bin/sh\necho "+hook+" >>"+f.Path("../hooks")+"\nexit 1\n")
		check(t, os.Chmod(f.Path(".git/hooks/"+hook), 0o755))
	}
	f.add(t)
	check(t, f.git.ResetWorktree(t.Context(), f.path, f.first))
	if ran, err := os.ReadFile(f.Path("../hooks")); err == nil {
		t.Errorf("hooks were run: %s", ran)
	}
}

// TestAddWorktreeIsWholeDespiteSparseCheckout proves D.3.
func TestAddWorktreeIsWholeDespiteSparseCheckout(t *testing.T) {
	f := newFixture(t)
	f.Git("sparse-checkout", "set", "--cone", "models")
	if _, err := os.Stat(f.Path("sub")); err == nil {
		t.Fatal("the checkout is not sparse: the test is of no use")
	}
	w := f.add(t)
	f.wantWhole(t)
	check(t, os.Remove(w.Path("sub/deep/file")))
	check(t, f.git.ResetWorktree(t.Context(), f.path, f.first))
	if _, err := os.Stat(w.Path("sub/deep/file")); err != nil {
		t.Error(err)
	}
}

func TestAddWorktreeRefuses(t *testing.T) {
	f := newFixture(t)
	f.Write("precious/file", "")
	check(t, os.MkdirAll(f.Path(".dot/build"), 0o755))
	check(t, os.Symlink(f.Path("precious"), f.Path(".dot/link")))
	before := f.Snapshot()
	for name, path := range map[string]string{
		"outside":              f.Path("precious"),
		"out of it":            f.Path(".dot") + "/../precious",
		".dot itself":          f.Path(".dot"),
		"beside it":            f.Path(".dotty/x"),
		"the repository":       f.Path(".git"),
		"relative":             "precious",
		"a link":               f.Path(".dot/link"),
		"below a link":         f.Path(".dot/link/file"),
		"another one's":        f.Path("../other/.dot/worktree"),
		"the root's directory": f.Dir,
	} {
		if err := f.git.RemoveWorktree(t.Context(), path); err == nil {
			t.Errorf("%s: removed", name)
		}
		if err := f.git.AddWorktree(t.Context(), path, f.first, nil); err == nil {
			t.Errorf("%s: added", name)
		}
		if err := f.git.ResetWorktree(t.Context(), path, f.first); err == nil {
			t.Errorf("%s: reset", name)
		}
		if diff := cmp.Diff(before, f.Snapshot()); diff != "" {
			t.Fatalf("%s: changed:\n%s", name, diff)
		}
	}
	for _, commit := range []string{"HEAD", "main", "", "--force", f.first[:10], strings.ToUpper(f.first)} {
		wantError(t, f.git.AddWorktree(t.Context(), f.path, commit, nil), "is not the hash of a commit")
	}
	wantError(t, f.git.AddWorktree(t.Context(), f.path, strings.Repeat("0", 40), nil), "git worktree add: ")
	wantError(t, f.git.CheckWorktree(f.path, f.first), "missing")
}

func TestAddWorktreeWhereDotIsALink(t *testing.T) {
	f := newFixture(t)
	f.Write("../elsewhere/keep", "")
	check(t, os.Symlink(f.Path("../elsewhere"), f.Path(".dot")))
	wantError(t, f.git.AddWorktree(t.Context(), f.path, f.first, nil), ".dot is a symbolic link", "remove the link")
	if _, err := os.Stat(f.Path("../elsewhere/keep")); err != nil {
		t.Error(err)
	}
}

func TestCheckWorktree(t *testing.T) {
	admin := ".git/worktrees/worktree/"
	for name, test := range map[string]struct {
		damage func(t *testing.T, f fixture, w *gittest.Repo)
		want   string // "" for a complete worktree
	}{
		"whole":               {func(*testing.T, fixture, *gittest.Repo) {}, ""},
		"unlocked":            {func(_ *testing.T, f fixture, _ *gittest.Repo) { f.Git("worktree", "unlock", f.path) }, ""},
		"locked by a user":    {func(_ *testing.T, f fixture, _ *gittest.Repo) { f.Write(admin+"locked", "mine") }, ""},
		"changed":             {func(_ *testing.T, _ fixture, w *gittest.Repo) { w.Write("models/a.sql", "changed") }, ""},
		"relative":            {func(_ *testing.T, f fixture, w *gittest.Repo) { relative(f, w) }, ""},
		"directory gone":      {func(t *testing.T, f fixture, _ *gittest.Repo) { check(t, os.RemoveAll(f.path)) }, "missing"},
		"a file in its place": {func(t *testing.T, f fixture, _ *gittest.Repo) { check(t, os.RemoveAll(f.path)); f.Write(f.path, "") }, "not a directory"},
		".git gone":           {func(t *testing.T, _ fixture, w *gittest.Repo) { check(t, os.Remove(w.Path(".git"))) }, "its .git file is missing"},
		".git damaged":        {func(_ *testing.T, _ fixture, w *gittest.Repo) { w.Write(".git", "nonsense") }, "its .git file is damaged"},
		"of another": {func(_ *testing.T, f fixture, w *gittest.Repo) {
			w.Write(".git", "gitdir: "+f.Path("../x/.git/worktrees/worktree"))
		}, "registered with another repository"},
		"admin gone":       {func(t *testing.T, f fixture, _ *gittest.Repo) { check(t, os.RemoveAll(f.Path(admin))) }, "not registered with git"},
		"admin of another": {func(_ *testing.T, f fixture, _ *gittest.Repo) { f.Write(admin+"gitdir", f.Path("../x/.git")) }, "not registered with git"},
		"half made":        {func(_ *testing.T, f fixture, _ *gittest.Repo) { f.Write(admin+"locked", "added with --lock\n") }, "half made"},
		"half removed":     {func(_ *testing.T, f fixture, _ *gittest.Repo) { f.Write(admin+"locked", "dot: being removed\n") }, "half made"},
		"index gone":       {func(t *testing.T, f fixture, _ *gittest.Repo) { check(t, os.Remove(f.Path(admin+"index"))) }, "its index is missing"},
		"another commit":   {func(_ *testing.T, f fixture, w *gittest.Repo) { w.Git("checkout", "--quiet", "--detach", f.second) }, "its HEAD is at "},
		"a branch":         {func(_ *testing.T, _ fixture, w *gittest.Repo) { w.Git("checkout", "--quiet", "-b", "mine") }, "its HEAD is at branch mine"},
	} {
		t.Run("D.3 "+name, func(t *testing.T) {
			f := newFixture(t)
			test.damage(t, f, f.add(t))
			count := processes(t)
			err := f.git.CheckWorktree(f.path, f.first)
			if n := count(); n != 0 {
				t.Errorf("%d git processes", n)
			}
			if test.want == "" {
				check(t, err)
				return
			}
			wantError(t, err, test.want)
			// Adding completes it, whatever its state.
			f.add(t)
			check(t, f.git.CheckWorktree(f.path, f.first))
		})
	}
}

// relative makes the links between worktree and repository relative, as git 2.48 can do.
func relative(f fixture, w *gittest.Repo) {
	f.Write(".git/worktrees/worktree/gitdir", "../../../.dot/build/"+f.first[:7]+"/worktree/.git\n")
	w.Write(".git", "gitdir: ../../../../.git/worktrees/worktree\n")
}

// TestWorktreeChanges proves D.3.
func TestWorktreeChanges(t *testing.T) {
	f := newFixture(t)
	w := f.add(t)
	w.Write(".gitignore", "ignored/\n")
	w.Write("ignored/file", "")
	w.Write("models/a.sql", "changed")
	check(t, os.Remove(w.Path("with space ü.sql")))
	w.Write("new/one \"1\".sql", "")
	w.Write("new/two.sql", "")
	w.Git("mv", "sub/deep/file", "sub/moved")
	want := []git.Change{
		{Status: " M", Path: "models/a.sql"},
		{Status: "D ", Path: "sub/deep/file"},
		{Status: "A ", Path: "sub/moved"},
		{Status: " D", Path: "with space ü.sql"},
		{Status: "??", Path: ".gitignore"},
		{Status: "??", Path: "new/one \"1\".sql"},
		{Status: "??", Path: "new/two.sql"},
		{Status: "!!", Path: "ignored/file"},
	}
	got, err := f.git.WorktreeChanges(t.Context(), f.path)
	check(t, err)
	wantEqual(t, got, want)
	wantEqual(t, got[0].String(), " M models/a.sql")

	// It must never report changes of the user's own worktree, though git would find that one next.
	check(t, os.Remove(w.Path(".git")))
	f.Write("uncommitted", "")
	_, err = f.git.WorktreeChanges(t.Context(), f.path)
	wantError(t, err, "its .git file is missing")
}

// TestWorktreeChangesOfFlaggedFiles proves D.3.
func TestWorktreeChangesOfFlaggedFiles(t *testing.T) {
	for _, flag := range []string{"--assume-unchanged", "--skip-worktree"} {
		t.Run(flag, func(t *testing.T) {
			f := newFixture(t)
			w := f.add(t)
			w.Git("update-index", flag, "models/a.sql", "sub/deep/file", "with space ü.sql")
			f.wantWhole(t)
			w.Write("models/a.sql", "changed")
			check(t, os.Remove(w.Path("sub/deep/file")))
			got, err := f.git.WorktreeChanges(t.Context(), f.path)
			check(t, err)
			wantEqual(t, got, []git.Change{{Status: " M", Path: "models/a.sql"}, {Status: " D", Path: "sub/deep/file"}})
			check(t, f.git.ResetWorktree(t.Context(), f.path, f.first))
			f.wantWhole(t)
			wantEqual(t, w.Git("ls-files", "-v", "models/a.sql"), "H models/a.sql")
		})
	}
}

// TestResetWorktree proves D.3.
func TestResetWorktree(t *testing.T) {
	f := newFixture(t)
	w := f.add(t)
	w.Write(".gitignore", "ignored/\n")
	w.Write("new/file", "")
	w.Write("models/a.sql", "changed")
	w.Git("add", ".gitignore")
	check(t, os.Remove(w.Path("with space ü.sql")))
	w.Git("checkout", "--quiet", "-b", "mine")
	mine := w.Commit("mine")
	w.Write("models/a.sql", "changed again")
	w.Git("init", "--quiet", "nested")
	w.Write("ignored/file", "")
	w.Write(".git-info", "")
	exclude := f.Path(".git/info/exclude")
	check(t, os.WriteFile(exclude, []byte("excluded\n"), 0o644))
	w.Write("excluded", "")

	check(t, f.git.ResetWorktree(t.Context(), f.path, f.first))
	f.wantWhole(t)
	if branch := f.Git("rev-parse", "mine"); branch != mine {
		t.Errorf("the branch was moved to %s", branch)
	}
	entries, err := os.ReadDir(f.path)
	check(t, err)
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	wantEqual(t, names, []string{".git", "models", "sub", "with space ü.sql"})
}

// TestResetWorktreeNeverTouchesTheUsersFiles proves D.3.
func TestResetWorktreeNeverTouchesTheUsersFiles(t *testing.T) {
	f := newFixture(t)
	w := f.add(t)
	f.Write("uncommitted", "")
	f.Write("models/a.sql", "uncommitted")
	check(t, os.Remove(w.Path(".git")))
	before := f.Snapshot()
	wantError(t, f.git.ResetWorktree(t.Context(), f.path, f.first), "its .git file is missing")
	wantEqual(t, f.Snapshot(), before)
}
