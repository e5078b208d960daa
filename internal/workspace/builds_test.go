package workspace

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dot-for-dbt/graph"
)

// write writes files below .dot, by their names with slashes.
func write(t *testing.T, w *Workspace, files map[string]string) {
	t.Helper()
	for name, text := range files {
		file := w.file(filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestBuilds lists builds of several projects, one of them with directories called env in its path.
func TestBuilds(t *testing.T) {
	w := created(t)
	if found, flaws, err := w.Builds(); len(found)+len(flaws) > 0 || err != nil {
		t.Errorf("an empty workspace has %v, %v, %v", found, flaws, err)
	}
	other := strings.Repeat("a", 40)
	write(t, w, map[string]string{
		"build/9b13827/commit":                                        hash + "\n",
		"build/9b13827/records/worktree.json":                         "",
		"build/9b13827/env/dev/records/build.json":                    "",
		"build/9b13827/env/prod/profiles.yml":                         "",
		"build/9b13827/env/dev/target/env/x/target/manifest.json":     "",
		"build/9b13827/projects/shop/env/dev/target/manifest.json":    "",
		"build/9b13827/projects/shop/records/deps.json":               "",
		"build/9b13827/projects/a/env/b/records/deps.json":            "",
		"build/9b13827/projects/a/env/b/env/dev/profiles.yml":         "",
		"build/9b13827/projects/env/c/records/deps.json":              "",
		"build/9b13827/projects/env/c/env/dev/target/env/x/layer/y":   "",
		"build/aaaa/commit":                                           other,
		"build/aaaa/worktree/env/dev/target/manifest.json":            "",
		"build/bbbb/commit":                                           "damaged",
		"build/bbbb/env/dev/records/build.json":                       "",
		"build/file":                                                  "",
		"toolchains/x/env/dev/target":                                 "",
		"build/9b13827/projects/shop/env/dev/logs/env/x/profiles.yml": "",
	})
	then := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	if err := os.Chtimes(w.file("build", "9b13827", "env", "dev", "records"), then, then); err != nil {
		t.Fatal(err)
	}
	found, flaws, err := w.Builds()
	if err != nil || len(flaws) > 0 {
		t.Fatal(flaws, err)
	}
	got := map[string]string{}
	for _, b := range found {
		got[b.ID()] = b.Commit.Hash
		if isDev := b.ID() == "dev@9b13827"; isDev != b.Used.Equal(then) || b.Used.IsZero() {
			t.Errorf("%s was used at %s", b.ID(), b.Used)
		}
	}
	want := map[string]string{
		"dev@9b13827": hash, "prod@9b13827": hash, "shop:dev@9b13827": hash, "a/env/b:dev@9b13827": hash, "env/c:dev@9b13827": hash, "dev@bbbb": "",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestBuildsClosed has a directory that can't be read.
func TestBuildsClosed(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root can read everything")
	}
	w := created(t)
	write(t, w, map[string]string{
		"build/9b13827/commit": hash, "build/9b13827/env/dev/profiles.yml": "",
		"build/aaaa/commit": strings.Repeat("a", 40), "build/aaaa/env/dev/profiles.yml": "",
	})
	closed := w.file("build", "aaaa", "env")
	if err := os.Chmod(closed, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(closed, 0o700) })
	found, flaws, err := w.Builds()
	if err != nil || len(found) != 1 || found[0].ID() != "dev@9b13827" {
		t.Errorf("found %v, %v", found, err)
	}
	if len(flaws) != 1 || flaws[0].Path != closed || flaws[0].Kind != Closed {
		t.Errorf("flaws: %v", flaws)
	}
}

// TestStandingsOfABuild has two places, of which one has a damaged ledger and then a damaged layer.
func TestStandingsOfABuild(t *testing.T) {
	lt := newLedgerTest(t)
	b := lt.build("dev")
	if all, errs := lt.w.Standings(b); len(all)+len(errs) > 0 {
		t.Errorf("a build that never ran: %v, %v", all, errs)
	}
	lt.end(lt.begin("dev", "a b"), "a b", "", true)
	elsewhere := place
	elsewhere.Schema = "elsewhere"
	if err := lt.w.Begin(b, elsewhere, Run{ID: "other"}, map[string]Target{"x": {Relation: Relation{elsewhere, "x"}}}); err != nil {
		t.Fatal(err)
	}
	all, errs := lt.w.Standings(b)
	if len(all) != 2 || len(errs) > 0 {
		t.Fatal(all, errs)
	}
	broken := func(file string) (int, int) {
		t.Helper()
		if err := os.WriteFile(file, []byte("{"), 0o600); err != nil {
			t.Fatal(err)
		}
		all, errs := lt.w.Standings(b)
		if len(errs) != 1 || !strings.Contains(errs[0].Error(), file) {
			t.Errorf("errors %v don't name %s", errs, file)
		}
		known := 0
		for _, s := range all {
			if s.Nodes != nil {
				known++
			}
		}
		return len(all), known
	}
	if all, known := broken(lt.w.ledgerFile(elsewhere)); all != 2 || known != 1 {
		t.Errorf("with a damaged ledger %d standings, %d known", all, known)
	}
	if all, known := broken(b.layerFile(elsewhere)); all != 1 || known != 1 {
		t.Errorf("with a damaged layer %d standings, %d known", all, known)
	}
}

// TestSavedRecords leaves out the checks that led to a command.
func TestSavedRecords(t *testing.T) {
	w := created(t)
	b := Commit{Hash: hash, Short: "9b13827", w: w}.Build("", "dev")
	save := func(name string, state graph.State, at time.Time) {
		t.Helper()
		if err := w.Save(name, graph.Record{Version: graph.RecordVersion, Step: name, State: state}); err != nil {
			t.Fatal(err)
		}
		file, err := w.RecordFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(file, at, at); err != nil {
			t.Fatal(err)
		}
	}
	first := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	save(b.CheckRecord("build"), graph.Succeeded, first)
	save(b.Record("build"), graph.Succeeded, first.Add(time.Second))
	save(b.Record("run"), graph.Succeeded, first)
	save(b.CheckRecord("run"), graph.Failed, first.Add(time.Second))
	save(b.CheckRecord("seed"), graph.Failed, first)
	write(t, w, map[string]string{b.Record("test") + ".json": "{", b.Record(".build.json.tmp-XYZ"): ""})
	got := map[string]graph.State{}
	for _, s := range w.SavedRecords(b) {
		got[s.Slot] = s.State
		if (s.Err != nil) != (s.Slot == "test") {
			t.Errorf("%s: %v", s.Slot, s.Err)
		}
	}
	want := map[string]graph.State{"build": graph.Succeeded, "run": graph.Succeeded, "check-run": graph.Failed, "check-seed": graph.Failed, "test": ""}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestDiskUsage(t *testing.T) {
	w := created(t)
	write(t, w, map[string]string{"a": strings.Repeat("x", 100_000), "b/c": "x"})
	before := DiskUsage(w.Path())
	if before < 100_000 || before > 300_000 {
		t.Errorf("%d bytes", before)
	}
	if err := os.Link(w.file("a"), w.file("b", "a")); err != nil {
		t.Skip(err)
	}
	if after := DiskUsage(w.Path()); after != before {
		t.Errorf("with another name for a file %d bytes instead of %d", after, before)
	}
	if got := DiskUsage(w.file("nowhere")); got != 0 {
		t.Errorf("a directory that isn't there takes %d bytes", got)
	}
}
