package proc

import (
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// tellWhenParentDies asks for a SIGINT to the command when the thread that starts it ends (prctl(2)): when this process
// is killed, dbt still cancels its queries. Go's fork checks getppid after the prctl, so a parent that died before it is
// noticed too.
//
// The command may get it more than once, microseconds apart: each dying thread leaves it to one that is dying as well.
// git ends on the first; dbt 1.11 often hangs after two, until its queries end by themselves: see watcher.
func tellWhenParentDies(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGINT }

// noParentDeathSignal takes that back.
func noParentDeathSignal(attr *syscall.SysProcAttr) { attr.Pdeathsig = 0 }

// wait calls ended when the command has ended but is not reaped yet, so that its pid is still its own, then reaps it.
func wait(cmd *exec.Cmd, ended func()) error {
	for {
		err := unix.Waitid(unix.P_PID, cmd.Process.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if err == unix.EINTR {
			continue
		}
		if err != nil { // a sandbox that forbids waitid
			return waitThenEnd(cmd, ended)
		}
		ended()
		return cmd.Wait()
	}
}
