//go:build unix

package steps_test

import (
	"strings"
	"syscall"
	"testing"

	"dot-for-dbt/steps"
)

// D.4: what dbt reads from a named pipe is not known before, so no build is made with it.
func TestDotEnvIsAPipe(t *testing.T) {
	b := newDotEnvBench(t, "1.12.6")
	if err := syscall.Mkfifo(b.path(".env"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := steps.Compile(t.Context(), b.world, b.req); err == nil || !strings.Contains(err.Error(), ".env is a named pipe") {
		t.Errorf("got %v", err)
	}
	b.setenv("PYTHON_DOTENV_DISABLED", "1")
	b.compile()
}
