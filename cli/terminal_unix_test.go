//go:build unix

package cli_test

import (
	"context"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/creack/pty"
)

// Keys with a meaning for a terminal.
const (
	ctrlC = "\x03"
	ctrlD = "\x04"
)

// atTerminal runs dot in its own terminal. At each question it types the next answer.
// It returns dot's output and exit code.
func (s *shop) atTerminal(command string, typed []string, env ...string) said {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 5*time.Minute) // of a busy machine
	defer cancel()
	cmd := exec.CommandContext(ctx, "dot", strings.Fields(command)...)
	cmd.Dir = s.cwd
	cmd.Env = append(slices.Concat(s.env, env), "NO_COLOR=1", "DOT_TEST_NOW="+s.now.Format(time.RFC3339))
	screen, err := pty.Start(cmd)
	if err != nil {
		s.t.Fatal(err)
	}
	defer screen.Close()

	var seen strings.Builder
	for buffer := make([]byte, 4096); ; {
		n, err := screen.Read(buffer)
		seen.Write(buffer[:n])
		asks := strings.HasSuffix(seen.String(), "n[e]ver: ") || strings.HasSuffix(seen.String(), "[N]o: ")
		if len(typed) > 0 && asks {
			if _, err := io.WriteString(screen, typed[0]); err != nil {
				s.t.Fatal(err)
			}
			typed = typed[1:]
		}
		if err != nil { // EIO, once nobody has the terminal open any more
			break
		}
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); err != nil && !errors.As(err, &exit) {
		s.t.Fatal(err)
	}
	if ctx.Err() != nil {
		s.t.Fatalf("dot %s waits for ever:\n%s", command, seen.String())
	}
	if len(typed) > 0 {
		s.t.Errorf("nobody asked for %q", typed)
	}
	text := s.portable(strings.ReplaceAll(seen.String(), "\r\n", "\n"))
	return said{both: text, code: cmd.ProcessState.ExitCode()}
}
