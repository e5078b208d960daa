package proc

import (
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// tellWhenParentDies asks the system to send SIGINT to the command when the thread that starts it
// ends (prctl(2)). So dbt still cancels its queries when this process is killed. Go's fork checks
// getppid after the prctl, so it also notices a parent that died before.
//
// The command may get SIGINT more than once, microseconds apart: each dying thread hands the
// command over to another thread, which may be dying, too. git ends on the first. dbt 1.11 often
// hangs after two, until its queries end by themselves: see watcher.
func tellWhenParentDies(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGINT }

// noParentDeathSignal undoes tellWhenParentDies.
func noParentDeathSignal(attr *syscall.SysProcAttr) { attr.Pdeathsig = 0 }

// wait calls ended when the command has ended but is not reaped yet, so that its pid is still
// taken. Then it reaps the command.
func wait(cmd *exec.Cmd, ended func()) error {
	for {
		err := unix.Waitid(unix.P_PID, cmd.Process.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if err == unix.EINTR {
			continue
		}
		if err != nil { // in a sandbox that forbids waitid
			return waitThenEnd(cmd, ended)
		}
		ended()
		return cmd.Wait()
	}
}
