//go:build unix

package cli_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// interrupt runs dot, in a process of its own, and sends it SIGINT when dbt has
// done one node.
func (s *shop) interrupt(command string) {
	s.t.Helper()
	fifo := filepath.Join(s.t.TempDir(), "hung")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		s.t.Fatal(err)
	}
	words := strings.Fields(command)
	fmt.Fprintf(&s.story, "$ dot %s\n^C\n", command)
	cmd := exec.Command("dot", words...)
	cmd.Dir = s.cwd
	cmd.Env = slices.Concat(s.env, []string{
		"STANDIN_HANG=" + words[0], "STANDIN_HUNG=" + fifo, "DOT_TEST_NOW=" + s.now.Format(time.RFC3339),
	})
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	if _, err := os.ReadFile(fifo); err != nil { // until dbt hangs
		s.t.Fatal(err)
	}
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		s.t.Fatal(err)
	}
	var failed *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &failed) || failed.ExitCode() != 130 {
		s.t.Fatalf("dot ended with %v, want exit code 130", err)
	}
}
