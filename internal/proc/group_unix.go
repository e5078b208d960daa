//go:build unix

package proc

import (
	"os"
	"os/exec"
	"syscall"
)

// group is a running command and its process group. Unless the command is interactive, it leads
// that group.
type group struct {
	leader      *os.Process
	interactive bool
}

// prepare sets what the system does between fork and exec. The group exists when Start returns,
// since Go waits for exec.
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

// release kills what is left in the group once its leader has ended.
func (g *group) release() {
	if !g.interactive {
		g.signal(syscall.SIGKILL)
	}
}

// signal ignores errors. ESRCH means an empty group (on macOS, EPERM means only zombies), and
// nothing can be done about a member that now belongs to another user.
//
// The group's id is the leader's pid. The system gives that to no new process while the group has
// members (POSIX.1-2024, 3.268). So a signal can hit a stranger only if the leader was reaped and
// the group is empty. See wait.
func (g *group) signal(s syscall.Signal) { _ = syscall.Kill(-g.leader.Pid, s) }
