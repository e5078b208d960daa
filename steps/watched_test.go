package steps

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/git/gittest"
	"dot-for-dbt/internal/saves"
	"dot-for-dbt/spec"
)

// watched is a repository with a project in a directory, and a profile elsewhere.
func watched(t *testing.T) (repo *gittest.Repo, w *Watched) {
	t.Helper()
	repo = gittest.New(t)
	repo.Write("shop/dbt_project.yml", "name: shop\nprofile: shop\npackages-install-path: installed\n")
	repo.Write("shop/packages.yml", "packages: [{local: ../shared/money}, {local: own}, {local: ../../outside}, {package: a/b, version: 1.0.0}]\n")
	repo.Write("shop/dot_environments.yml", "environment: {dev: {}, prod: {}}\n")
	repo.Write("../home/profiles.yml", "shop:\n  outputs:\n    dev: {type: duckdb, path: /data/dev.duckdb, schema: dev}\n    prod: {type: duckdb, path: /data/prod.duckdb, schema: prod}\n")
	repo.Commit("first")
	if err := os.MkdirAll(repo.Path("shop/models/deep"), 0o755); err != nil {
		t.Fatal(err)
	}
	build, _ := dbt.LookupCommand("build")
	w, err := Watch(t.Context(), World{Dir: repo.Path("shop/models/deep"), Env: []string{"DBT_PROFILES_DIR=" + repo.Path("../home")}, Home: t.TempDir()},
		Request{Command: build, Specs: []spec.Spec{{Env: "dev", Ref: spec.WorkingTree}}})
	if err != nil {
		t.Fatal(err)
	}
	return repo, w
}

// What a build of the working tree depends on is watched, wherever it is.
func TestWatchedPlaces(t *testing.T) {
	repo, w := watched(t)
	in := func(dir string, names ...string) (paths []string) {
		for _, name := range names {
			paths = append(paths, filepath.Join(repo.Path(dir), name))
		}
		return paths
	}
	config := in("shop", "dot_vars.yml", "dot_environments.yml", "dot_environments.user.yml")
	want := saves.Places{
		Top: repo.Dir, Trees: in(".", "shop", "shared/money"), Files: append(config, repo.Path("../home/profiles.yml")),
		Except: slices.Concat(in(".", ".dot"), []string{"/data/dev.duckdb", "/data/dev.duckdb.wal"},
			in("shop", "target", "logs", "installed"), in("shared/money", "target", "logs", "installed")),
	}
	if diff := cmp.Diff(want, w.Places(t.Context())); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	// What can't be read says nothing, and the project's directory is watched all the same.
	repo.Write("shop/dot_environments.yml", "environment: [\n")
	repo.Write("shop/packages.yml", "packages: [\n")
	want = saves.Places{
		Top: repo.Dir, Trees: in(".", "shop"), Files: in("shop", "dot_vars.yml", "dot_environments.yml", "dot_environments.user.yml"),
		Except: slices.Concat(in(".", ".dot"), in("shop", "target", "logs", "dbt_packages")),
	}
	if diff := cmp.Diff(want, w.Places(t.Context())); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// A state is another one if a file differs that counts, and the same if it is back.
func TestWatchedState(t *testing.T) {
	repo, w := watched(t)
	repo.Write(".gitignore", "*.user.yml\n*.log\n")
	repo.Commit("second")
	state := func() TreeState {
		t.Helper()
		s, err := w.State(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	first := state()
	if head := repo.Git("rev-parse", "HEAD"); first.Commit != head {
		t.Errorf("it is %s, want %s", first.Commit, head)
	}
	for _, tt := range []struct {
		file          string
		commit, files bool // whether that part differs
	}{
		{"shop/models/a.sql", true, false},
		{"elsewhere.txt", true, false},
		{"shop/dot_environments.user.yml", false, true},
		{"shop/dot_vars.yml", true, true},
		{"../home/profiles.yml", false, true},
		{"shop/dbt.log", false, false},
	} {
		before, err := os.ReadFile(repo.Path(tt.file))
		there := err == nil
		repo.Write(tt.file, string(before)+"\n# changed\n")
		if s := state(); (s.Commit != first.Commit) != tt.commit || (s.Files != first.Files) != tt.files {
			t.Errorf("%s: %+v, after %+v", tt.file, s, first)
		}
		if err := os.Remove(repo.Path(tt.file)); err != nil {
			t.Fatal(err)
		}
		if there {
			repo.Write(tt.file, string(before))
		}
		if s := state(); s != first {
			t.Errorf("%s is back: %+v, want %+v", tt.file, s, first)
		}
	}
}
