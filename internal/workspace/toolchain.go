package workspace

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
)

// A Toolchain is the directory of a virtual environment that several builds use.
type Toolchain struct {
	Key string // a digest of the requirements and the interpreter
	w   *Workspace
}

// Toolchain returns the directory of the virtual environment with that key.
func (w *Workspace) Toolchain(key string) Toolchain { return Toolchain{Key: key, w: w} }

// Dir returns the toolchain's directory.
func (t Toolchain) Dir() string { return t.w.file("toolchains", t.Key) }

// Venv returns the path of the virtual environment.
func (t Toolchain) Venv() string { return filepath.Join(t.Dir(), "venv") }

// Requirements returns the directory with the requirements files, each at its
// path in the repository.
func (t Toolchain) Requirements() string { return filepath.Join(t.Dir(), "requirements") }

// Record names a record of the toolchain.
func (t Toolchain) Record(step string) string {
	return path.Join("toolchains", t.Key, "records", step)
}

// Toolchains returns the toolchains that have a directory, sorted by key.
func (w *Workspace) Toolchains() ([]Toolchain, error) {
	entries, err := os.ReadDir(w.file("toolchains"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var all []Toolchain
	for _, e := range entries {
		if e.IsDir() {
			all = append(all, w.Toolchain(e.Name()))
		}
	}
	return all, nil
}

// RecordsNaming returns which of some texts are in a record of a build or a commit, damaged records
// included.
func (w *Workspace) RecordsNaming(texts []string) (map[string]bool, error) {
	named := map[string]bool{}
	err := filepath.WalkDir(w.file("build"), func(file string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) { // removed meanwhile, or there are no builds
			return nil
		}
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(w.path, file)
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if foreign(filepath.ToSlash(relative)) {
				return fs.SkipDir
			}
			return nil
		}
		if filepath.Base(filepath.Dir(file)) != "records" {
			return nil
		}
		data, err := os.ReadFile(file)
		if err != nil {
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			return err
		}
		for _, text := range texts {
			named[text] = named[text] || bytes.Contains(data, []byte(text))
		}
		return nil
	})
	return named, err
}
