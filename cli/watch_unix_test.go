//go:build unix

package cli_test

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"

	"dot-for-dbt/internal/testing/screen"
)

// terminal is a terminal in which dot runs, with its screen.
type terminal struct {
	t      *testing.T
	cmd    *exec.Cmd
	keys   *os.File
	ended  chan struct{} // closed when nothing more comes
	mu     sync.Mutex
	screen *screen.Screen
	change chan struct{} // has something in it when the screen has changed
}

// watchAt starts dot in a terminal with a size.
func (s *shop) watchAt(columns, rows int, command string, env ...string) *terminal {
	s.t.Helper()
	t := &terminal{t: s.t, screen: screen.New(columns, rows), ended: make(chan struct{}), change: make(chan struct{}, 1)}
	t.cmd = exec.Command("dot", strings.Fields(command)...)
	t.cmd.Dir = s.cwd
	t.cmd.Env = append(slices.Concat(s.env, env), "TERM=xterm", "CI=", "DOT_TEST_NOW="+s.now.Format(time.RFC3339))
	var err error
	if t.keys, err = pty.StartWithSize(t.cmd, size(columns, rows)); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { t.keys.Close() })
	go func() {
		defer close(t.ended)
		for buffer := make([]byte, 4096); ; {
			n, err := t.keys.Read(buffer)
			t.mu.Lock()
			_, _ = t.screen.Write(buffer[:n])
			t.mu.Unlock()
			select {
			case t.change <- struct{}{}:
			default:
			}
			if err != nil { // EIO, once nobody has the terminal open any more
				return
			}
		}
	}()
	return t
}

func size(columns, rows int) *pty.Winsize {
	return &pty.Winsize{Cols: uint16(columns), Rows: uint16(rows)}
}

func (t *terminal) text() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.screen.String()
}

// shows waits until the screen shows a text.
func (t *terminal) shows(text string) {
	t.t.Helper()
	for !strings.Contains(t.text(), text) {
		select {
		case <-t.change:
		case <-t.ended:
			t.t.Fatalf("dot ended, and there is no %q on\n%s", text, t.text())
		}
	}
}

func (t *terminal) resize(columns, rows int) {
	t.t.Helper()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.screen.Resize(columns, rows)
	if err := pty.Setsize(t.keys, size(columns, rows)); err != nil {
		t.t.Fatal(err)
	}
}

func (t *terminal) press(key string) {
	t.t.Helper()
	if _, err := io.WriteString(t.keys, key); err != nil {
		t.t.Fatal(err)
	}
}

// end waits for dot to end, and returns the screen.
func (t *terminal) end(code int) string {
	t.t.Helper()
	<-t.ended
	var failed *exec.ExitError
	if err := t.cmd.Wait(); err != nil && !errors.As(err, &failed) {
		t.t.Fatal(err)
	}
	if got := t.cmd.ProcessState.ExitCode(); got != code {
		t.t.Errorf("exit code %d, want %d", got, code)
	}
	if unknown := t.screen.Unknown(); len(unknown) > 0 {
		t.t.Errorf("the terminal got %s", unknown)
	}
	return t.text()
}

// hanging makes a shop's builds hang after their first node until release is called.
func (s *shop) hanging() (env []string, hung func(), release func()) {
	s.t.Helper()
	dir := s.t.TempDir()
	for _, name := range []string{"hung", "release"} {
		if err := syscall.Mkfifo(filepath.Join(dir, name), 0o600); err != nil {
			s.t.Fatal(err)
		}
	}
	env = []string{
		"STANDIN_HANG=build", "STANDIN_HUNG=" + filepath.Join(dir, "hung"), "STANDIN_RELEASE=" + filepath.Join(dir, "release"),
	}
	hung = func() {
		if _, err := os.ReadFile(filepath.Join(dir, "hung")); err != nil {
			s.t.Fatal(err)
		}
	}
	release = func() {
		if err := os.WriteFile(filepath.Join(dir, "release"), nil, 0); err != nil {
			s.t.Fatal(err)
		}
	}
	return env, hung, release
}

// Progress is drawn at the bottom of a terminal, follows its size, and disappears at the end. The remaining
// output is the same as in a pipe, except for the output of steps before dbt's command.
func TestWatchAtTerminal(t *testing.T) {
	withRace(t)
	t.Parallel()
	s := newShop(t)
	const command = "build prod@main dev@HEAD --force -j 1"
	s.run(command)
	env, hung, release := s.hanging()
	env = append(env, "NO_COLOR=1")
	at := s.watchAt(80, 24, command, env...)
	hung()
	at.shows("prod@2d85ca1  build  1/5  0s")
	at.shows("0 of 2 builds done")
	at.resize(30, 8)
	at.shows("prod@2d85ca1  build  1/5  0s\n0 of 2 builds done")
	at.resize(120, 24)
	release()
	hung()
	at.shows("dev@b694700  build  1/6  0s")
	at.shows("1 of 2 builds done")
	release()
	got := at.end(0)
	piped := s.run(command+" --log quiet", "DOT_TEST_NOW="+s.now.Format(time.RFC3339))
	want := regexp.MustCompile(`(?m)^done check .*\n`).ReplaceAllString(piped.both, "")
	if s.portable(got) != want {
		t.Errorf("left is\n%s\nwant\n%s", got, want)
	}
}

// After the first Ctrl-C, a note appears at once above the redrawn part.
func TestWatchInterrupting(t *testing.T) {
	withRace(t)
	t.Parallel()
	s := newShop(t)
	env, hung, _ := s.hanging()
	at := s.watchAt(100, 24, "build prod@main dev@HEAD -j 1", append(env, "STANDIN_DEAF=1", "NO_COLOR=1")...)
	hung()
	at.shows("build  1/5")
	at.press(ctrlC)
	at.shows("Ctrl-C again kills it\n")
	at.shows("0 of 2 builds done")
	if _, below, _ := strings.Cut(at.text(), "note: interrupting: "); strings.Contains(below, "note: ") || !strings.Contains(below, "build  1/5") {
		t.Errorf("it is not above what is drawn:\n%s", at.text())
	}
	at.press(ctrlC)
	at.end(130)
}

// Ctrl-C removes the redrawn part and leaves the cursor at the start of an empty line.
func TestWatchInterrupted(t *testing.T) {
	withRace(t)
	t.Parallel()
	s := newShop(t)
	const command = "build prod@main dev@HEAD --force -j 1"
	s.run(command)
	env, hung, _ := s.hanging()
	at := s.watchAt(60, 24, command, env...)
	hung()
	at.shows("build  1/5")
	at.press(ctrlC)
	left := at.end(130)
	for _, debris := range []string{"builds done", "build  1/5"} {
		if strings.Contains(left, debris) {
			t.Errorf("%q is left on\n%s", debris, left)
		}
	}
	if !strings.Contains(left, "hint: continue: dot build prod@main dev@HEAD -j 1 --resume") || !strings.Contains(left, "not run      dev@b694700") {
		t.Errorf("it doesn't say what came of it:\n%s", left)
	}
	if line, column := at.screen.Cursor(); line != "" || column != 0 {
		t.Errorf("the cursor is at column %d of %q", column, line)
	}
}
