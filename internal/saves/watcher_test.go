package saves

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"dot-for-dbt/internal/hint"
)

// A yard is a directory that is watched. Paths in tests are below it.
type yard struct {
	t   *testing.T
	dir string
	w   *Watcher
}

// newYard watches the project of a yard. What is called ignored is ignored.
func newYard(t *testing.T, made ...string) *yard {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	y := &yard{t: t, dir: dir}
	for _, path := range append(made, "project/models/", "home/") {
		y.save(path)
	}
	if y.w, err = New(ignoring); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := y.w.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := y.w.Watch(t.Context(), y.places()); err != nil {
		t.Fatal(err)
	}
	return y
}

func (y *yard) places() Places {
	return Places{
		Top: y.dir, Trees: []string{y.path("project")}, Files: []string{y.path("home/profiles.yml"), y.path("project/ignored.yml")},
		Except: []string{y.path("project/target"), y.path("project/shop.duckdb")},
	}
}

func ignoring(_ context.Context, paths []string) (map[string]bool, error) {
	ignored := map[string]bool{}
	for _, path := range paths {
		_, below, _ := strings.Cut(filepath.ToSlash(path), "/project/")
		ignored[path] = strings.Contains(below, "ignored")
	}
	return ignored, nil
}

func (y *yard) path(path string) string { return filepath.Join(y.dir, filepath.FromSlash(path)) }

func (y *yard) must(err error) {
	y.t.Helper()
	if err != nil {
		y.t.Fatal(err)
	}
}

// save writes a file, or makes a directory if its path ends in a slash.
func (y *yard) save(path string) {
	y.t.Helper()
	if strings.HasSuffix(path, "/") {
		y.must(os.MkdirAll(y.path(path), 0o755))
		return
	}
	y.must(os.MkdirAll(filepath.Dir(y.path(path)), 0o755))
	y.must(os.WriteFile(y.path(path), []byte(time.Now().String()), 0o600))
}

// notices waits until all of some paths were saved, whatever else was, and returns everything.
func (y *yard) notices(paths ...string) (all []string) {
	y.t.Helper()
	late := time.After(time.Minute)
	for {
		missing := slices.ContainsFunc(paths, func(path string) bool { return !slices.Contains(all, path) })
		if !missing {
			return all
		}
		select {
		case saved := <-y.w.Saved:
			for _, path := range saved {
				below, err := filepath.Rel(y.dir, path)
				y.must(err)
				all = append(all, filepath.ToSlash(below))
			}
		case err := <-y.w.Failed:
			y.t.Fatal(err)
		case <-late:
			y.t.Fatalf("it noticed %v, and of %v not all", all, paths)
		}
	}
}

func TestWatcher(t *testing.T) {
	for _, tt := range []struct {
		name    string
		made    []string // before it is watched
		act     func(y *yard)
		notices []string
	}{
		{"a file is written", []string{"project/models/a.sql"}, func(y *yard) { y.save("project/models/a.sql") }, []string{"project/models/a.sql"}},
		{"a new file", nil, func(y *yard) { y.save("project/models/a.sql") }, []string{"project/models/a.sql"}},
		{"a removed file", []string{"project/a.yml"}, func(y *yard) { y.must(os.Remove(y.path("project/a.yml"))) }, []string{"project/a.yml"}},
		{"an editor saves by rename", []string{"project/models/a.sql"}, func(y *yard) {
			y.save("project/models/ignored~")
			y.must(os.Rename(y.path("project/models/ignored~"), y.path("project/models/a.sql")))
			y.save("project/models/b.sql")
			y.notices("project/models/a.sql", "project/models/b.sql")
			y.save("project/models/a.sql")
		}, []string{"project/models/a.sql"}},
		{"a new directory", nil, func(y *yard) {
			y.save("project/models/new/deep/")
			y.notices("project/models/new")
			y.save("project/models/new/deep/a.sql")
		}, []string{"project/models/new/deep/a.sql"}},
		{"a directory is removed and is back", []string{"project/models/marts/a.sql"}, func(y *yard) {
			y.must(os.RemoveAll(y.path("project/models/marts")))
			y.notices("project/models/marts")
			y.save("project/models/marts/")
			y.notices("project/models/marts")
			y.save("project/models/marts/b.sql")
		}, []string{"project/models/marts/b.sql"}},
		{"a directory is renamed", []string{"project/models/marts/deep/a.sql"}, func(y *yard) {
			y.must(os.Rename(y.path("project/models/marts"), y.path("project/models/facts")))
			y.notices("project/models/facts")
			y.save("project/models/facts/deep/a.sql")
			y.notices("project/models/facts/deep/a.sql")
			y.save("project/models/marts/deep/")
			y.notices("project/models/marts")
			y.save("project/models/marts/deep/b.sql")
		}, []string{"project/models/marts/deep/b.sql"}},
		{"the project's directory goes and is back", nil, func(y *yard) {
			y.must(os.RemoveAll(y.path("project")))
			y.notices("project")
			y.save("project/models/")
			y.notices("project")
			y.save("project/models/a.sql")
		}, []string{"project/models/a.sql"}},
		{"a file outside of it", nil, func(y *yard) { y.save("home/profiles.yml") }, []string{"home/profiles.yml"}},
		{"an ignored file that counts", nil, func(y *yard) { y.save("project/ignored.yml") }, []string{"project/ignored.yml"}},
		{"many files", nil, func(y *yard) {
			for _, name := range strings.Split("abcdefghijklmnopqrstuvwxyz", "") {
				for _, dir := range []string{"x", "y", "z"} {
					y.save("project/" + dir + "/" + name + ".sql")
				}
			}
		}, []string{"project/x", "project/y", "project/z"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			y := newYard(t, tt.made...)
			tt.act(y)
			y.notices(tt.notices...)
		})
	}
}

