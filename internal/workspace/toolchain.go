package workspace

import (
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
