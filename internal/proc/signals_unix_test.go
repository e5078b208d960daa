//go:build unix

package proc_test

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"syscall"
	"testing"

	"dot-for-dbt/internal/proc"
)

const parentDeathIsTold = runtime.GOOS == "linux"

// signalled runs this test binary with the context of Signals; before is shell code that runs first. It returns the
// program's pid and output once its command has said "ready", and what waits for its end.
func signalled(t *testing.T, before, command string) (pid int, out *lines, ended <-chan ending, release *os.File) {
	t.Helper()
	c := helper(t, "signals", command)
	c.Argv = append([]string{"sh", "-c", before + `; echo $$; exec "$@"`, "sh"}, c.Argv...)
	stdin, w := pipe(t)
	out = newLines(t)
	c.Stdin, c.Stdout = stdin, out.file
	ended = start(t.Context(), c)
	pid, err := strconv.Atoi(out.next())
	if err != nil {
		t.Fatal(err)
	}
	out.want("ready")
	return pid, out, ended, w
}

func send(t *testing.T, pid int, s syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(pid, s); err != nil {
		t.Fatal(err)
	}
}

// graceful ends by itself when interrupted; stubborn never does.
const (
	graceful = `trap 'echo interrupted; exit 7' INT; echo ready; while :; do read line; done`
	stubborn = `trap 'echo interrupted' INT; echo ready; while :; do read line; done`
)

func TestFirstSignalCancels(t *testing.T) {
	for name, test := range map[string]struct {
		before string
		signal syscall.Signal
	}{
		"SIGINT":  {":", syscall.SIGINT},
		"SIGTERM": {":", syscall.SIGTERM},
		"SIGHUP":  {":", syscall.SIGHUP},
		// What dot was started with, it would hand on.
		"an ignored SIGINT is cured": {"trap '' INT", syscall.SIGINT},
	} {
		t.Run(name, func(t *testing.T) {
			if test.signal == syscall.SIGHUP && signal.Ignored(test.signal) {
				t.Skip("the tests were started by nohup")
			}
			pid, out, ended, release := signalled(t, test.before, graceful)
			send(t, pid, test.signal)
			out.want("interrupted")
			out.want("exit code 7 <nil> stopped by " + map[syscall.Signal]string{
				syscall.SIGINT: "SIGINT", syscall.SIGTERM: "SIGTERM", syscall.SIGHUP: "SIGHUP",
			}[test.signal])
			out.want("stopped")
			release.Close()
			(<-ended).want(t, proc.Exit{})
		})
	}
}

func TestSecondSignalKills(t *testing.T) {
	pid, out, ended, release := signalled(t, ":", stubborn)
	send(t, pid, syscall.SIGINT)
	out.want("interrupted")
	send(t, pid, syscall.SIGTERM)
	out.want("killed by SIGKILL <nil> stopped by SIGINT")
	out.want("stopped")
	release.Close()
	(<-ended).want(t, proc.Exit{})
}

func TestAfterStopSignalsDoWhatTheyDid(t *testing.T) {
	pid, out, ended, _ := signalled(t, ":", "echo ready")
	out.want("exit code 0 <nil> <nil>")
	out.want("stopped")
	send(t, pid, syscall.SIGINT)
	(<-ended).want(t, proc.Exit{Code: 130, Signal: "SIGINT"})
}

func TestNohupIsRespected(t *testing.T) {
	pid, out, ended, release := signalled(t, "trap '' HUP", graceful)
	send(t, pid, syscall.SIGHUP)
	send(t, pid, syscall.SIGINT)
	out.want("interrupted")
	out.want("exit code 7 <nil> stopped by SIGINT")
	out.want("stopped")
	release.Close()
	(<-ended).want(t, proc.Exit{})
}

func TestStopCancels(t *testing.T) {
	ctx, stop := proc.Signals(t.Context())
	if ctx.Err() != nil {
		t.Error("cancelled before anything happened")
	}
	stop()
	stop()
	if !errors.Is(context.Cause(ctx), context.Canceled) {
		t.Errorf("got %v", context.Cause(ctx))
	}
}

func TestSignalError(t *testing.T) {
	err := &proc.SignalError{Signal: syscall.SIGINT}
	if !errors.Is(err, context.Canceled) || err.Code() != 130 || err.Error() != "stopped by SIGINT" {
		t.Errorf("got %v, %d", err, err.Code())
	}
}