// What doesn't count is not noticed, and keeps nothing waiting.
func TestWatcherLeavesOut(t *testing.T) {
	for _, tt := range []struct{ name, path string }{
		{"an ignored file", "project/models/ignored.log"},
		{"a directory that is left out", "project/target/manifest.json"},
		{"a file that is left out", "project/shop.duckdb"},
		{"git's own files", "project/.git/index"},
		{"beside another file", "home/other.yml"},
		{"beside the project", "other/a.sql"},
		{"another repository", "project/nested/a.sql"},
		{"a new ignored directory", "project/ignored-new/a.sql"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			y := newYard(t, "project/target/", "project/.git/", "other/", "project/nested/.git/", "project/ignored/deep/")
			y.save(tt.path)
			y.save("project/models/last.sql")
			if all := y.notices("project/models/last.sql"); slices.Contains(all, tt.path) {
				t.Errorf("it noticed %v", all)
			}
		})
	}
}

// Directories that git ignores no more are watched.
func TestWatcherReadsTheRulesAgain(t *testing.T) {
	y := newYard(t, "project/built/")
	rules := func(rule string) Ignored {
		return func(_ context.Context, paths []string) (map[string]bool, error) {
			ignored := map[string]bool{}
			for _, path := range paths {
				ignored[path] = rule != "" && strings.Contains(path, rule)
			}
			return ignored, nil
		}
	}
	y.w.mu.Lock()
	y.w.ignored, y.w.watched[y.path("project/built")] = rules("built"), false
	y.must(y.w.events.Remove(y.path("project/built")))
	y.w.mu.Unlock()
	y.save("project/models/built.sql")
	y.save("project/models/first.sql")
	if all := y.notices("project/models/first.sql"); slices.Contains(all, "project/models/built.sql") {
		t.Errorf("it noticed %v", all)
	}
	y.w.mu.Lock()
	y.w.ignored = rules("")
	y.w.mu.Unlock()
	y.save("project/.gitignore")
	y.notices("project/.gitignore")
	y.save("project/models/built.sql")
	y.save("project/built/a.sql")
	y.notices("project/models/built.sql", "project/built/a.sql")
}

// A limit of the system's is an error that says how to raise it, at the start and later.
func TestWatcherLimit(t *testing.T) {
	y := newYard(t, "project/a/b/")
	y.w.mu.Lock()
	y.w.add = func(string) error { return syscall.ENOSPC }
	y.w.mu.Unlock()
	y.save("project/new/")
	var err error
	for err == nil {
		select {
		case err = <-y.w.Failed:
		case <-y.w.Saved:
		}
	}
	if !strings.Contains(err.Error(), "the system lets dot watch") || !strings.Contains(strings.Join(hint.Of(err), "\n"), "fs.inotify.max_user_watches=") {
		t.Errorf("%v, with hints %q", err, hint.Of(err))
	}
	for _, number := range []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOSPC} {
		for _, watched := range []int{0, 7} {
			if err := limited(number, watched); len(hint.Of(err)) == 0 && !(number == syscall.ENFILE && watched == 0) {
				t.Errorf("%v after %d has no hint", err, watched)
			}
		}
	}
}
