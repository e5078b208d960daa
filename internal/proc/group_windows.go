package proc

import (
	"os"
	"os/exec"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

// group is a running command and a job object, which holds the command and what that starts.
// Compiled, never run.
type group struct {
	leader      *os.Process
	interactive bool
	job         windows.Handle // 0 if there is none
}

// prepare puts the command into a process group of its own, so that Ctrl-C does not reach it, but
// Ctrl-Break can.
func prepare(cmd *exec.Cmd, c Command) {
	if !c.Interactive {
		cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: windows.CREATE_NEW_PROCESS_GROUP}
	}
}

// newGroup makes a job that dies with this process. Locks can't be inherited on Windows, so no
// child may outlive the process that holds them. Processes that the command started before it was
// put into the job are not in the job.
func newGroup(leader *os.Process, interactive bool) *group {
	g := &group{leader: leader, interactive: interactive}
	job, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return g
	}
	var limits windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION
	limits.BasicLimitInformation.LimitFlags = windows.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE
	_, err = windows.SetInformationJobObject(job, windows.JobObjectExtendedLimitInformation,
		uintptr(unsafe.Pointer(&limits)), uint32(unsafe.Sizeof(limits)))
	if err == nil {
		err = assign(job, leader.Pid)
	}
	if err != nil {
		_ = windows.CloseHandle(job)
		return g
	}
	g.job = job
	return g
}

func assign(job windows.Handle, pid int) error {
	process, err := windows.OpenProcess(windows.PROCESS_SET_QUOTA|windows.PROCESS_TERMINATE, false, uint32(pid))
	if err != nil {
		return err
	}
	defer windows.CloseHandle(process)
	return windows.AssignProcessToJobObject(job, process)
}

// interrupt sends Ctrl-Break, the only event that can be sent to another group. Python ends on it
// at once, so dbt cancels no queries.
func (g *group) interrupt() {
	if !g.interactive {
		_ = windows.GenerateConsoleCtrlEvent(windows.CTRL_BREAK_EVENT, uint32(g.leader.Pid))
	}
}

func (g *group) kill() {
	if g.job == 0 || g.interactive {
		_ = g.leader.Kill()
		return
	}
	_ = windows.TerminateJobObject(g.job, signalled+uint32(syscall.SIGKILL))
}

// release closes the job, which kills the processes left in it.
func (g *group) release() {
	if g.job != 0 {
		_ = windows.CloseHandle(g.job)
	}
}
