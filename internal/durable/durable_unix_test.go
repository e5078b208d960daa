//go:build unix

package durable

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// Rewrite applies the umask or the existing file's mode. Write applies neither.
func TestModes(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o027))
	dir := t.TempDir()
	for _, tt := range []struct {
		name   string
		before fs.FileMode // 0: no file
		write  func(name string, data []byte) error
		want   fs.FileMode
	}{
		{"a new file", 0, Rewrite, 0o640},
		{"a file of its owner's", 0o600, Rewrite, 0o600},
		{"a file of everybody's", 0o666, Rewrite, 0o666},
		{"exactly", 0o600, func(name string, data []byte) error { return Write(name, data, 0o644) }, 0o644},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file := filepath.Join(dir, filepath.Base(t.Name()))
			if tt.before != 0 {
				if err := os.WriteFile(file, nil, 0o600); err != nil {
					t.Fatal(err)
				}
				if err := os.Chmod(file, tt.before); err != nil {
					t.Fatal(err)
				}
			}
			if err := tt.write(file, []byte("new")); err != nil {
				t.Fatal(err)
			}
			if info, err := os.Stat(file); err != nil || info.Mode() != tt.want {
				t.Errorf("mode %v, %v, want %v", info.Mode(), err, tt.want)
			}
			if text, err := os.ReadFile(file); err != nil || string(text) != "new" {
				t.Errorf("holds %q, %v", text, err)
			}
		})
	}
}
