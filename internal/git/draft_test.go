package git_test

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"dot-for-dbt/internal/git"
	"dot-for-dbt/internal/git/gittest"
)

// draft resolves the working tree of a repository, and checks that this changes no byte of it.
func draft(t *testing.T, repo *gittest.Repo, r *git.Repo) git.Commit {
	t.Helper()
	before := repo.Snapshot()
	commits, err := r.Resolve(t.Context(), []string{git.WorkingTree})
	wantEqual(t, repo.Snapshot(), before)
	check(t, err)
	t.Cleanup(func() { check(t, r.DropDraft()) })
	return commits[0]
}

// added is the tree that git add --all would make of the working tree.
func added(t *testing.T, repo *gittest.Repo) string {
	t.Helper()
	index := repo.Git("rev-parse", "--path-format=absolute", "--git-path", "index")
	text, err := os.ReadFile(index)
	check(t, err)
	repo.Git("add", "--all")
	tree := repo.Git("write-tree")
	check(t, os.WriteFile(index, text, 0o644))
	return tree
}

func TestDraft(t *testing.T) {
	repo := gittest.New(t)
	repo.Write(".gitignore", "*.log\n")
	repo.Write("models/a.sql", "select 1")
	repo.Write("models/b.sql", "select 2")
	repo.Write("gone", "x")
	repo.Write("file", "a file that becomes a directory")
	repo.Write("dir/file", "a directory that becomes a link")
	repo.Write("tool", "#!/bin/sh")
	head := repo.Commit("first")

	r := open(t, repo.Dir)
	got := draft(t, repo, r)
	wantEqual(t, got.Hash, head) // nothing is changed
	wantEqual(t, got.Draft.String(), got.Short)

	odd := "models/with\nline break, ünïcode \"quotes\" :(glob)*.sql"
	repo.Write("models/a.sql", "select 3")
	repo.Git("add", "models/a.sql")
	repo.Write("models/a.sql", "select 4") // staged, and changed again
	repo.Write(odd, "select 5")
	repo.Write("new/deep/file.csv", "id\n1\n")
	repo.Write("dbt.log", "ignored")
	repo.Write("staged.sql", "not there any more")
	repo.Git("add", "staged.sql")
	check(t, os.Remove(repo.Path("staged.sql")))
	check(t, os.Remove(repo.Path("gone")))
	check(t, os.Remove(repo.Path("file")))
	repo.Write("file/inside", "x")
	check(t, os.RemoveAll(repo.Path("dir")))
	check(t, os.Symlink("models", repo.Path("dir")))
	check(t, os.Chmod(repo.Path("tool"), 0o755))
	repo.Git("rm", "--quiet", "--cached", "models/b.sql") // not tracked any more, but there

	r = open(t, repo.Dir)
	got = draft(t, repo, r)
	wantEqual(t, got.Draft.Files, 9) // a.sql, odd, file.csv, gone, file, file/inside, dir/file, dir, tool
	wantEqual(t, got.Draft.String(), got.Draft.Base.Short+" + 9 files")
	wantEqual(t, got.Draft.Base.Hash, head)
	objects := r.Objects(t.Context())
	for name, want := range map[string]string{"models/a.sql": "select 4", odd: "select 5", "models/b.sql": "select 2", "dir": "models", "file/inside": "x"} {
		text, err := objects.Read(got.Hash + ":" + strings.ReplaceAll(name, "\n", "\n"))
		if strings.Contains(name, "\n") { // git's protocol has no name for it
			continue
		}
		check(t, err)
		wantEqual(t, string(text), want)
	}
	for _, name := range []string{"gone", "dbt.log", "staged.sql", ".dot"} {
		if _, err := objects.Read(got.Hash + ":" + name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	changed, err := r.ChangedLines(t.Context(), head, got.Hash)
	check(t, err)
	if !slices.ContainsFunc(changed, func(f git.ChangedFile) bool { return f.Path == odd }) {
		t.Errorf("no %q in %+v", odd, changed)
	}
	check(t, objects.Close())

	again := draft(t, repo, open(t, repo.Dir))
	wantEqual(t, again.Hash, got.Hash)
	tree := added(t, repo)

	before := repo.Snapshot()
	check(t, r.KeepDraft(t.Context()))
	after := repo.Snapshot()
	maps.DeleteFunc(after, func(path, _ string) bool { return before[path] == "" && strings.HasPrefix(path, ".git/objects/") })
	wantEqual(t, after, before) // but for new objects
	wantEqual(t, repo.Git("rev-parse", got.Hash+"^{tree}"), tree)
	wantEqual(t, repo.Git("rev-parse", got.Hash+"^"), head)
	wantEqual(t, repo.Git("log", "-1", "--format=%an %ae %cn %ce %ct", got.Hash),
		"dot dot@localhost dot dot@localhost "+repo.Git("log", "-1", "--format=%ct", head))
	repo.Git("fsck", "--strict")

	// A worktree at the commit keeps it.
	path := filepath.Join(r.Root, ".dot", "build", "x", "worktree")
	check(t, r.AddWorktree(t.Context(), path, got.Hash, nil))
	repo.Git("gc", "--quiet", "--prune=now")
	check(t, r.CheckWorktree(path, got.Hash))
	changes, err := r.WorktreeChanges(t.Context(), path)
	check(t, err)
	wantEqual(t, len(changes), 0)
	repo.Write("models/a.sql", "select 5")
	if next := draft(t, repo, open(t, repo.Dir)); next.Hash == got.Hash {
		t.Error("another content makes the same commit")
	}
	check(t, r.RemoveWorktree(t.Context(), path))
}

// What a user's git has in its configuration and its index counts as for git add --all, but for
// files that it would not read.
func TestDraftSettings(t *testing.T) {
	fresh := func(t *testing.T) *gittest.Repo {
		repo := gittest.New(t)
		repo.Write(".gitattributes", "*.csv filter=upper\n*.big filter=lfs -text\n*.txt text=auto\n")
		repo.Write("models/a.sql", "select 1")
		repo.Write("models/b.sql", "select 1")
		repo.Write("deep/down/c.sql", "select 1")
		repo.Write("x.big", "version https://git-lfs.github.com/spec/v1\n")
		repo.Commit("first")
		return repo
	}
	for name, change := range map[string]func(t *testing.T, repo *gittest.Repo){
		"filter": func(t *testing.T, repo *gittest.Repo) {
			repo.Git("config", "filter.upper.clean", "tr a-z A-Z")
			repo.Write("seeds/a.csv", "id\nx\n")
		},
		"line ends": func(t *testing.T, repo *gittest.Repo) {
			repo.Git("config", "core.autocrlf", "true")
			repo.Git("config", "core.safecrlf", "true")
			repo.Write("a.txt", "x\r\n")
			repo.Write("models/a.sql", "select 2")
		},
		"LFS's pointers without LFS": func(t *testing.T, repo *gittest.Repo) {
			repo.Write("y.big", "version https://git-lfs.github.com/spec/v1\noid sha256:00\n")
		},
		"own rules for ignored files": func(t *testing.T, repo *gittest.Repo) {
			repo.Write(".git/info/exclude", "*.tmp\n")
			repo.Write("a.tmp", "x")
			repo.Write("b.sql", "x")
		},
		"split index": func(t *testing.T, repo *gittest.Repo) {
			repo.Git("update-index", "--split-index")
			repo.Write("models/a.sql", "select 2")
			repo.Git("add", "models/a.sql")
			repo.Write("new.sql", "x")
		},
		"index version 4": func(t *testing.T, repo *gittest.Repo) {
			repo.Git("update-index", "--index-version=4", "--untracked-cache")
			repo.Write("new.sql", "x")
		},
		"intent to add": func(t *testing.T, repo *gittest.Repo) {
			repo.Write("new.sql", "x")
			repo.Git("add", "--intent-to-add", "new.sql")
		},
		"same size and time": func(t *testing.T, repo *gittest.Repo) {
			info, err := os.Stat(repo.Path("models/a.sql"))
			check(t, err)
			repo.Write("models/a.sql", "select 2")
			check(t, os.Chtimes(repo.Path("models/a.sql"), info.ModTime(), info.ModTime()))
		},
		"lock": func(t *testing.T, repo *gittest.Repo) {
			repo.Write("models/a.sql", "select 2")
		},
	} {
		t.Run(name, func(t *testing.T) {
			repo := fresh(t)
			change(t, repo)
			if name == "lock" {
				repo.Write(".git/index.lock", "")
			}
			r := open(t, repo.Dir)
			got := draft(t, repo, r)
			check(t, r.KeepDraft(t.Context()))
			if name == "lock" {
				check(t, os.Remove(repo.Path(".git/index.lock")))
			}
			repo.Git("config", "core.safecrlf", "false")
			wantEqual(t, repo.Git("rev-parse", got.Hash+"^{tree}"), added(t, repo))
			if got.Draft.Files == 0 {
				t.Error("nothing differs")
			}
		})
	}
	t.Run("files that count as unchanged or not there", func(t *testing.T) {
		repo := fresh(t)
		repo.Git("update-index", "--assume-unchanged", "models/a.sql")
		repo.Git("update-index", "--skip-worktree", "models/b.sql")
		repo.Write("models/a.sql", "select 2")
		repo.Write("models/b.sql", "select 3")
		r := open(t, repo.Dir)
		got := draft(t, repo, r)
		wantEqual(t, got.Draft.Files, 2)
		objects := r.Objects(t.Context())
		defer objects.Close()
		for name, want := range map[string]string{"models/a.sql": "select 2", "models/b.sql": "select 3"} {
			text, err := objects.Read(got.Hash + ":" + name)
			check(t, err)
			wantEqual(t, string(text), want)
		}
	})
	for _, cone := range []string{"--cone", "--no-cone"} {
		t.Run("sparse checkout "+cone, func(t *testing.T) {
			repo := fresh(t)
			args := []string{"sparse-checkout", "set", cone}
			if cone == "--cone" {
				args = append(args, "--sparse-index")
			}
			repo.Git(append(args, "models")...)
			wantEqual(t, draft(t, repo, open(t, repo.Dir)).Draft.Files, 0)
			repo.Write("models/a.sql", "select 2")
			repo.Write("outside/x.sql", "select 2") // git add would leave it out, with a warning
			r := open(t, repo.Dir)
			got := draft(t, repo, r)
			wantEqual(t, got.Draft.Files, 2)
			objects := r.Objects(t.Context())
			defer objects.Close()
			text, err := objects.Read(got.Hash + ":deep/down/c.sql")
			check(t, err)
			wantEqual(t, string(text), "select 1")
		})
	}
}

func TestDraftWorktrees(t *testing.T) {
	repo := gittest.New(t)
	repo.Write("models/a.sql", "select 1")
	repo.Commit("first")
	repo.Git("worktree", "add", "--quiet", "--detach", "../linked: \"odd\"")
	linked := repo.At("../linked: \"odd\"")
	linked.Write("models/a.sql", "select 2")
	linked.Write("dot/.dot/x", "a directory of that name is like any other")
	before := repo.Snapshot()
	r := open(t, linked.Path("models"))
	got := draft(t, linked, r)
	wantEqual(t, repo.Snapshot(), before)
	wantEqual(t, got.Draft.Files, 2)
	wantEqual(t, draft(t, repo, open(t, repo.Dir)).Draft.Files, 0)
	check(t, r.KeepDraft(t.Context()))
	wantEqual(t, repo.Git("show", got.Hash+":models/a.sql"), "select 2")
	// The same content in the other worktree.
	repo.Write("models/a.sql", "select 2")
	repo.Write("dot/.dot/x", "a directory of that name is like any other")
	wantEqual(t, draft(t, repo, open(t, repo.Dir)).Hash, got.Hash)
}

// .dot is never in a draft, even if its own .gitignore is gone.
func TestDraftWithoutDot(t *testing.T) {
	repo := gittest.New(t)
	repo.Write("a", "1")
	repo.Commit("first")
	repo.Write(".dot/build/x", "1")
	wantEqual(t, draft(t, repo, open(t, repo.Dir)).Draft.Files, 0)
	repo.Write("a", "2")
	wantEqual(t, draft(t, repo, open(t, repo.Dir)).Draft.Files, 1)
	repo.Write(".dot/.gitignore", "*\n")
	repo.Write("nested/x", "1")
	wantEqual(t, draft(t, repo, open(t, repo.Dir)).Draft.Files, 2)
}

func TestDraftNested(t *testing.T) {
	repo := gittest.New(t)
	repo.Write("a", "1")
	repo.Commit("first")
	for _, name := range []string{"nested [1]", "empty"} {
		repo.Git("init", "--quiet", name)
	}
	repo.At("nested [1]").Write("x", "1")
	repo.At("nested [1]").Commit("inner")
	repo.Write("dir/b", "1")
	r := open(t, repo.Dir)
	got := draft(t, repo, r)
	wantEqual(t, got.Draft.Files, 1)
	wantEqual(t, got.Note, "without the files of empty/, nested [1]/, which are git repositories of their own")
}

func TestDraftSubmodules(t *testing.T) {
	repo := gittest.New(t)
	repo.Git("init", "--quiet", "../lib")
	lib := repo.At("../lib")
	lib.Write("a", "1")
	lib.Commit("one")
	repo.Git("submodule", "add", "--quiet", lib.Dir, "libs/a")
	repo.Git("submodule", "add", "--quiet", lib.Dir, "libs/b")
	repo.Commit("first")
	wantEqual(t, draft(t, repo, open(t, repo.Dir)).Draft.Files, 0)
	repo.At("libs/a").Write("a", "2")
	second := repo.At("libs/a").Commit("two") // a commit that only the submodule's repository has
	repo.Git("submodule", "deinit", "--quiet", "libs/b")
	r := open(t, repo.Dir)
	got := draft(t, repo, r)
	wantEqual(t, got.Draft.Files, 1)
	objects := r.Objects(t.Context())
	defer objects.Close()
	subs, err := objects.Submodules(got.Hash)
	check(t, err)
	wantEqual(t, subs[0], git.Submodule{Path: "libs/a", Commit: second})
	check(t, r.KeepDraft(t.Context()))
	path := filepath.Join(r.Root, ".dot", "build", "x", "worktree")
	check(t, r.AddWorktree(t.Context(), path, got.Hash, nil))
	_, err = r.AddSubmodules(t.Context(), path, nil)
	check(t, err)
	text, err := os.ReadFile(filepath.Join(path, "libs", "a", "a"))
	check(t, err)
	wantEqual(t, string(text), "2")
	check(t, r.RemoveWorktree(t.Context(), path))

	for name, change := range map[string]func(){
		"untracked": func() { repo.Write("libs/a/new", "x") },
		"modified":  func() { check(t, os.Remove(repo.Path("libs/a/new"))); repo.Write("libs/a/a", "3") },
	} {
		t.Run(name, func(t *testing.T) {
			_ = os.WriteFile(repo.Path("libs/a/new"), nil, 0o644)
			change()
			_, err := open(t, repo.Dir).Resolve(t.Context(), []string{"."})
			wantError(t, err, "changes that are not committed in them: libs/a", "git -C libs/a commit")
		})
	}
}

func TestDraftErrors(t *testing.T) {
	repo := gittest.New(t)
	resolve := func() error {
		t.Helper()
		before := repo.Snapshot()
		_, err := open(t, repo.Dir).Resolve(t.Context(), []string{"."})
		wantEqual(t, repo.Snapshot(), before)
		return err
	}
	repo.Write("a", "1")
	wantError(t, resolve(), "HEAD has no commit yet", "git commit")
	repo.Commit("first")
	repo.Git("checkout", "--quiet", "-b", "other")
	repo.Write("a", "2")
	repo.Commit("second")
	repo.Git("checkout", "--quiet", "main")
	repo.Write("a", "3")
	repo.Write("b", "3")
	repo.Commit("third")
	_ = os.Setenv("GIT_MERGE_AUTOEDIT", "no")
	mergeFails(t, repo, "other")
	wantError(t, resolve(), "the working tree has conflicts: a", "git add a")
	repo.Git("add", "a") // resolved, and not committed yet
	check(t, resolve())
	repo.Git("merge", "--abort")

	repo.Write(".gitattributes", "*.x filter=broken\n")
	repo.Git("config", "filter.broken.clean", "false")
	repo.Git("config", "filter.broken.required", "true")
	repo.Write("a.x", "1")
	wantError(t, resolve(), "the working tree can't be read: git add: ", "a.x")
}

func mergeFails(t *testing.T, repo *gittest.Repo, branch string) {
	t.Helper()
	index := repo.Path(".git/MERGE_HEAD")
	defer func() {
		if _, err := os.Stat(index); err != nil {
			t.Fatal("there is no merge in progress")
		}
	}()
	repo.Git("-c", "alias.try=!git merge --quiet "+branch+" >/dev/null || true", "try")
}

// A file that changes while it is read: the clean filter of one file changes another, which git has
// read before.
func TestDraftMoving(t *testing.T) {
	fresh := func(script string) *gittest.Repo {
		repo := gittest.New(t)
		repo.Write(".gitattributes", "z.sql filter=moving\n")
		repo.Write("a.sql", "0000")
		repo.Write("z.sql", "0")
		repo.Commit("first")
		repo.Write("../clean", "#!/bin/sh\ncat\n"+script)
		check(t, os.Chmod(repo.Path("../clean"), 0o755))
		repo.Git("config", "filter.moving.clean", repo.Path("../clean"))
		repo.Write("z.sql", "1")
		return repo
	}
	counted := func(n int) string { // the first n calls write into a.sql
		return fmt.Sprintf("n=$(cat ../calls 2>/dev/null || echo 1000)\n"+
			"[ $n -ge %d ] || printf %%s $n > a.sql\necho $((n+1)) > ../calls\n", 1000+n)
	}
	t.Run("at rest in the end", func(t *testing.T) {
		repo := fresh(counted(3))
		r := open(t, repo.Dir)
		commits, err := r.Resolve(t.Context(), []string{"."})
		check(t, err)
		defer r.DropDraft()
		objects := r.Objects(t.Context())
		defer objects.Close()
		text, err := objects.Read(commits[0].Hash + ":a.sql")
		check(t, err)
		wantEqual(t, string(text), "1002")
	})
	t.Run("always", func(t *testing.T) {
		repo := fresh(counted(1000))
		_, err := open(t, repo.Dir).Resolve(t.Context(), []string{"."})
		wantError(t, err, "the working tree changes while dot reads it", "Last changed: ", ".gitignore")
	})
}

// However many files there are, a draft takes the same number of processes, and git reads only
// those files that have changed.
func TestDraftCosts(t *testing.T) {
	repo := gittest.New(t)
	const files = 5000
	for i := range files {
		repo.Write(fmt.Sprintf("models/%d/%d.sql", i%50, i), fmt.Sprintf("select %d", i))
	}
	repo.Commit("first")
	// git has to read files that are as new as its index.
	old := repo.Path(".git/index")
	info, err := os.Stat(old)
	check(t, err)
	for i := range files {
		at := info.ModTime().Add(-time.Hour)
		check(t, os.Chtimes(repo.Path(fmt.Sprintf("models/%d/%d.sql", i%50, i)), at, at))
	}
	repo.Git("update-index", "--refresh")
	repo.Write("models/1/1.sql", "select 1 + 1")
	repo.Write("models/new.sql", "select -2")
	count := processes(t)
	r := open(t, repo.Dir)
	commits, err := r.Resolve(t.Context(), []string{".", "HEAD"})
	check(t, err)
	wantEqual(t, commits[0].Draft.Files, 2)
	_, err = r.Resolve(t.Context(), []string{"."}) // the same state
	check(t, err)
	if n := count(); n > 14 {
		t.Errorf("%d git processes", n)
	}
	// Two files, and the trees above them: models/1, models, and the top.
	check(t, r.KeepDraft(t.Context()))
	out := repo.Git("rev-list", "--objects", commits[0].Hash, "^HEAD")
	wantEqual(t, len(strings.Split(out, "\n")), 1+3+2)
}
