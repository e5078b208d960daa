package durable

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestReplaceLeavesNoDebrisAndKeepsTheOldFile(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "f")
	if err := Write(name, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	failed := errors.New("disk full")
	if err := replace(name, 0o600, func(*os.File) error { return failed }); !errors.Is(err, failed) {
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
