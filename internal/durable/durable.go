// Package durable replaces files so that a reader always finds either the old or the new file,
// complete. A seal lets the reader notice later changes by others.
package durable

import (
	"bytes"
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

// Write replaces the file called name by data, atomically and durably, with exactly the given mode.
// After a crash the old or the new file is there, complete.
func Write(name string, data []byte, mode os.FileMode) error {
	return replace(name, mode, os.Rename, exactly(mode, holding(data)))
}

// Rewrite is Write for a user's file: an existing file keeps its mode, and a new one gets its mode
// from the umask. It makes no directory.
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

// CanRewrite returns an error if Rewrite could not make a file in name's directory. It leaves
// nothing behind.
func CanRewrite(name string) error {
	f, err := newBeside(name, 0o600)
	if err != nil {
		return about(name, err)
	}
	return about(name, errors.Join(f.Close(), os.Remove(f.Name())))
}

// Create is Write for a file that must not exist. If it exists, the error is fs.ErrExist. On a file
// system without hard links, Create can't tell, and replaces it.
func Create(name string, data []byte, mode os.FileMode) error {
	return replace(name, mode, link, exactly(mode, holding(data)))
}

// Publish is Create for a file, read from a stream, in a directory that several users share: the umask sets
// the modes of the file and of new directories.
func Publish(name string, from io.Reader) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		return err
	}
	return replace(name, 0o666, link, reading(from))
}

// Export replaces a file as a whole by what a stream holds. The umask sets the mode of a new file.
func Export(name string, from io.Reader) error { return replace(name, 0o666, os.Rename, reading(from)) }

// reading returns a function that writes what a stream holds to a file.
func reading(from io.Reader) func(*os.File) error {
	return func(f *os.File) error {
		_, err := io.Copy(f, from)
		return err
	}
}

// link gives a file an additional name, which must be new.
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

// Holds reports whether a file can be read and has exactly this content.
func Holds(name string, data []byte) bool {
	had, err := os.ReadFile(name)
	return err == nil && bytes.Equal(had, data)
}

// Copy replaces the file to by a copy of from, as Write does. A link would not do: dbt truncates
// and rewrites its artifacts in place.
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

// holding returns a function that writes data to a file.
func holding(data []byte) func(*os.File) error {
	return func(f *os.File) error {
		_, err := f.Write(data)
		return err
	}
}

// exactly returns a function that fills a file and sets its mode, whatever the umask.
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

// replace fills a temporary file beside name, then calls put, such as os.Rename, to give it that
// name. The umask applies to mode. The file is synced before, and the directory after. Without the
// first, a crash of the machine could leave an empty file; without the second, the old one
// (rename(2), fsync(2)).
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

// newBeside makes a temporary file in name's directory. Its mode is never wider than the final one,
// since it may hold secrets.
func newBeside(name string, mode os.FileMode) (*os.File, error) {
	file := filepath.Join(filepath.Dir(name), "."+filepath.Base(name)+temporary+rand.Text()[:10])
	return os.OpenFile(file, os.O_RDWR|os.O_CREATE|os.O_EXCL, mode)
}

// about makes an error about the temporary file one about name.
func about(name string, err error) error {
	if path := (*fs.PathError)(nil); errors.As(err, &path) {
		return &fs.PathError{Op: "write", Path: name, Err: path.Err}
	}
	return err
}

// abandoned is the age from which nobody can still be writing a temporary file.
const abandoned = time.Hour

// sweep removes temporary files that killed processes left while replacing name. A file that can't
// be removed does no harm.
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

// temporary is a part of the name of each temporary file.
const temporary = ".tmp-"

// IsTemporary reports whether name is that of a temporary file, which a killed process may have
// left.
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
