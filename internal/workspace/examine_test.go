package workspace

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/durable"
)

// kept makes a workspace with a file of each kind.
func kept(t *testing.T) (*Workspace, Build) {
	t.Helper()
	w := created(t)
	commit, err := w.Finder().Commit(hash, "9b13827", false)
	if err != nil {
		t.Fatal(err)
	}
	b := commit.Build("", "dev")
	place := Place{Adapter: "duckdb", Schema: "dev_9b13827"}
	name, text := commit.File()
	for _, err := range []error{
		durable.Write(name, []byte(text), 0o600),
		durable.Write(b.Profiles(), []byte("shop: {}\n"), 0o600),
		w.Save(b.Record("build"), graph.Record{Version: graph.RecordVersion, State: graph.Succeeded}),
		w.Begin(b, place, Run{ID: "r"}, map[string]Target{"a": {Relation: Relation{Place: place, Name: "a"}}}),
		w.DisablePrompt("gitignore"),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return w, b
}

// flaws runs Examine and returns a line for each flaw.
func flaws(t *testing.T, w *Workspace) []string {
	t.Helper()
	found, err := w.Examine(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, f := range found {
		name, err := filepath.Rel(w.Path(), f.Path)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, fmt.Sprintf("%s %s: %v", f.Kind, filepath.ToSlash(name), f.Err))
	}
	return lines
}

func TestExamine(t *testing.T) {
	unix := runtime.GOOS != "windows"
	write := func(name string, text string) func(*testing.T, *Workspace, Build) {
		return func(t *testing.T, w *Workspace, _ Build) {
			if err := durable.Write(w.file(filepath.FromSlash(name)), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	old := time.Now().Add(-time.Hour)
	for _, tt := range []struct {
		name   string
		damage func(*testing.T, *Workspace, Build)
		want   []string
		skip   bool
	}{
		{name: "healthy", damage: func(*testing.T, *Workspace, Build) {}},
		{
			name: "a record that is cut short", damage: write("build/9b13827/env/dev/records/build.json", "{"),
			want: []string{"record build/9b13827/env/dev/records/build.json: not a whole record: unexpected end of JSON input"},
		},
		{
			name: "a toolchain's record that is cut short", damage: write("toolchains/0123456789abcdef/records/venv.json", "{"),
			want: []string{"record toolchains/0123456789abcdef/records/venv.json: not a whole record: unexpected end of JSON input"},
		},
		{
			name: "a ledger of another version", damage: write("places/x.json", `{"version": 99}`),
			want: []string{"ledger places/x.json: ledger version 99, this dot reads 3"},
		},
		{
			name: "a ledger under another's name", damage: func(t *testing.T, w *Workspace, _ Build) {
				place := Place{Adapter: "duckdb", Schema: "dev_9b13827"}
				if err := os.Rename(w.ledgerFile(place), w.file("places", "x.json")); err != nil {
					t.Fatal(err)
				}
			},
			want: []string{"ledger places/x.json: it is the ledger of another place: " + Place{Adapter: "duckdb", Schema: "dev_9b13827"}.ID() + ".json"},
		},
		{
			name: "a write that was killed", damage: func(t *testing.T, w *Workspace, b Build) {
				write("build/9b13827/env/dev/.profiles.yml.tmp-1", "{")(t, w, b)
				if err := os.Chtimes(filepath.Join(b.Dir(), ".profiles.yml.tmp-1"), old, old); err != nil {
					t.Fatal(err)
				}
			},
			want: []string{"leftover build/9b13827/env/dev/.profiles.yml.tmp-1: left by a dot that was killed while it wrote"},
		},
		{name: "a write that goes on", damage: write("build/9b13827/env/dev/.profiles.yml.tmp-1", "{")},
		{
			name: "a profile that others can read", skip: !unix,
			damage: func(t *testing.T, _ *Workspace, b Build) {
				if err := os.Chmod(b.Profiles(), 0o640); err != nil {
					t.Fatal(err)
				}
			},
			want: []string{"exposed build/9b13827/env/dev/profiles.yml: others can read it: its mode is 0640"},
		},
		{
			name: "a damaged key", damage: write("key", "abc\n"),
			want: []string{"key key: it is damaged: dot makes a new one, and steps that read environment variables run again"},
		},
		{
			name: "a lost key", damage: func(t *testing.T, w *Workspace, _ Build) {
				if err := os.Remove(w.file("key")); err != nil {
					t.Fatal(err)
				}
			},
			want: []string{"key key: it is missing: dot makes a new one, and steps that read environment variables run again"},
		},
		{
			name: "what git, dbt and pip wrote", damage: func(t *testing.T, w *Workspace, b Build) {
				for _, dir := range []string{b.Commit.Worktree(), b.Target(), b.Logs(), w.Toolchain("0123456789abcdef").Venv()} {
					for _, name := range []string{"profiles.yml", "records/x.json", ".x.tmp-1"} {
						if err := durable.Write(filepath.Join(dir, filepath.FromSlash(name)), []byte("{"), 0o644); err != nil {
							t.Fatal(err)
						}
						if err := os.Chtimes(filepath.Join(dir, filepath.FromSlash(name)), old, old); err != nil {
							t.Fatal(err)
						}
					}
				}
			},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.skip {
				t.Skip("no modes on Windows")
			}
			w, b := kept(t)
			tt.damage(t, w, b)
			if diff := cmp.Diff(tt.want, flaws(t, w)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}

	t.Run("a broken config", func(t *testing.T) {
		w, _ := kept(t)
		write("config.yml", "prompts: [")(t, w, Build{})
		if got := flaws(t, w); len(got) != 1 || got[0][:len("config config.yml: ")] != "config config.yml: " {
			t.Errorf("got %q", got)
		}
	})
	t.Run("no workspace", func(t *testing.T) {
		w, err := Open(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		if got := flaws(t, w); got != nil {
			t.Errorf("got %q", got)
		}
	})
	t.Run("a directory that can't be read", func(t *testing.T) {
		if !unix || os.Geteuid() == 0 {
			t.Skip("modes keep nobody out here")
		}
		w, b := kept(t)
		if err := os.Chmod(b.Dir(), 0); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.Chmod(b.Dir(), fs.FileMode(0o700)) })
		if got := flaws(t, w); len(got) != 1 {
			t.Errorf("got %q", got)
		}
	})
}

func TestCommits(t *testing.T) {
	w, b := kept(t)
	if err := os.MkdirAll(w.file("build", "half", "worktree"), 0o700); err != nil {
		t.Fatal(err)
	}
	got, err := w.Commits()
	if err != nil || !slices.Equal(got, []Commit{b.Commit}) {
		t.Errorf("got %v, %v", got, err)
	}
}
