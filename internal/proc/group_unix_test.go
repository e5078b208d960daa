//go:build unix

package proc_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"testing"

	"dot-for-dbt/internal/proc"
)

const usr1 = int(syscall.SIGUSR1)

var usr1Name = "signal " + strconv.Itoa(usr1)

func TestCancelInterruptsOnce(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	out := newLines(t)
	stdin, input := pipe(t)
	c := helper(t, "stubborn")
	c.Stdin, c.Stdout = stdin, out.file
	ended := start(ctx, c)
	out.want("ready")
	cancel()
	out.want("interrupt")
	input.Close()
	(<-ended).want(t, proc.Exit{Code: 11})
}

func TestInterruptReachesTheWholeGroup(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	out := newLines(t)
	stdin, input := pipe(t)
	c := helper(t, "stubborn")
	c.Argv = append([]string{"sh", "-c", `trap : INT; "$@"; exit $?`, "sh"}, c.Argv...)
	c.Stdin, c.Stdout = stdin, out.file
	ended := start(ctx, c)
	out.want("ready")
	cancel()
	out.want("interrupt")
	input.Close()
	(<-ended).want(t, proc.Exit{Code: 11})
}

func TestInteractiveGetsNoInterrupt(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	out := newLines(t)
	stdin, input := pipe(t)
	c := helper(t, "stubborn")
	c.Stdin, c.Stdout, c.Interactive = stdin, out.file, true
	ended := start(ctx, c)
	out.want("ready")
	cancel()
	input.Close()
	(<-ended).want(t, proc.Exit{Code: 10})
}

func TestGroups(t *testing.T) {
	for name, interactive := range map[string]bool{"its own": false, "ours": true} {
		t.Run(name, func(t *testing.T) {
			out := newLines(t)
			stdin, release := pipe(t)
			c := sh("echo $$; read line")
			c.Stdin, c.Stdout, c.Interactive = stdin, out.file, interactive
			ended := start(t.Context(), c)
			pid, err := strconv.Atoi(out.next())
			if err != nil {
				t.Fatal(err)
			}
			group, err := syscall.Getpgid(pid)
			if want := map[bool]int{false: pid, true: syscall.Getpgrp()}[interactive]; err != nil || group != want {
				t.Errorf("its group is %d (%v), want %d", group, err, want)
			}
			release.WriteString("go\n")
			(<-ended).want(t, proc.Exit{})
		})
	}
}

func TestKillEndsTheGroup(t *testing.T) {
	kill := make(chan struct{})
	ctx, cancel := context.WithCancel(proc.WithKill(t.Context(), kill))
	out := newLines(t)
	stdin, _ := pipe(t)
	// Neither the shell nor its child reacts to SIGINT; the child would hold the pipe forever.
	c := sh(`trap '' INT; sh -c 'echo ready; cat /dev/fd/3'; echo not reached`)
	c.Stdout, c.Inherit = out.file, []*os.File{stdin}
	ended := start(ctx, c)
	out.want("ready")
	cancel()
	close(kill)
	(<-ended).want(t, proc.Exit{Code: 137, Signal: "SIGKILL"})
	endOf(t, out)
}

func TestKillEndsAnInteractiveCommand(t *testing.T) {
	kill := make(chan struct{})
	out := newLines(t)
	stdin, _ := pipe(t)
	c := sh(`echo ready; exec cat`)
	c.Stdin, c.Stdout, c.Interactive = stdin, out.file, true
	ended := start(proc.WithKill(t.Context(), kill), c)
	out.want("ready")
	close(kill)
	(<-ended).want(t, proc.Exit{Code: 137, Signal: "SIGKILL"})
}

func TestLeftoversAreKilled(t *testing.T) {
	out := newLines(t)
	stdin, _ := pipe(t)
	c := sh(`cat /dev/fd/3 & exit 5`)
	c.Stdout, c.Inherit = out.file, []*os.File{stdin}
	exit, err := c.Run(t.Context())
	ending{exit, err}.want(t, proc.Exit{Code: 5})
	endOf(t, out)
}

