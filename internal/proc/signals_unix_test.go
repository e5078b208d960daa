//go:build unix

package proc_test

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"testing"

	"dot-for-dbt/internal/proc"
)

// signalled runs a part with the context of Signals, after some shell code. It returns once the
// part is ready: the pid to send signals to, the output, and a channel with the final exit, which
// comes after release is closed.
func signalled(t *testing.T, before, part string) (pid int, out *lines, ended <-chan ending, release *os.File) {
	t.Helper()
	c := helper(t, "signals", part)
	c.Argv = append([]string{"sh", "-c", before + `; exec "$@"`, "sh"}, c.Argv...)
	stdin, release := pipe(t)
	out = newLines(t)
	c.Stdin, c.Stdout = stdin, out.file
	ended = start(t.Context(), c)
	pid, err := strconv.Atoi(out.next())
	if err != nil {
		t.Fatal(err)
	}
	out.want("ready")
	return pid, out, ended, release
}

func send(t *testing.T, pid int, s syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(pid, s); err != nil {
		t.Fatal(err)
	}
}

func TestFirstSignalCancels(t *testing.T) {
	for name, test := range map[string]struct {
		before string
		signal syscall.Signal
	}{
		"SIGINT":  {":", syscall.SIGINT},
		"SIGTERM": {":", syscall.SIGTERM},
		"SIGHUP":  {":", syscall.SIGHUP},
		// dot would hand on the signals that were ignored when it started.
		"an ignored SIGINT is cured": {"trap '' INT", syscall.SIGINT},
	} {
		t.Run(name, func(t *testing.T) {
			if test.signal == syscall.SIGHUP && signal.Ignored(test.signal) {
				t.Skip("the tests were started by nohup")
			}
			pid, out, ended, release := signalled(t, test.before, "graceful")
			send(t, pid, test.signal)
			out.want("interrupt")
			out.want("exit code 11 <nil> stopped by " + map[syscall.Signal]string{
				syscall.SIGINT: "SIGINT", syscall.SIGTERM: "SIGTERM", syscall.SIGHUP: "SIGHUP",
			}[test.signal])
			out.want("stopped")
			release.Close()
			(<-ended).want(t, proc.Exit{})
		})
	}
}

func TestSecondSignalKills(t *testing.T) {
	pid, out, ended, release := signalled(t, ":", "stubborn")
	send(t, pid, syscall.SIGINT)
	out.want("interrupt")
	send(t, pid, syscall.SIGTERM)
	out.want("killed by SIGKILL <nil> stopped by SIGINT")
	out.want("stopped")
	release.Close()
	(<-ended).want(t, proc.Exit{})
}

func TestAfterStopSignalsDoWhatTheyDid(t *testing.T) {
	pid, out, ended, _ := signalled(t, ":", "graceful")
	send(t, pid, syscall.SIGTERM)
	out.want("interrupt")
	out.want("exit code 11 <nil> stopped by SIGTERM")
	out.want("stopped")
	send(t, pid, syscall.SIGINT)
	(<-ended).want(t, proc.Exit{Code: 130, Signal: "SIGINT"})
}

func TestNohupIsRespected(t *testing.T) {
	pid, out, ended, release := signalled(t, "trap '' HUP", "graceful")
	send(t, pid, syscall.SIGHUP)
	send(t, pid, syscall.SIGINT)
	out.want("interrupt")
	out.want("exit code 11 <nil> stopped by SIGINT")
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
