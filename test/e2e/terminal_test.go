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

// startAtTerminal is start at a terminal of its own, which the caller may type at
// and close.
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
	// What blocks can't be closed while somebody reads from it.
	fd, err := syscall.Dup(int(blocking.Fd()))
	if err := errors.Join(err, syscall.SetNonblock(fd, true), blocking.Close()); err != nil {
		s.t.Fatal(err)
	}
	screen := os.NewFile(uintptr(fd), "terminal")
	s.t.Cleanup(func() { screen.Close() })
	go func() {
		_, _ = io.Copy(&c.stderr, screen) // until it is closed, or nobody has it open
		_ = c.cmd.Wait()                  // its exit code is looked at
		close(c.done)
	}()
	return c, screen
}
