package durable

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestReplaceLeavesNoDebrisAndKeepsTheOldFile(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "f")
	if err := Write(name, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	failed := errors.New("disk full")
	if err := replace(name, 0o600, os.Rename, func(*os.File) error { return failed }); !errors.Is(err, failed) {
		t.Fatalf("got %v", err)
	}
	got, err := os.ReadFile(name)
	if err != nil || string(got) != "old" {
		t.Errorf("%q, %v", got, err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("left %v", left)
	}
}

func TestReplaceRemovesWhatKilledOnesLeft(t *testing.T) {
	dir := t.TempDir()
	for name, age := range map[string]time.Duration{
		".f.tmp-1": 2 * time.Hour, // left by a killed process
		".f.tmp-2": time.Minute,   // somebody may still be writing it
		".g.tmp-3": 2 * time.Hour, // of another file
		"f.tmp-4":  2 * time.Hour, // a user's own file
	} {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		then := time.Now().Add(-age)
		if err := os.Chtimes(file, then, then); err != nil {
			t.Fatal(err)
		}
	}
	if err := Write(filepath.Join(dir, "f"), []byte("new"), 0o600); err != nil {
		t.Fatal(err)
	}
	var left []string
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		left = append(left, e.Name())
	}
	if diff := cmp.Diff([]string{".f.tmp-2", ".g.tmp-3", "f", "f.tmp-4"}, left); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
}

func TestCreateIsForTheFirst(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "f")
	if err := Create(name, []byte("first"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Create(name, []byte("second"), 0o600); !errors.Is(err, fs.ErrExist) {
		t.Errorf("got %v", err)
	}
	if got, err := os.ReadFile(name); err != nil || string(got) != "first" {
		t.Errorf("%q, %v", got, err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("left %v", left)
	}
}

func TestHolds(t *testing.T) {
	name := filepath.Join(t.TempDir(), "hash")
	if Holds(name, nil) {
		t.Error("a file that isn't there holds nothing")
	}
	if err := Write(name, []byte("9b13827f\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if !Holds(name, []byte("9b13827f\n")) || Holds(name, []byte("9b13827f")) {
		t.Error("only the very content counts")
	}
}
