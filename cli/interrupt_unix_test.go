//go:build unix

package cli_test

import (
	"fmt"
	"strings"
	"syscall"
)

// interrupt runs dot, in a process of its own, and sends it SIGINT when dbt has
// done one node.
func (s *shop) interrupt(command string) {
	s.t.Helper()
	fmt.Fprintf(&s.story, "$ dot %s\n^C\n", command)
	dbtCommand, _, _ := strings.Cut(command, " ")
	h := s.startHalfway(command, dbtCommand, false)
	h.signal(s.t, syscall.SIGINT)
	if code := h.wait(s.t); code != 130 {
		s.t.Fatalf("dot ended with %d, want exit code 130:\n%s", code, h.said)
	}
}
