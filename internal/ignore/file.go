package ignore

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"dot-for-dbt/internal/durable"
)

// maxBytes is more than any such file has. It limits the parser's memory.
const maxBytes = 1 << 20

// read returns the content of a user's file that may be replaced. If the file doesn't exist, the
// error is fs.ErrNotExist.
func read(name string) ([]byte, error) {
	info, err := os.Lstat(name)
	switch {
	case err != nil:
		return nil, err
	case info.Mode()&fs.ModeSymlink != 0:
		return nil, fmt.Errorf("%s is a symbolic link", name)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is not a file", name)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxBytes+1))
	if err == nil && len(text) > maxBytes {
		err = fmt.Errorf("%s is larger than %d KiB", name, maxBytes>>10)
	}
	return text, err
}

// update passes a file's content through edit. An existing file keeps its mode, a new one gets the
// usual mode. Errors of edit must begin with line:column.
func update(name string, edit func(text []byte) ([]byte, error)) error {
	old, err := read(name)
	missing := errors.Is(err, fs.ErrNotExist)
	if err != nil && !missing {
		return err
	}
	text, err := edit(old)
	if err != nil {
		return fmt.Errorf("%s:%w", name, err)
	}
	if missing {
		return create(name, text)
	}
	mode, err := writable(name)
	if err != nil {
		return err
	}
	return durable.Write(name, text, mode)
}

// create makes a file. It fails if the file exists by now.
func create(name string, text []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	if _, err := f.Write(text); err != nil {
		f.Close()
		return errors.Join(err, os.Remove(name))
	}
	return f.Close()
}

// writable returns a file's mode, or an error if the file should not be replaced. The system would
// allow it, since replacing only needs write access to the directory, and root may do anything.
func writable(name string) (fs.FileMode, error) {
	info, err := os.Stat(name)
	if err != nil {
		return 0, err
	}
	mode := info.Mode().Perm()
	if mode&0o200 == 0 {
		return mode, fmt.Errorf("%s is read-only", name)
	}
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return mode, err
	}
	return mode, f.Close()
}
