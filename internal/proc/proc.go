// Package proc runs other programs and stops them: process groups, signals, kills and exit codes,
// on each system.
//
// It knows how to start a program, ask it to stop, and wait for it. It must not know which program
// that is: git and dbt have packages of their own.
//
// How a command is stopped: cancelling its context sends one SIGINT to its process group, and Run
// keeps waiting. dbt then cancels its queries and writes its results. (dbt dies at once if it gets
// two.) Closing the channel given to [WithKill] kills the group. [Signals] ties both to Ctrl-C.
//
// What happens when this process itself is killed: on Linux its commands get SIGINT (the
// parent-death signal). On Windows they are killed with it. On other systems only OnceOnly commands
// are told, by a watcher.
//
// Linux has been run; macOS and Windows have only been compiled.
package proc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"time"
)

// leftOpen is how long Run waits for output after the command has ended. Processes that left its
// group may still hold its pipes open.
const leftOpen = time.Second

// Command is a program to run. Only Argv is required.
type Command struct {
	Argv []string // a name without a slash is searched in this process's PATH, not in Env's
	Dir  string   // "": this process's directory
	Env  []string // nil: inherited

	Stdin  io.Reader // nil: the null device
	Stdout io.Writer // nil: the null device; the command gets an *os.File itself, so that a terminal stays one
	Stderr io.Writer // like Stdout

	// Inherit stays open in the command, as descriptor 3 and up. A flock on such a file lasts as
	// long as the command does, even when this process is killed. Windows has no such thing, and
	// ignores it.
	Inherit []*os.File

	// OnceOnly commands can't bear a second SIGINT right after the first. So a watcher, and not the
	// system, tells them that this process was killed. That costs a shell process. It has no effect
	// on Interactive commands.
	OnceOnly bool

	// Interactive commands share this process's group and so its terminal, whose signals reach them
	// directly. So Run sends them no SIGINT, and a kill ends only the command itself.
	Interactive bool
}

// Run starts the command, waits for it, and returns how it ended. A failed command is no error
// here. Run then kills the processes left in its process group.
//
// The error says that it could not be started (a [StartError], or ctx was done before the start),
// or that its output could not be written. In the latter case the Exit is valid, too.
func (c Command) Run(ctx context.Context) (Exit, error) {
	if ctx.Err() != nil {
		return Exit{}, fmt.Errorf("%s was not started: %w", c.name(), context.Cause(ctx))
	}
	if len(c.Argv) == 0 {
		return Exit{}, &StartError{Reason: "no command was given"}
	}

	// Linux sends the parent-death signal when the *thread* that started the child ends (prctl(2)):
	// keep the thread.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()

	cmd := exec.Command(c.Argv[0], c.Argv[1:]...)
	cmd.Dir, cmd.Env = c.Dir, c.Env
	cmd.Stdin, cmd.Stdout, cmd.Stderr = c.Stdin, c.Stdout, c.Stderr
	cmd.WaitDelay = leftOpen
	prepare(cmd, c)
	w := c.watch(cmd)
	if err := cmd.Start(); err != nil {
		w.stop()
		return Exit{}, c.startError(cmd.Path, err)
	}
	w.guard(cmd.Process.Pid)

	g := newGroup(cmd.Process, c.Interactive)
	ended := make(chan struct{})
	var watcher sync.WaitGroup
	// A command that was interrupted isn't told again if this process is killed afterwards.
	watcher.Go(func() { g.obey(ctx, ended, w.stop) })
	err := wait(cmd, func() {
		close(ended)
		watcher.Wait()
		g.release()
		w.stop()
	})
	exit, err := c.outcome(cmd, err)
	if c.Interactive && err == nil && !exit.OK() {
		// Ctrl-C reaches the command directly. It may end before this process has handled
		// the same signal.
		select {
		case <-ctx.Done():
		case <-time.After(sameSignal):
		}
	}
	return exit, err
}

// sameSignal is how long Run waits for ctx to end after an interactive command has failed.
const sameSignal = 250 * time.Millisecond

// obey passes ctx's end on to the group until the command has ended: at most one interrupt, and one
// kill. It calls interrupted after the interrupt.
func (g *group) obey(ctx context.Context, ended <-chan struct{}, interrupted func()) {
	interrupt, kill := ctx.Done(), KillChannel(ctx)
	for {
		select {
		case <-ended:
			return
		case <-interrupt:
			interrupt = nil
			g.interrupt()
			interrupted()
		case <-kill:
			g.kill()
			return
		}
	}
}

// outcome sorts the errors of Wait. How the command ended is not an error, nor are pipes that stay
// open after it.
func (c Command) outcome(cmd *exec.Cmd, err error) (Exit, error) {
	if cmd.ProcessState == nil {
		return Exit{}, fmt.Errorf("waiting for %s: %w", c.name(), err)
	}
	exit := exitOf(cmd.ProcessState)
	if failed := (*exec.ExitError)(nil); err == nil || errors.As(err, &failed) || errors.Is(err, exec.ErrWaitDelay) {
		return exit, nil
	}
	return exit, fmt.Errorf("passing on the output of %s: %w", c.name(), err)
}

// name is the command's name in messages. Arguments may be long or private, so they are left out.
func (c Command) name() string {
	if len(c.Argv) == 0 {
		return "the command"
	}
	return c.Argv[0]
}

// waitThenEnd is wait on systems that can't report the end of a command without reaping it.
func waitThenEnd(cmd *exec.Cmd, ended func()) error {
	err := cmd.Wait()
	ended()
	return err
}
