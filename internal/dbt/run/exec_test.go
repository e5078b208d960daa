package run

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestExec(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("needs a shell")
	}
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	lock, err := os.Create(filepath.Join(dir, "lock"))
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	var stdout, stderr bytes.Buffer
	exit, err := Exec{}.Run(t.Context(), Call{
		Argv: []string{"/bin/sh", "-c", `pwd; echo "$GIVEN$HOME"; echo held >&3; echo oops >&2; exit 2`},
		Dir:  dir, Env: []string{"GIVEN=yes"}, Stdout: &stdout, Stderr: &stderr, Inherit: []*os.File{lock},
	})
	if err != nil {
		t.Fatal(err)
	}
	held, err := os.ReadFile(lock.Name())
	if err != nil {
		t.Fatal(err)
	}
	if exit.Code != 2 || stdout.String() != dir+"\nyes\n" || stderr.String() != "oops\n" || string(held) != "held\n" {
		t.Errorf("exit %v, stdout %q, stderr %q, inherited %q", exit, stdout.String(), stderr.String(), held)
	}
}

func TestExecCannotStart(t *testing.T) {
	_, err := Exec{}.Run(t.Context(), Call{Argv: []string{filepath.Join(t.TempDir(), "dbt")}})
	if err == nil || !strings.HasPrefix(err.Error(), "running dbt: ") {
		t.Errorf("expected an error, got %v", err)
	}
}
