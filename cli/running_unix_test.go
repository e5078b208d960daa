//go:build unix

package cli_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/gofrs/flock"
	"golang.org/x/term"
)

// A running dot has its own process.
type running struct {
	cmd    *exec.Cmd
	said   *syncBuffer
	read   chan struct{} // closed when all that was said has been read
	screen *os.File      // nil without a terminal
	before *term.State   // of the terminal
}

// start starts dot, in a terminal or not.
func (s *shop) start(command string, terminal bool, env ...string) *running {
	s.t.Helper()
	r := &running{cmd: exec.Command("dot", strings.Fields(command)...), said: new(syncBuffer), read: make(chan struct{})}
	r.cmd.Dir = s.cwd
	r.cmd.Env = slices.Concat(s.env, env, []string{"DOT_TEST_NOW=" + s.now.Format(time.RFC3339)})
	var err error
	if terminal {
		r.screen, err = r.startAtTerminal()
	} else {
		r.cmd.Stdout, r.cmd.Stderr = r.said, r.said
		r.cmd.WaitDelay = time.Second // a dbt that outlives dot keeps them
		close(r.read)
		err = r.cmd.Start()
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

// startHalfway starts dot with a dbt that hangs in a command, after its first node if
// it has any. It returns once dbt hangs.
func (s *shop) startHalfway(command, hangs string, terminal bool, env ...string) *running {
	s.t.Helper()
	fifo := filepath.Join(s.t.TempDir(), "hung")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		s.t.Fatal(err)
	}
	r := s.start(command, terminal, append(env, "STANDIN_HANG="+hangs, "STANDIN_HUNG="+fifo)...)
	if _, err := os.ReadFile(fifo); err != nil {
		s.t.Fatal(err)
	}
	return r
}

func (r *running) startAtTerminal() (*os.File, error) {
	blocking, err := pty.Start(r.cmd)
	if err != nil {
		return nil, err
	}
	// A blocking file can't be closed while it is read.
	fd, err := syscall.Dup(int(blocking.Fd()))
	if err := errors.Join(err, syscall.SetNonblock(fd, true), blocking.Close()); err != nil {
		return nil, err
	}
	screen := os.NewFile(uintptr(fd), "terminal")
	go func() {
		defer close(r.read)
		_, _ = io.Copy(r.said, screen) // EIO, once nobody has the terminal open any more
	}()
	r.before, err = modes(screen)
	return screen, err
}

// modes returns a terminal's modes. (File.Fd would make the file block.)
func modes(screen *os.File) (state *term.State, err error) {
	conn, err := screen.SyscallConn()
	if err != nil {
		return nil, err
	}
	controlErr := conn.Control(func(fd uintptr) { state, err = term.GetState(int(fd)) })
	return state, errors.Join(controlErr, err)
}

func (r *running) signal(t *testing.T, signal syscall.Signal) {
	t.Helper()
	if err := r.cmd.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
}

// says waits for an output, so that two signals don't count as one.
func (r *running) says(t *testing.T, text string) {
	t.Helper()
	for !strings.Contains(r.said.String(), text) {
		select {
		case <-t.Context().Done():
			t.Fatalf("it never says %q:\n%s", text, r.said)
		case <-time.After(time.Millisecond):
		}
	}
}

// typed types at the terminal.
func (r *running) typed(t *testing.T, keys string) {
	t.Helper()
	if _, err := io.WriteString(r.screen, keys); err != nil {
		t.Fatal(err)
	}
}

// wait returns dot's exit code, -1 if it was killed.
func (r *running) wait(t *testing.T) int {
	t.Helper()
	var exit *exec.ExitError
	if err := r.cmd.Wait(); err != nil && !errors.As(err, &exit) && !errors.Is(err, exec.ErrWaitDelay) {
		t.Fatal(err)
	}
	return r.cmd.ProcessState.ExitCode()
}

// saneTerminal checks an open terminal after dot has ended: its modes are unchanged,
// the cursor is visible, and the next prompt has its own line.
func (r *running) saneTerminal(t *testing.T) {
	t.Helper()
	if r.screen == nil {
		return
	}
	<-r.read
	after, err := modes(r.screen) // an error, if it was closed
	if err == nil {
		if before, now := fmt.Sprint(*r.before), fmt.Sprint(*after); before != now {
			t.Errorf("the terminal's modes were %s and are %s", before, now)
		}
		r.screen.Close()
	}
	said := r.said.String()
	if strings.Count(said, "\x1b[?25l") != strings.Count(said, "\x1b[?25h") {
		t.Errorf("the cursor stays hidden after %q", said)
	}
	if err == nil && !strings.HasSuffix(said, "\n") {
		t.Errorf("it ends in the middle of a line: %q", said)
	}
}

// nobodyLeft waits until no dot and no dbt holds a lock: a running one would hold
// some.
func (s *shop) nobodyLeft() {
	s.t.Helper()
	if runtime.GOOS != "linux" {
		return // nobody tells the dbt of a killed dot there
	}
	locks, err := filepath.Glob(s.file(".dot/locks/*"))
	if err != nil {
		s.t.Fatal(err)
	}
	for _, name := range locks {
		lock := flock.New(name)
		if err := lock.Lock(); err != nil { // waits
			s.t.Fatal(err)
		}
		if err := lock.Unlock(); err != nil {
			s.t.Fatal(err)
		}
	}
}
