package git_test

import (
	"errors"
	"io/fs"
	"os"
	"testing"

	"dot-for-dbt/internal/git"
)

// TestChanged lists files whatever their names, and says which are submodules.
func TestChanged(t *testing.T) {
	f := newFamily(t)
	odd := []string{"data/it's \"so\".csv", "data/new\nline.csv", "data/tab\t.csv", "données/été.csv", `data/back\slash.csv`}
	for _, name := range odd {
		f.Write(name, "1")
	}
	f.Git("rm", "--quiet", "models/a.sql")
	third := f.Commit("third")
	got, err := f.git.Changed(t.Context(), f.first, third)
	check(t, err)
	want := map[git.Differing]bool{{Path: macrosPath, Submodule: true}: true, {Path: "models/a.sql"}: true}
	for _, name := range odd {
		want[git.Differing{Path: name}] = true
	}
	found := map[git.Differing]bool{}
	for _, c := range got {
		found[c] = true
	}
	wantEqual(t, found, want)
	none, err := f.git.Changed(t.Context(), third, third)
	check(t, err)
	wantEqual(t, len(none), 0)

	// A file in the place of a submodule, whatever the user's configuration ignores.
	f.Git("config", "diff.ignoreSubmodules", "all")
	f.Git("rm", "--quiet", "--cached", macrosPath)
	check(t, os.RemoveAll(f.Path(macrosPath)))
	f.Write(macrosPath, "a file")
	fourth := f.Commit("fourth")
	got, err = f.git.Changed(t.Context(), third, fourth)
	check(t, err)
	wantEqual(t, got, []git.Differing{{Path: macrosPath, Submodule: true}})
}

// TestFileIDs follows symbolic links, and tells a submodule's commits apart.
func TestFileIDs(t *testing.T) {
	f := newFamily(t)
	f.Write("data/x.csv", "1")
	f.Write("data/deep/y.csv", "2")
	for link, target := range map[string]string{
		"data/now.csv": "x.csv", "data/deep/up.csv": "../now.csv", "linked": "data", "data/deep/self": ".", "lib": macrosPath,
		"loop": "loop", "out": "../outside.csv", "root": "/etc/hosts", "dangling": "gone", "outer": "data/deep/../../..",
	} {
		check(t, os.Symlink(target, f.Path(link)))
	}
	commit := f.Commit("links")
	objects := f.git.Objects(t.Context())
	defer objects.Close()
	blob := func(name string) string { return f.Git("rev-parse", commit+":"+name) }
	for name, want := range map[string]string{
		"data/x.csv": blob("data/x.csv"), "data/now.csv": blob("data/x.csv"), "data/deep/up.csv": blob("data/x.csv"),
		"linked/deep/y.csv": blob("data/deep/y.csv"), "data/deep/self/self/y.csv": blob("data/deep/y.csv"), "./data//x.csv": blob("data/x.csv"),
		"linked": blob("data"), macrosPath + "/macro.sql": blob(macrosPath) + ":macro.sql",
		macrosPath: blob(macrosPath) + ":", "lib/deep/deep.sql": blob(macrosPath) + ":deep/deep.sql",
		"gone": "", "data/x.csv/y": "", "loop": "", "out": "", "root": "", "dangling": "", "outer/x.csv": "", "../x.csv": "", "/data/x.csv": "", "linked/gone": "",
	} {
		got, err := objects.FileID(commit, name)
		if want == "" && !errors.Is(err, fs.ErrNotExist) || want != "" && err != nil || got != want {
			t.Errorf("%s: got %q, %v, want %q", name, got, err, want)
		}
	}
	if text, err := objects.ReadFile(commit, "linked/deep/up.csv"); err != nil || string(text) != "1" {
		t.Errorf("got %q, %v", text, err)
	}
	for _, name := range []string{"data", macrosPath, macrosPath + "/macro.sql", "gone"} {
		if _, err := objects.ReadFile(commit, name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	before, errA := objects.FileID(f.first, macrosPath+"/macro.sql")
	after, errB := objects.FileID(commit, macrosPath+"/macro.sql")
	if errA != nil || errB != nil || before == after {
		t.Errorf("a submodule's commits look the same: %q, %q (%v, %v)", before, after, errA, errB)
	}
}
