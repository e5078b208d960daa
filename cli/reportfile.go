package cli

import (
	"fmt"
	"os"
	"path/filepath"

	"dot-for-dbt/internal/durable"
	"dot-for-dbt/internal/hint"
)

// A reportFile is the file of --output.
type reportFile string

// reportFile returns the file with that name, "" for none.
func (a *app) reportFile(name string) reportFile {
	if name == "" || filepath.IsAbs(name) {
		return reportFile(name)
	}
	return reportFile(filepath.Join(a.Dir, name))
}

// check returns an error if the report can't be written, before anything runs.
func (f reportFile) check() error {
	if f == "" {
		return nil
	}
	if info, err := os.Stat(string(f)); err == nil && info.IsDir() {
		return fmt.Errorf("--output: %s is a directory", f)
	}
	if !f.replaced() {
		return nil // opening and closing a pipe would end its reader
	}
	if err := durable.CanRewrite(string(f)); err != nil {
		return hint.Add(fmt.Errorf("--output: %w", err), "name a file in an existing directory that you may write to")
	}
	return nil
}

// write writes the report. It replaces an earlier report once the new one is complete,
// and keeps the file's mode. For a new file, the umask applies.
func (f reportFile) write(text []byte) error {
	write := func() error { return durable.Rewrite(string(f), text) }
	if !f.replaced() {
		write = func() error { return os.WriteFile(string(f), text, 0o666) }
	}
	if err := write(); err != nil {
		return fmt.Errorf("--output: %w", err)
	}
	return nil
}

// replaced reports whether the report replaces a regular file or is a new one. Other
// files, such as devices and links, are written to.
func (f reportFile) replaced() bool {
	info, err := os.Lstat(string(f))
	return err != nil || info.Mode().IsRegular()
}
