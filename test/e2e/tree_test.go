//go:build unix

package e2e

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dot-for-dbt/internal/testing/dotdir"
)

// tree returns everything below a directory: mode, time and content of each file, by path. If two
// trees are equal, nobody wrote anything in between.
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
		time := info.ModTime().String()
		if !d.IsDir() && strings.Contains(path, "/.git/objects/") {
			time = "" // git renews that of an object that it would write again
		}
		files[path] = fmt.Sprintf("%s %s %s", info.Mode(), time, text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// dotTree returns the content of .dot, without what differs between equal runs.
func (s *shop) dotTree() map[string]string {
	s.t.Helper()
	files, err := dotdir.Tree(filepath.Join(s.dir, ".dot"))
	if err != nil {
		s.t.Fatal(err)
	}
	return files
}

// save copies the project, and returns a function that restores it at the same path. The path must
// stay the same, because git's worktrees and dbt's links to packages contain it. The warehouse stays
// the same file: dot takes another file for another database.
func (s *shop) save() (restore func()) {
	s.t.Helper()
	saved := filepath.Join(s.t.TempDir(), "saved")
	s.must(s.commandIn(".", "cp", "-a", s.dir, saved))
	restoreWarehouse := s.warehouse.save(s.t)
	return func() {
		s.t.Helper()
		file, kept := filepath.Join(s.dir, "shop.duckdb"), saved+".duckdb"
		if err := os.Rename(file, kept); err != nil && !errors.Is(err, fs.ErrNotExist) {
			s.t.Fatal(err)
		}
		if err := os.RemoveAll(s.dir); err != nil {
			s.t.Fatal(err)
		}
		s.must(s.commandIn(".", "cp", "-a", saved, s.dir))
		if _, err := os.Stat(file); err == nil {
			s.must(s.commandIn(".", "cp", file, kept))
			s.must(s.commandIn(".", "mv", kept, file))
		}
		restoreWarehouse()
	}
}
