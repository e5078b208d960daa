//go:build unix

package cli

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"dot-for-dbt/internal/hint"
)

// TestWriteReport: a report replaces an earlier one and follows a link. It neither
// creates a directory nor replaces a device.
func TestWriteReport(t *testing.T) {
	dir := t.TempDir()
	file, link := filepath.Join(dir, "report"), filepath.Join(dir, "link")
	if err := os.Symlink("report", link); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{file: "one", link: "two"} {
		if err := (outputFile{path: name}).write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(file); err != nil || string(got) != text {
			t.Errorf("%s holds %q, %v, want %q", file, got, err, text)
		}
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("the link is gone: %v, %v", info, err)
	}
	if err := (outputFile{path: filepath.Join(dir, "none", "report")}).write(nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("in a directory that isn't there: %v", err)
	}
	if err := (outputFile{path: os.DevNull}).write([]byte("gone")); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(os.DevNull); err != nil || info.Mode().IsRegular() {
		t.Errorf("%s is %v, %v", os.DevNull, info.Mode(), err)
	}
}

// TestReportsMode: a report keeps the mode of an earlier one. The umask applies to a
// new file.
func TestReportsMode(t *testing.T) {
	dir := t.TempDir()
	plain := filepath.Join(dir, "plain")
	if err := os.WriteFile(plain, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(plain)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]fs.FileMode{"new": info.Mode(), "private": 0o600, "shared": 0o664, "read-only": 0o440} {
		file := filepath.Join(dir, name)
		if name != "new" {
			if err := errors.Join(os.WriteFile(file, []byte("earlier"), 0o600), os.Chmod(file, want)); err != nil {
				t.Fatal(err)
			}
		}
		if err := errors.Join(outputFile{path: file}.check(), (outputFile{path: file}).write([]byte("rows"))); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(file); err != nil || info.Mode() != want {
			t.Errorf("%s: mode %v, %v, want %v", name, info.Mode(), err, want)
		}
		if got, err := os.ReadFile(file); err != nil || string(got) != "rows" {
			t.Errorf("%s holds %q, %v", name, got, err)
		}
	}
}

// check finds files that can't be written before anything runs, and leaves no files.
func TestCheckReport(t *testing.T) {
	dir := t.TempDir()
	file, pipe := filepath.Join(dir, "file"), filepath.Join(dir, "pipe")
	if err := errors.Join(os.WriteFile(file, []byte("earlier"), 0o600), syscall.Mkfifo(pipe, 0o600)); err != nil {
		t.Fatal(err)
	}
	for name, says := range map[string]string{
		"":                               "",
		filepath.Join(dir, "report"):     "",
		file:                             "",
		pipe:                             "",
		os.DevNull:                       "",
		dir:                              "is a directory",
		filepath.Join(dir, "no", "file"): "no such file or directory",
		filepath.Join(file, "file"):      "not a directory",
	} {
		err := (outputFile{path: name}).check()
		if (err == nil) != (says == "") || err != nil && !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, want %q", name, err, says)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 2 {
		t.Errorf("left %v, %v", left, err)
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != "earlier" {
		t.Errorf("the earlier report holds %q, %v", text, err)
	}
}

// TestRefuge: what can't be written in the end is kept in another directory, and the error
// names it.
func TestRefuge(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	file := outputFile{flag: "--output", path: filepath.Join(dir, "gone", "report.html"), refuges: []string{"", filepath.Join(dir, "none"), other}}
	err := file.write([]byte("rows"))
	if !errors.Is(err, fs.ErrNotExist) || !strings.HasPrefix(err.Error(), "--output: ") {
		t.Fatalf("error %v", err)
	}
	said := hint.Of(err)
	if len(said) != 1 {
		t.Fatalf("hints %q, want one", said)
	}
	name := strings.TrimSuffix(strings.TrimPrefix(said[0], "it was written to "), " instead")
	if got, err := os.ReadFile(name); err != nil || string(got) != "rows" || filepath.Dir(name) != other || filepath.Ext(name) != ".html" {
		t.Errorf("%s holds %q, %v", name, got, err)
	}
	file.refuges = nil
	if err := file.write(nil); err == nil || len(hint.Of(err)) > 0 {
		t.Errorf("without a refuge: %v, hints %q", err, hint.Of(err))
	}
}
