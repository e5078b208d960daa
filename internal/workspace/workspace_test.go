package workspace

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/durable"
)

const hash = "9b13827f00000000000000000000000000000000"

func created(t *testing.T) *Workspace {
	t.Helper()
	w, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Create(); err != nil {
		t.Fatal(err)
	}
	return w
}

// TestOpenWritesNothing proves G.1.
func TestOpenWritesNothing(t *testing.T) {
	root := t.TempDir()
	w, err := Open(root)
	if err != nil {
		t.Fatal(err)
	}
	before := w.Digest("x")
	if _, err := w.Load("build/9b13827/records/worktree"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Load: %v", err)
	}
	if _, err := w.Ledger(Place{Schema: "s"}); err != nil {
		t.Errorf("Ledger: %v", err)
	}
	left, err := os.ReadDir(root)
	if err != nil || len(left) > 0 {
		t.Errorf("left %v, %v", left, err)
	}
	if err := w.Create(); err != nil {
		t.Fatal(err)
	}
	if after, err := Open(root); err != nil || after.Digest("x") != before {
		t.Errorf("what was digested before Create has changed: %v", err)
	}
}

func TestCreateKeepsTheKey(t *testing.T) {
	w := created(t)
	again, err := Open(filepath.Dir(w.Path()))
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Create(); err != nil {
		t.Fatal(err)
	}
	if w.Digest("x") != again.Digest("x") || w.Digest("x") == w.Digest("y") {
		t.Error("digests must be equal for equal texts of one workspace, and only for those")
	}
	if created(t).Digest("x") == w.Digest("x") {
		t.Error("two workspaces share a key")
	}
	if runtime.GOOS == "windows" {
		return
	}
	for name, want := range map[string]os.FileMode{".": 0o700, "key": 0o600, ".gitignore": 0o600} {
		info, err := os.Stat(filepath.Join(w.Path(), name))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != want {
			t.Errorf("mode of %s: %o, want %o", name, info.Mode().Perm(), want)
		}
	}
}

func TestTwoMakeTheKey(t *testing.T) {
	root := t.TempDir()
	first, err := Open(root)
	second, err2 := Open(root)
	if err != nil || err2 != nil {
		t.Fatal(err, err2)
	}
	if err := first.Create(); err != nil {
		t.Fatal(err)
	}
	if err := second.Create(); !errors.Is(err, ErrOtherKey) {
		t.Errorf("the second made a key, too: %v", err)
	}
	if first.Digest("x") != second.Digest("x") {
		t.Error("they don't agree on the key")
	}
	if err := second.Create(); err != nil {
		t.Error(err)
	}
}

func TestOpenRefusesWhatIsNoDirectory(t *testing.T) {
	root := t.TempDir()
	if err := os.Symlink(t.TempDir(), filepath.Join(root, Dir)); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(root); err == nil {
		t.Error("a symlink was taken for dot's directory")
	}
}

func TestRecordNamesStayInside(t *testing.T) {
	w := created(t)
	for _, name := range []string{"../x", "/x", "build/../../x", ""} {
		if err := w.Save(name, graph.Record{}); err == nil {
			t.Errorf("saved as %q", name)
		}
	}
}

// TestCommitDirectory proves D.1.
func TestCommitDirectory(t *testing.T) {
	other := "9b13827e" + hash[8:]
	tests := []struct {
		name   string
		stands map[string]string // short → hash
		short  string
		exact  bool
		want   string
	}{
		{name: "new", short: hash[:7], want: hash[:7]},
		{name: "stands", stands: map[string]string{hash[:7]: hash}, short: hash[:7], want: hash[:7]},
		{name: "stands under a shorter one", stands: map[string]string{hash[:7]: hash}, short: hash[:8], want: hash[:7]},
		{name: "stands under a longer one", stands: map[string]string{hash[:12]: hash}, short: hash[:7], want: hash[:12]},
		{name: "stands under another, exact", stands: map[string]string{hash[:7]: hash}, short: hash[:10], exact: true, want: hash[:10]},
		{name: "taken", stands: map[string]string{hash[:7]: other}, short: hash[:7], want: hash[:8]},
		{name: "taken, exact", stands: map[string]string{hash[:7]: other}, short: hash[:7], exact: true, want: hash[:8]},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := created(t)
			for short, owner := range tt.stands {
				if err := durable.Write(w.file("build", short, "commit"), []byte(owner+"\n"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			finder := w.Finder()
			for range listAfter + 1 { // with what is listed, too
				got, err := finder.Commit(hash, tt.short, tt.exact)
				if err != nil || got.Short != tt.want {
					t.Errorf("got %q, %v, want %q", got.Short, err, tt.want)
				}
			}
			if finder.names == nil {
				t.Error("nothing was listed")
			}
		})
	}
}

// TestProjectsNeverShareADirectory proves D.2.
func TestProjectsNeverShareADirectory(t *testing.T) {
	c := Commit{Hash: hash, Short: hash[:7], w: created(t)}
	root, shop := c.Build("", "dev"), c.Build("shop", "dev")
	if root.Dir() == shop.Dir() || root.ID() == shop.ID() || root.Record("build") == shop.Record("build") {
		t.Errorf("%s and %s", root.Dir(), shop.Dir())
	}
	if got := shop.ProjectDir(); got != filepath.Join(c.Worktree(), "shop") {
		t.Errorf("project at %s", got)
	}
}

func TestMemo(t *testing.T) {
	m := created(t).Memo()
	if text, ok := m.Lookup("dbt"); ok {
		t.Errorf("remembers %q of nothing", text)
	}
	if err := m.Save("dbt", "1.11.16\n"); err != nil {
		t.Fatal(err)
	}
	if text, ok := m.Lookup("dbt"); !ok || text != "1.11.16\n" {
		t.Errorf("remembers %q, %v", text, ok)
	}
}

// TestFreeze checks what an invocation that runs nothing knows of commits: those of before.
func TestFreeze(t *testing.T) {
	root := t.TempDir()
	save := func(short string) {
		t.Helper()
		w, err := Open(root)
		if err == nil {
			err = w.Save("build/"+short+"/records/commit", graph.Record{Version: graph.RecordVersion, State: graph.Succeeded})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	save("a1b2c3d")
	w, err := Open(root)
	if err != nil {
		t.Fatal(err)
	}
	w.Freeze()
	save("b1b2c3d")
	for short, want := range map[string]error{"a1b2c3d": nil, "b1b2c3d": fs.ErrNotExist} {
		if _, err := w.Load("build/" + short + "/records/commit"); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", short, err, want)
		}
	}
}
