// Package dbttest has helpers for the tests of the packages below internal/dbt.
package dbttest

import (
	"bytes"
	"os"
	"os/exec"
	"testing"
)

// Python runs a Python program with the interpreter of an installed dbt. Without one, it skips the
// test.
func Python(t *testing.T, args ...string) []byte {
	t.Helper()
	return PythonReading(t, nil, args...)
}

// PythonReading is Python for a program that reads input.
func PythonReading(t *testing.T, input []byte, args ...string) []byte {
	t.Helper()
	python := os.Getenv("DOT_TEST_PYTHON")
	if python == "" {
		t.Skip("DOT_TEST_PYTHON names no interpreter that has dbt")
	}
	cmd := exec.CommandContext(t.Context(), python, args...)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(input), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("running %v: %v", cmd.Args, err)
	}
	return out
}
