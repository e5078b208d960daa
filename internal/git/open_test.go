package git_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"dot-for-dbt/internal/git"
	"dot-for-dbt/internal/git/gittest"
)

// D.1, D.2: Open finds the repository, and the project's directory in it.
func TestOpen(t *testing.T) {
	repo := gittest.New(t)
	repo.Write("my project/ünïcode/dbt_project.yml", "")
	repo.Commit("first")
	repo.Git("worktree", "add", "--quiet", "../linked")
	common := repo.Path(".git")
	link := repo.Path("../link")
	check(t, os.Symlink(repo.Dir, link))

	for name, test := range map[string]struct {
		dir  string
		want *git.Repo
	}{
		"the top":            {".", &git.Repo{Top: repo.Dir, Root: repo.Dir, CommonDir: common}},
		"below it":           {"my project/ünïcode", &git.Repo{Top: repo.Dir, Root: repo.Dir, CommonDir: common, Prefix: "my project/ünïcode"}},
		"a linked worktree":  {"../linked", &git.Repo{Top: repo.Path("../linked"), Root: repo.Dir, CommonDir: common}},
		"below a linked one": {"../linked/my project", &git.Repo{Top: repo.Path("../linked"), Root: repo.Dir, CommonDir: common, Prefix: "my project"}},
		"a symbolic link":    {"../link/my project", &git.Repo{Top: repo.Dir, Root: repo.Dir, CommonDir: common, Prefix: "my project"}},
	} {
		t.Run(name, func(t *testing.T) {
			count := processes(t)
			wantRepo(t, open(t, repo.Path(test.dir)), test.want)
			if n := count(); n != 1 {
				t.Errorf("%d git processes, want 1", n)
			}
		})
	}
}

func TestOpenRelative(t *testing.T) {
	repo := gittest.New(t)
	repo.Write("sub/file", "")
	t.Chdir(repo.Path("sub"))
	wantRepo(t, open(t, "."), &git.Repo{Top: repo.Dir, Root: repo.Dir, CommonDir: repo.Path(".git"), Prefix: "sub"})
}

// D.1: the place of `.dot` if no main worktree has a .git directory.
func TestOpenOddLayouts(t *testing.T) {
	repo := gittest.New(t)
	repo.Write("file", "")
	repo.Commit("first")
	// project/.bare, project/.git that names it, project/main
	repo.Git("clone", "--quiet", "--bare", ".", "../project/.bare")
	repo.Write("../project/.git", "gitdir: ./.bare\n")
	repo.At("../project/.bare").Git("worktree", "add", "--quiet", "../main")
	// project.git, with worktrees anywhere
	repo.Git("clone", "--quiet", "--bare", ".", "../project.git")
	repo.At("../project.git").Git("worktree", "add", "--quiet", "../anywhere")
	// a submodule and a linked worktree of it
	repo.Git("init", "--quiet", "../super")
	super := repo.At("../super")
	super.Git("submodule", "add", "--quiet", repo.Dir, "sub")
	super.At("sub").Git("worktree", "add", "--quiet", "../../linkedsub")
	// a repository in a separate directory
	repo.Git("init", "--quiet", "--separate-git-dir=../apart.git", "../separate")

	for name, test := range map[string]struct{ dir, root, common string }{
		"hidden bare":          {"../project/main", "../project", "../project/.bare"},
		"bare":                 {"../anywhere", "../project.git", "../project.git"},
		"submodule":            {"../super/sub", "../super/sub", "../super/.git/modules/sub"},
		"linked submodule":     {"../linkedsub", "../super/sub", "../super/.git/modules/sub"},
		"separate git dir":     {"../separate", "../separate", "../apart.git"},
		"superproject":         {"../super", "../super", "../super/.git"},
		"repository in .dot's": {".", ".", ".git"},
	} {
		t.Run(name, func(t *testing.T) {
			want := &git.Repo{Top: repo.Path(test.dir), Root: repo.Path(test.root), CommonDir: repo.Path(test.common)}
			wantRepo(t, open(t, repo.Path(test.dir)), want)
		})
	}

	_, err := git.Open(t.Context(), repo.Path("../project.git"))
	wantError(t, err, "bare repository", "git worktree add")
	_, err = git.Open(t.Context(), repo.Path(".git"))
	wantError(t, err, "bare repository, or a directory inside one", "git worktree list")
}

func TestOpenFails(t *testing.T) {
	repo := gittest.New(t)
	repo.Write("../plain/file", "")
	repo.Write("../broken/.git", "gitdir: /gone/.git/worktrees/x\n")
	t.Setenv("GIT_CEILING_DIRECTORIES", filepath.Dir(repo.Dir))

	_, err := git.Open(t.Context(), repo.Path("../plain"))
	wantError(t, err, repo.Path("../plain")+": not a git repository", "git init")
	if !errors.Is(err, git.ErrNotRepository) {
		t.Errorf("%v is no ErrNotRepository", err)
	}
	_, err = git.Open(t.Context(), repo.Path("../broken"))
	wantError(t, err, "not a git repository: /gone/.git/worktrees/x", "git worktree repair")
	if !errors.Is(err, git.ErrNotRepository) {
		t.Errorf("%v is no ErrNotRepository", err)
	}
	_, err = git.Open(t.Context(), repo.Path("gone"))
	wantError(t, err, "its directory "+repo.Path("gone")+": no such file or directory")
	_, err = git.Open(t.Context(), repo.Path("../plain/file"))
	wantError(t, err, "is not a directory")
}

func TestOpenRefusesLineBreaks(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no file is called so on Windows")
	}
	repo := gittest.New(t)
	repo.Write("a\nb/file", "")
	_, err := git.Open(t.Context(), repo.Path("a\nb"))
	wantError(t, err, `a\nb" holds a line break`)
}

func TestNoGit(t *testing.T) {
	repo := gittest.New(t)
	t.Setenv("PATH", t.TempDir())
	_, err := git.Open(t.Context(), repo.Dir)
	wantError(t, err, "git is not installed", "install git 2.20 or newer")
}

func TestOldGit(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the stand-in is a shell script")
	}
	repo := gittest.New(t)
	bin := t.TempDir()
	script := "#!/bin/sh\ntest \"$1\" = --version && echo git version 2.7.4 && exit\necho 'Unknown option: --no-optional-locks' >&2\nexit 129\n"
	check(t, os.WriteFile(filepath.Join(bin, "git"), []byte(script), 0o755))
	t.Setenv("PATH", bin)
	_, err := git.Open(t.Context(), repo.Dir)
	wantError(t, err, "git version 2.7.4 is too old", "dot needs git 2.20 or newer")
}

func wantRepo(t *testing.T, got, want *git.Repo) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(git.Repo{})); diff != "" {
		t.Errorf("want -, got +:\n%s", diff)
	}
}
