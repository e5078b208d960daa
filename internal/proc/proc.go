// Package proc runs other programs and ends them: process groups, signals, kill and exit codes, on each system.
//
// It knows how a program is started, told to stop and waited for. It must not know which program that is: git and dbt
// have packages of their own.
//
// How a command is stopped: cancelling its context sends one SIGINT to its process group, and Run goes on waiting,
// because dbt cancels its queries and writes what it has when it gets one (and dies on the spot when it gets two).
// Closing the channel given to [WithKill] kills the group. [Signals] ties both to Ctrl-C.
//
// When this process is killed itself, on Linux its commands get SIGINT (the parent-death signal), on Windows they are
// killed with it; on other systems nobody tells them, but for those that a watcher tells (OnceOnly).
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

// leftOpen is how long Run waits, after the command has ended, for output from processes that left its group and hold
// its pipes open.
const leftOpen = time.Second

// Command is a program to run. Only Argv is a must.
type Command struct {
	Argv []string // a name without a slash is looked up in this process's PATH, not in Env's
	Dir  string   // "": this process's
	Env  []string // nil: inherited

	Stdin  io.Reader // nil: the null device
	Stdout io.Writer // nil: the null device; an *os.File is handed on as it is, so that a terminal stays one
	Stderr io.Writer // as Stdout

	// Inherit stays open in the command, as descriptor 3 and up: a flock on one lasts as long as the command does, even
	// when this process is killed. Ignored on Windows, which has no such thing.
	Inherit []*os.File

	// OnceOnly commands can't bear a second SIGINT right after the first, so that it is not left to the system to tell
	// them that this process was killed. It costs a shell. Interactive ones have no such choice.
	OnceOnly bool

	// Interactive commands share this process's group and so its terminal. They get the terminal's signals themselves:
	// Run sends them no SIGINT, and a kill ends only the command itself.
	Interactive bool
}

// Run starts the command, waits for it, and tells how it ended, whatever that was: a failed command is no error here.
// What it leaves running in its process group is killed.
//
// The error says that it could not be started (a [StartError], or ctx was done already and nothing was started), or
// that its output could not be written, in which case the Exit is valid too.
func (c Command) Run(ctx context.Context) (Exit, error) {
	if ctx.Err() != nil {
		return Exit{}, fmt.Errorf("%s was not started: %w", c.name(), context.Cause(ctx))
	}
	if len(c.Argv) == 0 {
		return Exit{}, &StartError{Reason: "no command was given"}
	}

	// Linux sends the parent-death signal when the *thread* that started the child ends (prctl(2)): keep it.
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
	watcher.Go(func() { g.obey(ctx, ended) })
	err := wait(cmd, func() {
		close(ended)
		watcher.Wait()
		g.release()
		w.stop()
	})
	return c.outcome(cmd, err)
}

// obey passes on what ctx says to the group, until the command has ended: at most one interrupt, and a kill.
func (g *group) obey(ctx context.Context, ended <-chan struct{}) {
	interrupt, kill := ctx.Done(), KillChannel(ctx)
	for {
		select {
		case <-ended:
			return
		case <-interrupt:
			interrupt = nil
			g.interrupt()
		case <-kill:
			g.kill()
			return
		}
	}
}

// outcome sorts what Wait returned: how the command ended is not an error, and neither are pipes that outlived it.
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

// name is what messages call the command: arguments may be long, and are not ours to show.
func (c Command) name() string {
	if len(c.Argv) == 0 {
		return "the command"
	}
	return c.Argv[0]
}

// waitThenEnd is wait for systems that can't tell that a command has ended without reaping it.
func waitThenEnd(cmd *exec.Cmd, ended func()) error {
	err := cmd.Wait()
	ended()
	return err
}
