package proc

import (
	"fmt"
	"os"
	"syscall"
)

// Exit is how a command ended.
type Exit struct {
	Code   int    // 128+n for a signal, as shells do
	Signal string // the signal that killed it ("SIGKILL"), "" if none did
}

// OK reports whether the command ended by itself, with exit code 0.
func (e Exit) OK() bool { return e == Exit{} }

// String reads "exit code 2" or "killed by SIGKILL".
func (e Exit) String() string {
	if e.Signal != "" {
		return "killed by " + e.Signal
	}
	return fmt.Sprintf("exit code %d", e.Code)
}

// Killed is the exit of a command that a signal killed.
func Killed(s syscall.Signal) Exit {
	return Exit{Code: signalled + int(s), Signal: signalName(s)}
}

func exitOf(state *os.ProcessState) Exit {
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return Killed(status.Signal())
	}
	return Exit{Code: state.ExitCode()}
}

// signalled plus a signal's number is the exit code in shells (POSIX only says "more than 128").
const signalled = 128

// signalNames has the signals that Go defines on every system. syscall.Signal.String returns only
// phrases ("killed").
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
