package git_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dot-for-dbt/internal/git"
	"dot-for-dbt/internal/git/gittest"
)

// family is a repository with two submodules: macros, at "my macros/lib", and deep, which is in
// macros at "deep". Each has a first and a second commit. path is where a worktree of the first
// commit goes.
type family struct {
	fixture
	all   []git.Submodule // those of the first commit
	deep  *gittest.Repo   // the repository that deep is cloned from
	macro *gittest.Repo
}

const macrosPath = "my macros/lib"

func newFamily(t *testing.T) family {
	t.Helper()
	top := gittest.New(t)
	top.Git("init", "--quiet", "../deep")
	deep := top.At("../deep")
	deep.Write("deep.sql", "one")
	deepFirst := deep.Commit("deep first")
	top.Git("init", "--quiet", "../macros")
	macro := top.At("../macros")
	macro.Write("macro.sql", "one")
	macro.Git("submodule", "--quiet", "add", "../deep", "deep")
	macroFirst := macro.Commit("macros first")

	top.Git("remote", "add", "origin", top.Path("../origin"))
	top.Write("models/a.sql", "select 1")
	top.Git("submodule", "--quiet", "add", "--name", "team/macros", "../macros", macrosPath)
	top.Git("submodule", "--quiet", "update", "--init", "--recursive")
	first := top.Commit("first")

	macro.Write("macro.sql", "two")
	macro.Commit("macros second")
	top.At(macrosPath).Git("pull", "--quiet")
	second := top.Commit("second")
	r := open(t, top.Dir)
	path := filepath.Join(r.Root, ".dot", "build", first[:7], "worktree")
	return family{
		fixture: fixture{Repo: top, git: r, first: first, second: second, path: path},
		all: []git.Submodule{
			{Path: macrosPath, Commit: macroFirst}, {Path: macrosPath + "/deep", Commit: deepFirst},
		},
		deep: deep, macro: macro,
	}
}

// addAll adds the worktree and its submodules.
func (f family) addAll(t *testing.T) *gittest.Repo {
	t.Helper()
	w := f.add(t)
	got, err := f.git.AddSubmodules(t.Context(), f.path, nil)
	check(t, err)
	wantEqual(t, got, f.all)
	return w
}

// wantAll fails unless all submodules are complete and unchanged.
func (f family) wantAll(t *testing.T) {
	t.Helper()
	check(t, f.git.CheckWorktree(f.path, f.first))
	check(t, f.git.CheckSubmodules(f.path, f.all))
	changes, err := f.git.WorktreeChanges(t.Context(), f.path)
	if err != nil || len(changes) > 0 {
		t.Errorf("changes %v, %v", changes, err)
	}
	w := f.At(f.path)
	for _, file := range []string{"my macros/lib/macro.sql", "my macros/lib/deep/deep.sql"} {
		text, err := os.ReadFile(w.Path(file))
		if err != nil || string(text) != "one" {
			t.Errorf("%s: %q, %v", file, text, err)
		}
	}
}

// withoutModules makes it look as if the user never checked the submodules out.
func (f family) withoutModules(t *testing.T) {
	t.Helper()
	f.Git("submodule", "--quiet", "deinit", "--all", "--force")
	check(t, os.RemoveAll(f.Path(".git/modules")))
}

