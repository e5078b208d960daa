// Package durable replaces files in such a way that a reader finds the old or the
// new one, whole, whatever happens meanwhile. A seal lets the reader notice that
// somebody else has changed the file since.
package durable

import (
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// Write replaces the file of that name by data, with exactly that mode, at
// once and durably: whatever happens, the old or the new file is there, whole.
func Write(name string, data []byte, mode os.FileMode) error {
	return replace(name, mode, os.Rename, exactly(mode, holding(data)))
}

// Rewrite is Write for a file of the user's: one that is there keeps its mode, and
// the mode of a new one is left to the umask. It makes no directory.
func Rewrite(name string, data []byte) error {
	if err := CanRewrite(name); err != nil {
		return err
	}
	info, err := os.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return replace(name, 0o666, os.Rename, holding(data))
	}
	if err != nil {
		return err
	}
	mode := info.Mode().Perm()
	return replace(name, mode, os.Rename, exactly(mode, holding(data)))
}

// CanRewrite returns an error if no file can be made in the directory where Rewrite
// is to write. It leaves nothing behind.
func CanRewrite(name string) error {
	f, err := newBeside(name, 0o600)
	if err != nil {
		return about(name, err)
	}
	return about(name, errors.Join(f.Close(), os.Remove(f.Name())))
}

// Create is Write for a file that isn't there; if it is, somebody was faster, and
// the error is fs.ErrExist. A file system without hard links can't tell.
func Create(name string, data []byte, mode os.FileMode) error {
	return replace(name, mode, link, exactly(mode, holding(data)))
}

// link gives a file a name that no other has.
func link(from, to string) error {
	err := os.Link(from, to)
	switch {
	case err == nil:
		return os.Remove(from)
	case errors.Is(err, fs.ErrExist):
		return &fs.PathError{Op: "link", Path: to, Err: fs.ErrExist}
	}
	return os.Rename(from, to)
}

// Copy replaces the file to by a copy of from, as Write does. It copies
// rather than links: dbt truncates and rewrites its artifacts in place.
func Copy(to, from string) error {
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer src.Close()
	return replace(to, 0o600, os.Rename, exactly(0o600, func(f *os.File) error {
		_, err := io.Copy(f, src)
		return err
	}))
}

// holding fills a file with data.
func holding(data []byte) func(*os.File) error {
	return func(f *os.File) error {
		_, err := f.Write(data)
		return err
	}
}

// exactly fills a file and gives it a mode, whatever the umask.
func exactly(mode os.FileMode, fill func(*os.File) error) func(*os.File) error {
	return func(f *os.File) error {
		if err := fill(f); err != nil {
			return err
		}
		if err := f.Chmod(mode); err != nil && runtime.GOOS != "windows" {
			return err
		}
		return nil
	}
}

// replace writes a new file beside name, of a mode under the umask, and puts it in
// its place, by a rename for one. The file is synced before that and the directory after it: without the
// first, a crash of the machine could leave an empty file, without the second the
// old one (rename(2), fsync(2)).
func replace(name string, mode os.FileMode, put func(from, to string) error, fill func(*os.File) error) (err error) {
	defer func() { err = about(name, err) }()
	dir := filepath.Dir(name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := newBeside(name, mode)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if err := fill(f); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := put(f.Name(), name); err != nil {
		return err
	}
	sweep(name)
	return syncDir(dir)
}

// newBeside makes a temporary file in the directory of name. A file that may hold
// secrets has no more than its final mode from the start.
func newBeside(name string, mode os.FileMode) (*os.File, error) {
	file := filepath.Join(filepath.Dir(name), "."+filepath.Base(name)+temporary+rand.Text()[:10])
	return os.OpenFile(file, os.O_RDWR|os.O_CREATE|os.O_EXCL, mode)
}

// about makes an error about the file beside name one about name.
func about(name string, err error) error {
	if path := (*fs.PathError)(nil); errors.As(err, &path) {
		return &fs.PathError{Op: "write", Path: name, Err: path.Err}
	}
	return err
}

// abandoned is the age at which nobody can still be writing a temporary file.
const abandoned = time.Hour

// sweep removes what killed processes have left of earlier attempts to replace a
// file. What can't be removed does no harm.
func sweep(name string) {
	dir := filepath.Dir(name)
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), "."+filepath.Base(name)+temporary) {
			continue
		}
		if info, err := e.Info(); err == nil && time.Since(info.ModTime()) > abandoned {
			_ = os.Remove(filepath.Join(dir, e.Name()))
		}
	}
}

// temporary is in the name of each file that is about to be renamed.
const temporary = ".tmp-"

// IsTemporary reports whether a file of that name is one that was about to be
// renamed, and that a killed process has left.
func IsTemporary(name string) bool {
	return strings.HasPrefix(name, ".") && strings.Contains(name, temporary)
}

// syncDir makes a rename in dir durable. Windows can't sync a directory.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
