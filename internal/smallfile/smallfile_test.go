package smallfile

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// TestRead compares with os.ReadFile, also where that fails.
func TestRead(t *testing.T) {
	dir := t.TempDir()
	for name, length := range map[string]int{"empty": 0, "line": 41, "nearly": size - 1, "full": size, "more": size + 1, "large": 100_000} {
		file := filepath.Join(dir, name)
		want := bytes.Repeat([]byte("x"), length)
		if err := os.WriteFile(file, want, 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := Read(file); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %d bytes, %v; want %d", name, len(got), err, length)
		}
	}
	for _, name := range []string{filepath.Join(dir, "nowhere"), filepath.Join(dir, "line", "below"), dir} {
		_, err := Read(name)
		_, want := os.ReadFile(name)
		var path *fs.PathError
		if !errors.As(err, &path) || path.Path != name || err.Error() != want.Error() {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
	}
	if _, err := Read(filepath.Join(dir, "nowhere")); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

func BenchmarkRead(b *testing.B) {
	file := filepath.Join(b.TempDir(), "line")
	if err := os.WriteFile(file, bytes.Repeat([]byte("x"), 41), 0o600); err != nil {
		b.Fatal(err)
	}
	for name, read := range map[string]func(string) ([]byte, error){"small": Read, "os": os.ReadFile} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := read(file); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
