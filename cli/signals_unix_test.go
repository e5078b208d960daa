//go:build unix

package cli_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/gofrs/flock"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/term"

	"dot-for-dbt/internal/testing/standin"
)

// TestSignals stops dot in the middle of a build, in each way there is. What dbt
// had done is known where dbt could say so, nothing runs on, and the same command
// goes on from there. It proves A.7.
func TestSignals(t *testing.T) {
	const partly = "1 of 5 nodes ok" // of the baseline that was stopped
	send := func(signal syscall.Signal) func(*testing.T, *halfway) {
		return func(t *testing.T, h *halfway) { h.signal(t, signal) }
	}
	for _, tt := range []struct {
		name     string
		terminal bool
		env      []string
		stop     func(*testing.T, *halfway)
		code     int // -1: killed
		built    string
	}{
		{name: "SIGINT", stop: send(syscall.SIGINT), code: 130, built: partly},
		{name: "SIGTERM", stop: send(syscall.SIGTERM), code: 143, built: partly},
		{name: "SIGHUP", stop: send(syscall.SIGHUP), code: 129, built: partly},
		{
			name: "twice, and dbt is deaf", env: []string{"STANDIN_DEAF=1"}, code: 130,
			stop: func(t *testing.T, h *halfway) {
				h.signal(t, syscall.SIGINT)
				h.says(t, standin.Deaf)
				h.signal(t, syscall.SIGTERM)
			},
		},
		{name: "SIGKILL", stop: send(syscall.SIGKILL), code: -1},
		{name: "Ctrl-C", terminal: true, code: 130, built: partly, stop: func(t *testing.T, h *halfway) { h.typed(t, ctrlC) }},
		{
			name: "Ctrl-C twice, and dbt is deaf", terminal: true, env: []string{"STANDIN_DEAF=1"}, code: 130,
			stop: func(t *testing.T, h *halfway) { h.typed(t, ctrlC); h.says(t, standin.Deaf); h.typed(t, ctrlC) },
		},
		{
			name: "the terminal is closed", terminal: true, code: 129, built: partly,
			stop: func(_ *testing.T, h *halfway) { h.screen.Close() },
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			h := s.startHalfway("build dev@HEAD", tt.terminal, tt.env...)
			tt.stop(t, h)
			if code := h.wait(t); code != tt.code {
				t.Errorf("exit code %d, want %d; it said\n%s", code, tt.code, h.said)
			}
			s.nobodyLeft()
			h.saneTerminal(t)

			plan := s.run("plan build dev@HEAD").stdout
			if !strings.Contains(plan, "interrupted") {
				t.Errorf("the plan does not say that it was interrupted:\n%s", plan)
			}
			later := s.dot(strings.Fields("plan build prod@main --defer dev@HEAD -s orders"))
			if tt.built != "" && !strings.Contains(later.stdout, tt.built) {
				t.Errorf("what was built is not known:\n%s", later.both)
			}
			s.run("build dev@HEAD")
			undisturbed := newShop(t)
			undisturbed.run("build dev@HEAD")
			if diff := cmp.Diff(undisturbed.warehouse(), s.warehouse()); diff != "" {
				t.Errorf("what there is at the end (-undisturbed +stopped):\n%s", diff)
			}
		})
	}
}

// A halfway dot has started a dbt that hangs after its first node.
type halfway struct {
	cmd    *exec.Cmd
	said   *syncBuffer
	read   chan struct{} // closed when all that was said has been read
	screen *os.File      // nil without a terminal
	before *term.State   // of the terminal
}

// startHalfway starts dot in a process of its own, at a terminal or not, and
// returns when dbt hangs.
func (s *shop) startHalfway(command string, terminal bool, env ...string) *halfway {
	s.t.Helper()
	fifo := filepath.Join(s.t.TempDir(), "hung")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		s.t.Fatal(err)
	}
	words := strings.Fields(command)
	h := &halfway{cmd: exec.Command("dot", words...), said: new(syncBuffer), read: make(chan struct{})}
	h.cmd.Dir = s.cwd
	h.cmd.Env = slices.Concat(s.env, env, []string{
		"STANDIN_HANG=" + words[0], "STANDIN_HUNG=" + fifo, "DOT_TEST_NOW=" + s.now.Format(time.RFC3339),
	})
	var err error
	if terminal {
		h.screen, err = h.startAtTerminal()
	} else {
		h.cmd.Stdout, h.cmd.Stderr = h.said, h.said
		h.cmd.WaitDelay = time.Second // a dbt that outlives dot keeps them
		close(h.read)
		err = h.cmd.Start()
	}
	if err == nil {
		_, err = os.ReadFile(fifo) // until dbt hangs
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return h
}

