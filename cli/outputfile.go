package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"dot-for-dbt/internal/durable"
	"dot-for-dbt/internal/hint"
)

// An outputFile is a file that a flag names for something that is complete only at the end
// of the run.
type outputFile struct {
	flag, path string
	refuges    []string // directories for the text if path can't be written after all
}

// outputFile returns the file of a flag with that value, "" for none.
func (a *app) outputFile(flag, name string) outputFile {
	if name != "" {
		name = a.path(name)
	}
	return outputFile{flag, name, []string{os.TempDir(), a.Dir, a.Home}}
}

// check returns an error if the file can't be written, before anything runs.
func (f outputFile) check() error {
	if f.path == "" {
		return nil
	}
	if info, err := os.Stat(f.path); err == nil && info.IsDir() {
		return fmt.Errorf("%s: %s is a directory", f.flag, f.path)
	}
	if !f.replaced() {
		return nil // opening and closing a pipe would end its reader
	}
	if err := durable.CanRewrite(f.path); err != nil {
		return hint.Add(fmt.Errorf("%s: %w", f.flag, err), "name a file in an existing directory that you may write to")
	}
	return nil
}

// write writes the text. It replaces an earlier file once the new one is complete, and
// keeps the file's mode. For a new file, the umask applies. If the file can't be written,
// the text goes to another one, which the error names.
func (f outputFile) write(text []byte) error {
	put := func() error { return durable.Rewrite(f.path, text) }
	if !f.replaced() {
		put = func() error { return os.WriteFile(f.path, text, 0o666) }
	}
	err := put()
	if err == nil {
		return nil
	}
	err = fmt.Errorf("%s: %w", f.flag, err)
	for _, dir := range f.refuges {
		if saved, lost := f.save(dir, text); lost == nil {
			return hint.Add(err, "it was written to "+saved+" instead")
		}
	}
	return err
}

// save writes the text to a new file in a directory.
func (f outputFile) save(dir string, text []byte) (name string, err error) {
	if dir == "" { // os.CreateTemp would choose one
		return "", os.ErrNotExist
	}
	file, err := os.CreateTemp(dir, "dot-*-"+filepath.Base(f.path))
	if err != nil {
		return "", err
	}
	_, err = file.Write(text)
	if err = errors.Join(err, file.Close()); err != nil {
		_ = os.Remove(file.Name())
	}
	return file.Name(), err
}

// replaced reports whether the file is new or a regular one. Other files, such as devices
// and links, are written to.
func (f outputFile) replaced() bool {
	info, err := os.Lstat(f.path)
	return err != nil || info.Mode().IsRegular()
}
