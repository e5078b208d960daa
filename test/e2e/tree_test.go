//go:build unix

package e2e

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"dot-for-dbt/internal/testing/dotdir"
)

// tree is everything below a directory: mode, time and contents of each file, by
// path. Two equal trees mean that nobody wrote anything in between.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		text, err := dotdir.Contents(path, d)
		files[path] = fmt.Sprintf("%s %s %s", info.Mode(), info.ModTime(), text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// dotTree is what is in .dot, but for what differs between two runs of the same.
func (s *shop) dotTree() map[string]string {
	s.t.Helper()
	files, err := dotdir.Tree(filepath.Join(s.dir, ".dot"))
	if err != nil {
		s.t.Fatal(err)
	}
	return files
}

// save copies the project as it is and returns a function that puts it back, at
// the same path: git's worktrees and dbt's links to packages name it.
func (s *shop) save() (restore func()) {
	s.t.Helper()
	saved := filepath.Join(s.t.TempDir(), "saved")
	s.must(s.commandIn(".", "cp", "-a", s.dir, saved))
	restoreWarehouse := s.warehouse.save(s.t)
	return func() {
		s.t.Helper()
		if err := os.RemoveAll(s.dir); err != nil {
			s.t.Fatal(err)
		}
		s.must(s.commandIn(".", "cp", "-a", saved, s.dir))
		restoreWarehouse()
	}
}