// endOf fails if another process still has the pipe open (it hangs until the test's deadline) or
// has written to it.
func endOf(t *testing.T, l *lines) {
	t.Helper()
	l.file.Close()
	if rest, err := l.read.ReadString('\n'); rest != "" {
		t.Errorf("it went on: %q, %v", rest, err)
	}
}

func TestPipeKeptOpenFromOutsideTheGroup(t *testing.T) {
	if _, err := proc.Output(t.Context(), sh("command -v setsid")); err != nil {
		t.Skip("setsid is not installed")
	}
	stdin, w := pipe(t)
	var out bytes.Buffer
	// The shell ends when the daemon reports that it has left the group.
	ready, say := pipe(t)
	c := sh(`setsid sh -c 'echo left >&5; read line <&3' & read line <&4; exit 6`)
	c.Stdout, c.Inherit = &out, []*os.File{stdin, ready, say}
	exit, err := c.Run(t.Context())
	ending{exit, err}.want(t, proc.Exit{Code: 6})
	w.Close() // lets the daemon end
}

// killParent kills the parent of a command that inherits a lock's file and ignores SIGINT. It
// returns the command's output, and a file that ends the command when closed.
func killParent(t *testing.T, kind, lock string) (out *lines, release *os.File) {
	t.Helper()
	out = newLines(t)
	stdin, release := pipe(t)
	c := helper(t, kind, lock, "stubborn")
	c.Stdin, c.Stdout = stdin, out.file
	ended := start(t.Context(), c)
	parent, err := strconv.Atoi(out.next())
	if err != nil {
		t.Fatal(err)
	}
	out.want("ready")
	send(t, parent, syscall.SIGKILL)
	(<-ended).want(t, proc.Exit{Code: 137, Signal: "SIGKILL"})
	return out, release
}

// A parent killed with SIGKILL can do nothing any more. The lock it handed on lasts as long as the
// command does. On Linux the command gets a SIGINT.
func TestParentKilled(t *testing.T) {
	lockFile := t.TempDir() + "/lock"
	lock, err := os.Create(lockFile)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	out, release := killParent(t, "parent", lockFile)

	fd := int(lock.Fd())
	if err := syscall.Flock(fd, syscall.LOCK_EX|syscall.LOCK_NB); !errors.Is(err, syscall.EWOULDBLOCK) {
		t.Errorf("the lock is not held by the command: %v", err)
	}
	if runtime.GOOS == "linux" {
		out.want("interrupt")
	}
	release.Close()
	if err := syscall.Flock(fd, syscall.LOCK_EX); err != nil {
		t.Error(err)
	}
}

// A command that must be told only once gets one SIGINT when its parent is killed, and none if it
// ended before.
func TestParentKilledTellsOnce(t *testing.T) {
	lock := t.TempDir() + "/lock"
	if err := os.WriteFile(lock, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	out, release := killParent(t, "once-parent", lock)
	out.want("interrupt")
	release.Close()
	endOf(t, out)
}

// A command that must be told only once, and was interrupted, isn't told again when its parent is killed.
func TestParentKilledAfterInterrupt(t *testing.T) {
	out := newLines(t)
	stdin, release := pipe(t)
	c := helper(t, "once-signals", "stubborn")
	c.Stdin, c.Stdout = stdin, out.file
	ended := start(t.Context(), c)
	parent, err := strconv.Atoi(out.next())
	if err != nil {
		t.Fatal(err)
	}
	out.want("ready")
	send(t, parent, syscall.SIGINT)
	out.want("interrupt")
	send(t, parent, syscall.SIGKILL)
	(<-ended).want(t, proc.Exit{Code: 137, Signal: "SIGKILL"})
	release.Close()
	endOf(t, out)
}
