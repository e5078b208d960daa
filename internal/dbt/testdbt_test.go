package dbt

import (
	"os"
	"os/exec"
	"testing"
)

// dbtPython runs a Python program with the interpreter of an installed dbt, and skips the test where none
// is given.
func dbtPython(t *testing.T, args ...string) []byte {
	t.Helper()
	python := os.Getenv("DOT_TEST_PYTHON")
	if python == "" {
		t.Skip("DOT_TEST_PYTHON names no interpreter that has dbt")
	}
	cmd := exec.CommandContext(t.Context(), python, args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("running %v: %v", cmd.Args, err)
	}
	return out
}

// command is a command by name.
func command(t *testing.T, name string) Command {
	t.Helper()
	c, ok := LookupCommand(name)
	if !ok {
		t.Fatalf("there is no command %q", name)
	}
	return c
}