func TestSubmodules(t *testing.T) {
	f := newFamily(t)
	f.Git("update-index", "--add", "--cacheinfo", "160000,"+f.second+",nameless")
	f.Git("commit", "--quiet", "--message", "a repository in it that is no submodule")
	got, err := f.git.Objects(t.Context()).Submodules(f.Git("rev-parse", "HEAD"))
	check(t, err)
	wantEqual(t, got, []git.Submodule{{Path: macrosPath, Commit: f.At(macrosPath).Git("rev-parse", "HEAD")}})
	got, err = f.git.Objects(t.Context()).Submodules(f.first)
	check(t, err)
	wantEqual(t, got, f.all[:1])
	got, err = open(t, f.deep.Dir).Objects(t.Context()).Submodules(f.all[1].Commit)
	if err != nil || got != nil {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestAddSubmodules(t *testing.T) {
	f := newFamily(t)
	// A user who has the commits needs neither the network nor permission to use it.
	check(t, os.RemoveAll(f.macro.Dir))
	check(t, os.RemoveAll(f.deep.Dir))
	f.At(macrosPath).Write("macro.sql", "changed by the user")
	before := f.Snapshot()
	t.Run("D.3 from the user's repositories", func(t *testing.T) {
		f.addAll(t)
		f.wantAll(t)
		after := f.Snapshot()
		for path := range after {
			if strings.HasPrefix(path, ".dot") || strings.Contains(path+"/", "/worktrees/") {
				delete(after, path)
			}
		}
		wantEqual(t, after, before) // the user's checkout and configuration included
	})
	t.Run("D.3 what stands stays", func(t *testing.T) {
		w := f.At(f.path)
		w.Write(macrosPath+"/macro.sql", "changed")
		got, err := f.git.AddSubmodules(t.Context(), f.path, nil)
		check(t, err)
		wantEqual(t, got, f.all)
		check(t, f.git.CheckSubmodules(f.path, f.all))
		changes, err := f.git.WorktreeChanges(t.Context(), f.path)
		check(t, err)
		wantEqual(t, changes, []git.Change{{Status: " M", Path: macrosPath}})
	})
	t.Run("D.3 reset", func(t *testing.T) {
		check(t, f.git.ResetWorktree(t.Context(), f.path, f.first))
		wantError(t, f.git.CheckSubmodules(f.path, f.all), "submodule my macros/lib: its .git file is missing")
		_, err := f.git.AddSubmodules(t.Context(), f.path, nil)
		check(t, err)
		f.wantAll(t)
	})
	t.Run("D.3 another commit's beside them", func(t *testing.T) {
		other := filepath.Join(f.git.Root, ".dot", "build", "other", "worktree")
		check(t, f.git.AddWorktree(t.Context(), other, f.second, nil))
		_, err := f.git.AddSubmodules(t.Context(), other, nil)
		check(t, err)
		f.wantAll(t)
		text, err := os.ReadFile(filepath.Join(other, macrosPath, "macro.sql"))
		if err != nil || string(text) != "two" {
			t.Errorf("got %q, %v", text, err)
		}
		check(t, f.git.RemoveWorktree(t.Context(), other))
		f.wantAll(t)
	})
	t.Run("D.3 removal leaves nothing", func(t *testing.T) {
		check(t, f.git.RemoveWorktree(t.Context(), f.path))
		after := f.Snapshot()
		for path := range after {
			if strings.HasPrefix(path, ".dot") {
				delete(after, path)
			}
		}
		wantEqual(t, after, before)
	})
}

func TestAddSubmodulesRunsNoHooks(t *testing.T) {
	for _, from := range []string{"the user's", "a clone"} {
		t.Run("D.3 "+from, func(t *testing.T) {
			f := newFamily(t)
			hook := "#!/bin/sh\necho here >>" + f.Path("../hooks") + "\nexit 1\n"
			// Hooks of the repositories, and of the templates for new ones.
			dirs := []string{".git/hooks", ".git/modules/team/macros/hooks", "../template/hooks"}
			for _, dir := range dirs {
				for _, name := range []string{"post-checkout", "reference-transaction"} {
					f.Write(dir+"/"+name, hook)
					check(t, os.Chmod(f.Path(dir+"/"+name), 0o755))
				}
			}
			f.Git("config", "init.templateDir", f.Path("../template"))
			if from == "a clone" {
				check(t, os.RemoveAll(f.Path(".git/modules")))
			}
			f.addAll(t)
			if ran, err := os.ReadFile(f.Path("../hooks")); err == nil {
				t.Errorf("hooks were run: %s", ran)
			}
		})
	}
}

// TestAddSubmodulesThatTheUserHasNot proves D.3.
func TestAddSubmodulesThatTheUserHasNot(t *testing.T) {
	f := newFamily(t)
	f.withoutModules(t)
	config, err := os.ReadFile(f.Path(".git/config"))
	check(t, err)
	f.addAll(t)
	f.wantAll(t)
	after, err := os.ReadFile(f.Path(".git/config"))
	if err != nil || string(after) != string(config) {
		t.Errorf("git's configuration became:\n%s", after)
	}
	if _, err := os.Stat(f.Path(".git/modules")); err == nil {
		t.Error("the user's repository has got submodules")
	}
	check(t, f.git.ResetWorktree(t.Context(), f.path, f.first))
	_, err = f.git.AddSubmodules(t.Context(), f.path, nil)
	check(t, err)
	f.wantAll(t)
}

// TestAddSubmodulesOfALinkedWorktreeOfTheUsers proves D.3.
func TestAddSubmodulesOfALinkedWorktreeOfTheUsers(t *testing.T) {
	f := newFamily(t)
	f.withoutModules(t)
	f.Git("worktree", "add", "--quiet", "--detach", "../linked", f.first)
	linked := f.At("../linked")
	linked.Git("submodule", "--quiet", "update", "--init", "--recursive")
	check(t, os.RemoveAll(f.macro.Dir))
	check(t, os.RemoveAll(f.deep.Dir))
	f.addAll(t)
	f.wantAll(t)
}

func TestAddSubmodulesThatAreNotToBeHad(t *testing.T) {
	for name, test := range map[string]struct {
		spoil func(t *testing.T, f family)
		says  []string
	}{
		"gone": {func(t *testing.T, f family) { check(t, os.RemoveAll(f.macro.Dir)) }, []string{
			"submodule my macros/lib: git submodule update: ", "git submodule update --init --recursive",
		}},
		"a nested one gone": {func(t *testing.T, f family) { check(t, os.RemoveAll(f.deep.Dir)) }, []string{
			"submodule my macros/lib/deep: git submodule update: ",
		}},
		"by a local path": {func(t *testing.T, f family) { t.Setenv("GIT_CONFIG_COUNT", "0") }, []string{
			"submodule my macros/lib: git submodule update: transport 'file' not allowed", "git -c protocol.file.allow=always submodule update --init",
		}},
		"broken .gitmodules": {func(_ *testing.T, f family) {
			f.Write(".gitmodules", "[submodule")
			f.Git("add", ".gitmodules")
			f.Git("commit", "--quiet", "--message", "broken")
			f.At(f.path).Git("checkout", "--quiet", "--detach", "main")
		}, []string{".gitmodules at ", "bad config line"}},
	} {
		t.Run("D.3 "+name, func(t *testing.T) {
			f := newFamily(t)
			f.withoutModules(t)
			f.add(t)
			test.spoil(t, f)
			_, err := f.git.AddSubmodules(t.Context(), f.path, nil)
			wantError(t, err, test.says...)
		})
	}
}

// A name in .gitmodules may point anywhere. What is there must not pass for a repository of the
// user's, nor be removed.
func TestAddSubmodulesWithANameThatLeadsElsewhere(t *testing.T) {
	for _, name := range []string{"../../../precious", "..", ".", "/precious"} {
		t.Run("D.3 "+name, func(t *testing.T) {
			f := newFamily(t)
			f.Write(".git/precious/file", "")
			f.Write(".gitmodules", fmt.Sprintf("[submodule %q]\n\tpath = %s\n\turl = ../macros\n", name, macrosPath))
			f.first = f.Commit("a name that leads elsewhere")
			f.add(t)
			_, err := f.git.AddSubmodules(t.Context(), f.path, nil)
			wantError(t, err, "points outside of git's directory")
			if _, err := os.Stat(f.Path(".git/precious/file")); err != nil {
				t.Error(err)
			}
			if _, err := os.Stat(f.Path(".git/modules/team/macros/HEAD")); err != nil {
				t.Error(err)
			}
		})
	}
}

// Somebody else wrote .gitmodules: no command in it may run.
func TestAddSubmodulesRunsNothingThatACommitSays(t *testing.T) {
	for name, text := range map[string]string{
		"a transport that is a program": "url = ext::touch %s",
		"a URL that is an option":       "url = --upload-pack=touch %s",
		"an update that is a command":   "url = ../macros\n\tupdate = !touch %s",
	} {
		t.Run("D.3 "+name, func(t *testing.T) {
			f := newFamily(t)
			f.withoutModules(t)
			owned := filepath.Join(t.TempDir(), "owned")
			f.Write(".gitmodules", "[submodule \"team/macros\"]\n\tpath = "+macrosPath+"\n\t"+fmt.Sprintf(text, owned)+"\n")
			f.first = f.Commit("somebody's")
			f.add(t)
			_, err := f.git.AddSubmodules(t.Context(), f.path, nil)
			wantError(t, err, "submodule my macros/lib: git submodule update: ")
			if _, err := os.Stat(owned); err == nil {
				t.Error("a command of the commit was run")
			}
		})
	}
}

func TestHalfMadeSubmodulesAreMadeWhole(t *testing.T) {
	f := newFamily(t)
	w := f.addAll(t)
	repair := func(name string, leave func(t *testing.T), says string) {
		t.Run("D.3 "+name, func(t *testing.T) {
			leave(t)
			wantError(t, f.git.CheckSubmodules(f.path, f.all), says)
			got, err := f.git.AddSubmodules(t.Context(), f.path, nil)
			check(t, err)
			wantEqual(t, got, f.all)
			f.wantAll(t)
		})
	}
	macros, deep := w.Path(macrosPath), w.Path(macrosPath+"/deep")
	repair("deleted", func(t *testing.T) { check(t, os.RemoveAll(macros)) }, "submodule my macros/lib: missing")
	repair("emptied", func(t *testing.T) { check(t, os.RemoveAll(macros)); check(t, os.Mkdir(macros, 0o755)) }, "its .git file is missing")
	repair("nested one deleted", func(t *testing.T) { check(t, os.RemoveAll(deep)) }, "submodule my macros/lib/deep: missing")
	admin := f.Path(".git/modules/team/macros/worktrees/lib")
	repair("half checked out", func(*testing.T) { f.Write(admin+"/locked", "initializing") }, "half made")
	repair("not registered", func(t *testing.T) { check(t, os.RemoveAll(admin)) }, "its repository is gone")
	repair("without index", func(t *testing.T) { check(t, os.Remove(admin+"/index")) }, "its index is missing")
	repair("another one's", func(*testing.T) { f.Write(admin+"/gitdir", f.Path("../x/.git")) }, "not registered with git")

	// From here on, git clones them.
	repair("repository gone", f.withoutModules, "its repository is gone")
	clone := f.Path(".git/worktrees/worktree/modules/team/macros")
	repair("half cloned", func(t *testing.T) { check(t, os.Remove(clone+"/locked")) }, "half made")
	repair("clone without index", func(t *testing.T) { check(t, os.Remove(clone+"/index")) }, "its index is missing")
	repair("clone gone", func(t *testing.T) { check(t, os.RemoveAll(clone)) }, "its repository is gone")
	repair("cloned, deleted", func(t *testing.T) { check(t, os.RemoveAll(macros)) }, "missing")
}

// D.3: another commit that somebody checked out in a submodule is a change, and must stay.
func TestAddSubmodulesLeavesWhatSomebodyCheckedOut(t *testing.T) {
	f := newFamily(t)
	w := f.addAll(t)
	w.At(macrosPath).Git("checkout", "--quiet", "--detach", "main")
	check(t, f.git.CheckSubmodules(f.path, f.all))
	_, err := f.git.AddSubmodules(t.Context(), f.path, nil)
	check(t, err)
	changes, err := f.git.WorktreeChanges(t.Context(), f.path)
	check(t, err)
	wantEqual(t, changes, []git.Change{{Status: " M", Path: macrosPath}})
}

// An inactive submodule is none that the user has. The setting for how to update applies to the
// user's own checkout.
func TestAddSubmodulesAsConfigured(t *testing.T) {
	for _, test := range []struct {
		setting, value string
		leftOut        bool
	}{
		{"active", "false", true}, {"update", "none", false}, {"update", "!false", false}, {"update", "merge", false},
	} {
		t.Run("D.3 "+test.setting+" "+test.value, func(t *testing.T) {
			f := newFamily(t)
			f.withoutModules(t)
			f.Git("config", "submodule.team/macros."+test.setting, test.value)
			f.add(t)
			got, err := f.git.AddSubmodules(t.Context(), f.path, nil)
			check(t, err)
			if left := len(got) == 0; left != test.leftOut {
				t.Errorf("got %v", got)
			}
			changes, err := f.git.WorktreeChanges(t.Context(), f.path)
			if err != nil || len(changes) > 0 {
				t.Errorf("changes %v, %v", changes, err)
			}
		})
	}
}
