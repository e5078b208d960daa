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

// reportFile is the file of that name; "" is none.
func (a *app) reportFile(name string) reportFile {
	if name == "" || filepath.IsAbs(name) {
		return reportFile(name)
	}
	return reportFile(filepath.Join(a.Dir, name))
}

// check reports, before anything runs, that no report can be written there.
func (f reportFile) check() error {
	if f == "" {
		return nil
	}
	if info, err := os.Stat(string(f)); err == nil && info.IsDir() {
		return fmt.Errorf("--output: %s is a directory", f)
	}
	if !f.replaced() {
		return nil // opening a pipe would already end its reader
	}
	if err := durable.CanRewrite(string(f)); err != nil {
		return hint.Add(fmt.Errorf("--output: %w", err), "name a file in a directory that is there and that you may write to")
	}
	return nil
}

// write writes the report. An earlier one is there until the new one is whole, and
// hands its mode on; without one, the umask decides who may read the rows.
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

// replaced reports whether the report is a file in place of an earlier one. What is
// no plain file, such as a device or a link, is written to.
func (f reportFile) replaced() bool {
	info, err := os.Lstat(string(f))
	return err != nil || info.Mode().IsRegular()
}
