//go:build unix

package e2e

import (
	"errors"
	"io"
	"os"
	"strings"
	"syscall"

	"github.com/creack/pty"
)

// startAtTerminal is start at a new terminal. The caller may type at the terminal and close it.
func (s *shop) startAtTerminal(args ...string) (*call, *os.File) {
	s.t.Helper()
	binary, err := dotBinary()
	if err != nil {
		s.t.Fatal(err)
	}
	c := &call{s: s, args: args, line: "dot " + strings.Join(args, " "), done: make(chan struct{})}
	c.cmd = s.commandIn(s.dir, binary, args...)
	blocking, err := pty.Start(c.cmd)
	if err != nil {
		s.t.Fatal(err)
	}
	// A blocking file can't be closed while somebody reads from it.
	fd, err := syscall.Dup(int(blocking.Fd()))
	if err := errors.Join(err, syscall.SetNonblock(fd, true), blocking.Close()); err != nil {
		s.t.Fatal(err)
	}
	screen := os.NewFile(uintptr(fd), "terminal")
	s.t.Cleanup(func() { screen.Close() })
	go func() {
		_, _ = io.Copy(&c.stderr, screen) // until it is closed, or no process has it open
		_ = c.cmd.Wait()                  // wait looks at its exit code
		spent(s.t, c.cmd.ProcessState)
		close(c.done)
	}()
	return c, screen
}
