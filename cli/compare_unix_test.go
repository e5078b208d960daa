//go:build unix

package cli

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// TestWriteReport: a report replaces an earlier one, goes where a link leads, and
// makes no directory and no plain file of a device.
func TestWriteReport(t *testing.T) {
	dir := t.TempDir()
	file, link := filepath.Join(dir, "report"), filepath.Join(dir, "link")
	if err := os.Symlink("report", link); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{file: "one", link: "two"} {
		if err := writeReport(name, []byte(text)); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(file); err != nil || string(got) != text {
			t.Errorf("%s holds %q, %v, want %q", file, got, err, text)
		}
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("the link is gone: %v, %v", info, err)
	}
	if err := writeReport(filepath.Join(dir, "none", "report"), nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("in a directory that isn't there: %v", err)
	}
	if err := writeReport(os.DevNull, []byte("gone")); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(os.DevNull); err != nil || info.Mode().IsRegular() {
		t.Errorf("%s is %v, %v", os.DevNull, info.Mode(), err)
	}
}
