//go:build unix

package proc

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

// A watcher is a shell that waits for the end of this process and then sends one SIGINT to the process group that it
// guards. Nil is none.
type watcher struct {
	cmd   *exec.Cmd
	input *os.File // our end of its standard input, which the system closes if we are killed
}

// watching reads the group, and then either a line, when there is nothing left to do, or the end of input.
const watching = `trap '' HUP INT TERM; read -r group && ! read -r _ && kill -s INT -- "-$group"`

// watch starts a watcher for cmd, which is about to be started, if it is one that must be told once only. Without a
// shell it is told as others are.
func (c Command) watch(cmd *exec.Cmd) *watcher {
	if !c.OnceOnly || c.Interactive {
		return nil
	}
	input, ours, err := os.Pipe()
	if err != nil {
		return nil
	}
	defer input.Close()
	w := &watcher{cmd: exec.Command("/bin/sh", "-c", watching), input: ours}
	w.cmd.Stdin = input
	w.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // what is typed at the terminal is not for it
	if err := w.cmd.Start(); err != nil {
		ours.Close()
		return nil
	}
	noParentDeathSignal(cmd.SysProcAttr)
	return w
}

// guard tells the watcher which group to guard.
func (w *watcher) guard(group int) {
	if w != nil {
		fmt.Fprintln(w.input, group) // one that is gone guards nothing
	}
}

// stop ends the watcher.
func (w *watcher) stop() {
	if w == nil {
		return
	}
	fmt.Fprintln(w.input, "over") // one that is gone is over
	w.input.Close()
	_ = w.cmd.Wait() // it has nothing to say
}
