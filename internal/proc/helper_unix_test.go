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

// The tests start this test binary again as a program that plays a part: PROC_HELPER names it.
func TestMain(m *testing.M) {
	switch part := os.Getenv("PROC_HELPER"); part {
	case "":
		if signal.Ignored(syscall.SIGINT) { // tests in the background of a script: listening cures it, as in Signals
			signal.Notify(make(chan os.Signal, 1), syscall.SIGINT)
		}
		os.Exit(m.Run())
	case "count":
		countInterrupts()
	case "parent":
		runAndReport()
	case "signals":
		reportSignals()
	default:
		fmt.Fprintln(os.Stderr, "unknown part:", part)
		os.Exit(99)
	}
}

// helper is this test binary, playing a part.
func helper(t *testing.T, part string, args ...string) proc.Command {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// Built with the race detector, a program sleeps for a second when it exits.
	env := append(os.Environ(), "PROC_HELPER="+part, "GORACE=atexit_sleep_ms=0")
	return proc.Command{Argv: append([]string{self}, args...), Env: env}
}

// countInterrupts says "ready", then "interrupt" for each SIGINT; at the end of stdin it exits with 10 + their number.
func countInterrupts() {
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
			n++
			fmt.Println("interrupt")
		case <-ended:
			os.Exit(10 + n + len(interrupts))
		}
	}
}

// runAndReport stands for dot: it runs a shell script that inherits a flock on the file named first.
func runAndReport() {
	lock, err := os.OpenFile(os.Args[1], os.O_RDWR, 0)
	if err == nil {
		err = syscall.Flock(int(lock.Fd()), syscall.LOCK_EX)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(99)
	}
	exit, err := proc.Command{
		Argv: []string{"sh", "-c", os.Args[2]}, Stdin: os.Stdin, Stdout: os.Stdout, Inherit: []*os.File{lock},
	}.Run(context.Background())
	fmt.Println(exit, err)
}

// reportSignals runs a shell script with the context of Signals, and says how it and the context ended.
func reportSignals() {
	ctx, stop := proc.Signals(context.Background())
	exit, err := proc.Command{Argv: []string{"sh", "-c", os.Args[1]}, Stdin: os.Stdin, Stdout: os.Stdout}.Run(ctx)
	fmt.Println(exit, err, context.Cause(ctx))
	stop()
	fmt.Println("stopped")
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// lines is a pipe whose reading end hands out lines. It is a file, so commands write to it themselves.
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
