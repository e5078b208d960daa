//go:build unix

package proc

import (
	"os"
	"os/exec"
	"syscall"
)

// group is a running command and the process group that it leads, unless it is interactive.
type group struct {
	leader      *os.Process
	interactive bool
}

// prepare sets what the system must do between fork and exec. The group exists when Start returns: Go waits for exec.
func prepare(cmd *exec.Cmd, c Command) {
	cmd.ExtraFiles = c.Inherit
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: !c.Interactive}
	tellWhenParentDies(cmd.SysProcAttr)
}

func newGroup(leader *os.Process, interactive bool) *group {
	return &group{leader: leader, interactive: interactive}
}

func (g *group) interrupt() {
	if !g.interactive {
		g.signal(syscall.SIGINT)
	}
}

func (g *group) kill() {
	if g.interactive {
		_ = g.leader.Kill()
		return
	}
	g.signal(syscall.SIGKILL)
}

// release kills what the leader left behind in its group.
func (g *group) release() {
	if !g.interactive {
		g.signal(syscall.SIGKILL)
	}
}

// signal leaves out the error: ESRCH is a group with nobody left (EPERM on macOS, if only zombies are), and there is
// nothing to be done about a member that has become another user's.
//
// The group's id is the leader's pid. The system does not give that to a new process as long as the group has members
// (POSIX.1-2024, 3.268), so this can hit a stranger only after the leader was reaped and if the group is empty. See wait.
func (g *group) signal(s syscall.Signal) { _ = syscall.Kill(-g.leader.Pid, s) }
