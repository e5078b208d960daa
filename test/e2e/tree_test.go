//go:build unix

package e2e

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
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
		text, err := contents(path, d)
		files[path] = fmt.Sprintf("%s %s %s", info.Mode(), info.ModTime(), text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// contents is a digest of a file's bytes, or where a symbolic link points.
func contents(path string, d fs.DirEntry) (string, error) {
	switch {
	case d.Type()&fs.ModeSymlink != 0:
		return os.Readlink(path)
	case !d.Type().IsRegular():
		return "", nil
	}
	data, err := os.ReadFile(path)
	return fmt.Sprintf("%d bytes %x", len(data), sha256.Sum256(data)), err
}

// volatile are the fields of records and ledgers that differ from run to run; a
// manifest's size does since it holds times.
var volatile = []string{"seal", "pid", "started", "finished", "time", "run", "manifest"}

// dotTree is what is in .dot, but for what differs between two runs of the same:
// times, ids and process ids, and what dbt itself writes.
func (s *shop) dotTree() map[string]string {
	s.t.Helper()
	root := filepath.Join(s.dir, ".dot")
	files := map[string]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		inWorktree := strings.Contains(name, "/worktree/")
		if d.IsDir() {
			if !inWorktree && (d.Name() == "target" || d.Name() == "logs") {
				return filepath.SkipDir
			}
			return nil
		}
		top, _, _ := strings.Cut(name, "/")
		folder := filepath.Base(filepath.Dir(path))
		switch {
		case inWorktree:
			files[name], err = contents(path, d)
		case top == "locks", top == "key", strings.Contains(name, "/state/"):
			files[name] = "is there"
		case top == "places", folder == "records":
			files[name], err = steady(path)
		default:
			files[name], err = contents(path, d)
		}
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return files
}

// steady is a JSON file without its volatile fields.
func steady(path string) (string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	var value any
	if err := json.Unmarshal(data, &value); err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	text, err := json.MarshalIndent(withoutVolatile(value), "", " ")
	return string(text), err
}

func withoutVolatile(value any) any {
	switch v := value.(type) {
	case map[string]any:
		if v["command"] != nil { // a run in a ledger
			delete(v, "id")
		}
		for name, field := range v {
			if slices.Contains(volatile, name) {
				delete(v, name)
			} else {
				v[name] = withoutVolatile(field)
			}
		}
	case []any:
		for i := range v {
			v[i] = withoutVolatile(v[i])
		}
	}
	return value
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
