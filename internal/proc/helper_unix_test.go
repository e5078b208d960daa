//go:build unix

package proc_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"dot-for-dbt/internal/proc"
)

// The tests start this test binary again as a helper program. Its first argument says which part it
// plays. (Shell scripts won't do: a trap that comes just before a read waits for the read to end.)
func TestMain(m *testing.M) {
	if os.Getenv("PROC_HELPER") == "" {
		if signal.Ignored(syscall.SIGINT) { // a script started the tests in the background; listening ends that, as in Signals
			signal.Notify(make(chan os.Signal, 1), syscall.SIGINT)
		}
		os.Exit(m.Run())
	}
	switch part, args := os.Args[1], os.Args[2:]; part {
	case "graceful":
		listen(1)
	case "stubborn":
		listen(100)
	case "parent":
		handOnLock(args[0], args[1:], false)
	case "once-parent":
		handOnLock(args[0], args[1:], true)
	case "signals":
		reportSignals(args, false)
	case "once-signals":
		reportSignals(args, true)
	}
}

// helper is this test binary as a helper program.
func helper(t *testing.T, part string, args ...string) proc.Command {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// A program built with the race detector sleeps for a second before it exits.
	env := append(os.Environ(), "PROC_HELPER=1", "GORACE=atexit_sleep_ms=0")
	return proc.Command{Argv: append([]string{self, part}, args...), Env: env}
}

// listen says "ready", then "interrupt" for each SIGINT. After the last one, or at the end of stdin, it exits with
// 10 + their number.
func listen(last int) {
	interrupts := make(chan os.Signal, 100)
	signal.Notify(interrupts, syscall.SIGINT)
	ended := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		close(ended)
	}()
	fmt.Println("ready")
	for n := 0; ; {
		select {
		case <-interrupts:
			fmt.Println("interrupt")
			if n++; n == last {
				os.Exit(10 + n)
			}
		case <-ended:
			os.Exit(10 + n + len(interrupts))
		}
	}
}

// handOnLock acts as dot: it runs a part that inherits a flock on a file.
func handOnLock(path string, part []string, once bool) {
	lock, err := os.OpenFile(path, os.O_RDWR, 0)
	if err == nil {
		err = syscall.Flock(int(lock.Fd()), syscall.LOCK_EX)
	}
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(os.Getpid())
	exit, err := proc.Command{
		Argv: append(os.Args[:1:1], part...), Stdin: os.Stdin, Stdout: os.Stdout, Inherit: []*os.File{lock}, OnceOnly: once,
	}.Run(context.Background())
	fmt.Println(exit, err)
}

// reportSignals runs a part with the context of Signals, and prints how both ended. Then it waits
// for the end of stdin.
func reportSignals(part []string, once bool) {
	ctx, stop := proc.Signals(context.Background())
	fmt.Println(os.Getpid())
	exit, err := proc.Command{Argv: append(os.Args[:1:1], part...), Stdin: os.Stdin, Stdout: os.Stdout, OnceOnly: once}.Run(ctx)
	fmt.Println(exit, err, context.Cause(ctx))
	stop()
	fmt.Println("stopped")
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// lines is a pipe whose output can be read line by line. Commands get its file, so they write to it
// themselves.
type lines struct {
	t    *testing.T
	read *bufio.Reader
	file *os.File // the writing end
}

func newLines(t *testing.T) *lines {
	t.Helper()
	r, w := pipe(t)
	return &lines{t: t, read: bufio.NewReader(r), file: w}
}

func (l *lines) next() string {
	l.t.Helper()
	line, err := l.read.ReadString('\n')
	if err != nil {
		l.t.Fatalf("waiting for a line of output: %v", err)
	}
	return strings.TrimSuffix(line, "\n")
}

// want reads a line and compares it.
func (l *lines) want(line string) {
	l.t.Helper()
	if got := l.next(); got != line {
		l.t.Fatalf("output: got %q, want %q", got, line)
	}
}

func pipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(); w.Close() })
	return r, w
}

// ending is how a command ended.
type ending struct {
	exit proc.Exit
	err  error
}

// start runs the command beside the test.
func start(ctx context.Context, c proc.Command) <-chan ending {
	ended := make(chan ending, 1)
	go func() {
		exit, err := c.Run(ctx)
		ended <- ending{exit, err}
	}()
	return ended
}

func (e ending) want(t *testing.T, exit proc.Exit) {
	t.Helper()
	if e.err != nil || e.exit != exit {
		t.Fatalf("got %v (%v), want %v", e.exit, e.err, exit)
	}
}
