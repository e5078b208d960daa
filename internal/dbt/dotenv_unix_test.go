//go:build unix

package dbt

import (
	"path/filepath"
	"syscall"
	"testing"
)

// dbt reads a .env that is a named pipe. dot doesn't: it would take the text from dbt.
func TestDotEnvFileIsAPipe(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), ".env")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := DotEnvFile("1.12.6", "", filepath.Dir(pipe)); got != pipe || !IsPipe(got) {
		t.Errorf("got %q", got)
	}
	if got := ReadDotEnv("1.12.6", pipe, nil); got.Values != nil { // it would wait for a writer
		t.Errorf("got %+v", got)
	}
}
