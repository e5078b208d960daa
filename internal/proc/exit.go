package proc

import (
	"fmt"
	"os"
	"syscall"
)

// Exit is how a command ended.
type Exit struct {
	Code   int    // 128+n for a signal, as shells do
	Signal string // the signal that killed it ("SIGKILL"), "" if it ended by itself
}

// OK tells whether the command ended by itself, with exit code 0.
func (e Exit) OK() bool { return e == Exit{} }

// String reads "exit code 2" or "killed by SIGKILL".
func (e Exit) String() string {
	if e.Signal != "" {
		return "killed by " + e.Signal
	}
	return fmt.Sprintf("exit code %d", e.Code)
}

// Killed is the exit of a command that a signal ended.
func Killed(s syscall.Signal) Exit {
	return Exit{Code: signalled + int(s), Signal: signalName(s)}
}

func exitOf(state *os.ProcessState) Exit {
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return Killed(status.Signal())
	}
	return Exit{Code: state.ExitCode()}
}

// signalled is what shells add to a signal's number to make an exit code of it (POSIX leaves it at "more than 128").
const signalled = 128

// signalNames holds the signals that Go defines on every system; syscall.Signal.String has only sentences ("killed").
var signalNames = map[syscall.Signal]string{
	syscall.SIGHUP: "SIGHUP", syscall.SIGINT: "SIGINT", syscall.SIGQUIT: "SIGQUIT", syscall.SIGILL: "SIGILL",
	syscall.SIGTRAP: "SIGTRAP", syscall.SIGABRT: "SIGABRT", syscall.SIGBUS: "SIGBUS", syscall.SIGFPE: "SIGFPE",
	syscall.SIGKILL: "SIGKILL", syscall.SIGSEGV: "SIGSEGV", syscall.SIGPIPE: "SIGPIPE", syscall.SIGALRM: "SIGALRM",
	syscall.SIGTERM: "SIGTERM",
}

func signalName(s syscall.Signal) string {
	if name, ok := signalNames[s]; ok {
		return name
	}
	return fmt.Sprintf("signal %d", int(s))
}
