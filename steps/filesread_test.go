package steps

import (
	"os"
	"path/filepath"
	"testing"
)

// The two projects may lie at different places, as after a move.
func TestSameData(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{
		"a/new/home/data/x.csv": "1", "b/old/data/x.csv": "1",
		"a/new/home/data/y.csv": "1", "b/old/data/y.csv": "2",
		"a/new/home/data/z.csv": "1",
		"a/new/lib/x.csv":       "1", "b/lib/x.csv": "1",
		"a/new/lib/y.csv": "1", "b/lib/y.csv": "2",
		"a/new/home/x[1].csv": "1", "b/old/x[1].csv": "2", "a/new/home/o'brien été.csv": "1", "b/old/o'brien été.csv": "2",
		"a/new/home/parts/1.csv": "1", "b/old/parts/1.csv": "1", "b/old/parts/2.csv": "1",
	} {
		file := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]bool{
		"data/x.csv": true, "data/{name}.csv": false, "./data/x.csv": true,
		"data/y.csv": false, "data/z.csv": false, "data/none.csv": true,
		"../lib/x.csv": true, "../lib/y.csv": false, "data/../../lib/x.csv": true,
		"x[1].csv": false, "o'brien été.csv": false,
		"parts/1.csv": true, "parts/*.csv": false, "**/x.csv": false,
	} {
		got, err := sameData(filepath.Join(root, "a", "new", "home"), filepath.Join(root, "b", "old"), name)
		if got != want || err != nil {
			t.Errorf("%s: %t, %v; want %t", name, got, err, want)
		}
	}
}
