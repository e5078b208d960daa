package ignore

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

func TestWithGitignoreLine(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"empty":                 {"", ".dot/\n"},
		"a line":                {"target/\n", "target/\n.dot/\n"},
		"no last line end":      {"target/\nlogs/", "target/\nlogs/\n.dot/"},
		"CRLF":                  {"target/\r\n", "target/\r\n.dot/\r\n"},
		"CRLF, no last one":     {"target/\r\nlogs/", "target/\r\nlogs/\r\n.dot/"},
		"both, CRLF last":       {"a\nb\r\n", "a\nb\r\n.dot/\r\n"},
		"both, LF last":         {"a\r\nb\n", "a\r\nb\n.dot/\n"},
		"one line without end":  {"target/", "target/\n.dot/"},
		"comments, empty lines": {"# dbt\n\ntarget/\n\n", "# dbt\n\ntarget/\n\n.dot/\n"},
		"byte order mark":       {"\ufefftarget/\r\n", "\ufefftarget/\r\n.dot/\r\n"},
		"taken back before":     {".dot/\n!.dot/\n", ".dot/\n!.dot/\n.dot/\n"},
	}
	for name, tt := range tests {
		t.Run("H.1 "+name, func(t *testing.T) {
			got, err := withGitignoreLine([]byte(tt.text))
			if err != nil || string(got) != tt.want {
				t.Errorf("got %q, %v; want %q", got, err, tt.want)
			}
		})
	}
}

func TestWithGitignoreLineUTF16(t *testing.T) {
	if got, err := withGitignoreLine([]byte("\xff\xfet\x00\r\x00\n\x00")); err == nil {
		t.Errorf("got %q", got)
	}
}

func FuzzWithGitignoreLine(f *testing.F) {
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := withGitignoreLine(slices.Clone(text))
		if err != nil {
			return
		}
		added, kept := bytes.CutPrefix(got, text)
		if !kept || !slices.Contains([]string{".dot/\n", ".dot/\r\n", "\n.dot/", "\r\n.dot/"}, string(added)) {
			t.Fatalf("%q became %q", text, got)
		}
		lines := strings.Split(strings.TrimRight(string(got), "\r\n"), "\n")
		if last := lines[len(lines)-1]; strings.TrimPrefix(last, byteOrderMark) != ".dot/" {
			t.Fatalf("the last line of %q is %q", got, last)
		}
	})
}

// file makes a file in a new directory.
func file(t *testing.T, name, text string, mode os.FileMode) (root string) {
	t.Helper()
	root = t.TempDir()
	path := filepath.Join(root, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	return root
}

// holds checks a file's content.
func holds(t *testing.T, root, name, want string) {
	t.Helper()
	got, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
	if err != nil || string(got) != want {
		t.Errorf("%s holds %q, %v; want %q", name, got, err, want)
	}
}

// alone checks that a directory has these files and no others.
func alone(t *testing.T, dir string, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if !slices.Equal(got, names) {
		t.Errorf("%s has %q, want %q", dir, got, names)
	}
}

func TestAddToGitignore(t *testing.T) {
	t.Run("H.1 makes one", func(t *testing.T) {
		root := t.TempDir()
		if err := AddToGitignore(root); err != nil {
			t.Fatal(err)
		}
		holds(t, root, ".gitignore", ".dot/\n")
	})
	t.Run("H.1 keeps its mode", func(t *testing.T) {
		if runtime.GOOS == "windows" {
			t.Skip("Windows has no such modes")
		}
		root := file(t, ".gitignore", "target/\n", 0o640)
		if err := AddToGitignore(root); err != nil {
			t.Fatal(err)
		}
		holds(t, root, ".gitignore", "target/\n.dot/\n")
		info, err := os.Stat(filepath.Join(root, ".gitignore"))
		if err != nil || info.Mode().Perm() != 0o640 {
			t.Errorf("mode %v, %v", info.Mode(), err)
		}
		alone(t, root, ".gitignore")
	})
	t.Run("H.1 read-only", func(t *testing.T) {
		root := file(t, ".gitignore", "target/\n", 0o444)
		if err := AddToGitignore(root); err == nil || !strings.Contains(err.Error(), "read-only") {
			t.Errorf("got %v", err)
		}
		holds(t, root, ".gitignore", "target/\n")
		alone(t, root, ".gitignore")
	})
	t.Run("H.1 symbolic link", func(t *testing.T) {
		root := file(t, "shared", "target/\n", 0o644)
		if err := os.Symlink("shared", filepath.Join(root, ".gitignore")); err != nil {
			t.Skip(err)
		}
		if err := AddToGitignore(root); err == nil || !strings.Contains(err.Error(), "symbolic link") {
			t.Errorf("got %v", err)
		}
		holds(t, root, "shared", "target/\n")
	})
	t.Run("H.1 directory", func(t *testing.T) {
		root := file(t, ".gitignore/x", "", 0o644)
		if err := AddToGitignore(root); err == nil {
			t.Error("no error")
		}
	})
	t.Run("H.1 UTF-16", func(t *testing.T) {
		text := "\xff\xfet\x00\n\x00"
		root := file(t, ".gitignore", text, 0o644)
		if err := AddToGitignore(root); err == nil || !strings.Contains(err.Error(), ".gitignore:1:1: not UTF-8") {
			t.Errorf("got %v", err)
		}
		holds(t, root, ".gitignore", text)
	})
}