func (h *halfway) startAtTerminal() (*os.File, error) {
	blocking, err := pty.Start(h.cmd)
	if err != nil {
		return nil, err
	}
	// What blocks can't be closed while somebody reads from it.
	fd, err := syscall.Dup(int(blocking.Fd()))
	if err := errors.Join(err, syscall.SetNonblock(fd, true), blocking.Close()); err != nil {
		return nil, err
	}
	screen := os.NewFile(uintptr(fd), "terminal")
	go func() {
		defer close(h.read)
		_, _ = io.Copy(h.said, screen) // EIO, once nobody has the terminal open any more
	}()
	h.before, err = modes(screen)
	return screen, err
}

// modes are a terminal's. To ask for its descriptor would make it block.
func modes(screen *os.File) (state *term.State, err error) {
	conn, err := screen.SyscallConn()
	if err != nil {
		return nil, err
	}
	controlErr := conn.Control(func(fd uintptr) { state, err = term.GetState(int(fd)) })
	return state, errors.Join(controlErr, err)
}

func (h *halfway) signal(t *testing.T, signal syscall.Signal) {
	t.Helper()
	if err := h.cmd.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
}

// says waits until something was said: two signals at once could count as one.
func (h *halfway) says(t *testing.T, text string) {
	t.Helper()
	for !strings.Contains(h.said.String(), text) {
		select {
		case <-t.Context().Done():
			t.Fatalf("it never says %q:\n%s", text, h.said)
		case <-time.After(time.Millisecond):
		}
	}
}

// typed is what somebody types at the terminal.
func (h *halfway) typed(t *testing.T, keys string) {
	t.Helper()
	if _, err := io.WriteString(h.screen, keys); err != nil {
		t.Fatal(err)
	}
}

// wait returns dot's exit code, -1 if it was killed.
func (h *halfway) wait(t *testing.T) int {
	t.Helper()
	var exit *exec.ExitError
	if err := h.cmd.Wait(); err != nil && !errors.As(err, &exit) && !errors.Is(err, exec.ErrWaitDelay) {
		t.Fatal(err)
	}
	return h.cmd.ProcessState.ExitCode()
}

// saneTerminal looks at what is left of a terminal that is still open: its modes
// are what they were, the cursor is seen, and the next prompt has a line to itself.
func (h *halfway) saneTerminal(t *testing.T) {
	t.Helper()
	if h.screen == nil {
		return
	}
	<-h.read
	after, err := modes(h.screen) // an error, if it was closed
	if err == nil {
		if before, now := fmt.Sprint(*h.before), fmt.Sprint(*after); before != now {
			t.Errorf("the terminal's modes were %s and are %s", before, now)
		}
		h.screen.Close()
	}
	said := h.said.String()
	if strings.Count(said, "\x1b[?25l") != strings.Count(said, "\x1b[?25h") {
		t.Errorf("the cursor stays hidden after %q", said)
	}
	if err == nil && !strings.HasSuffix(said, "\n") {
		t.Errorf("it ends in the middle of a line: %q", said)
	}
}

// nobodyLeft waits until no dot and no dbt holds a lock any more: each that runs
// on would.
func (s *shop) nobodyLeft() {
	s.t.Helper()
	locks, err := filepath.Glob(s.file(".dot/locks/*"))
	if err != nil || len(locks) == 0 {
		s.t.Fatalf("locks: %v, %v", locks, err)
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

// warehouse is what lies in the stand-in's warehouse, by schema and table.
func (s *shop) warehouse() map[string]string {
	s.t.Helper()
	tables := map[string]string{}
	root := s.file("warehouse.duckdb")
	for _, name := range tree(root) {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			s.t.Fatal(err)
		}
		tables[filepath.ToSlash(name)] = string(bytes.TrimSpace(text))
	}
	return tables
}
