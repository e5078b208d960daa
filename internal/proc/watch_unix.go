//go:build unix

package proc

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

// A watcher is a shell that waits for the end of this process. It then sends one SIGINT to the
// process group that it guards. A nil watcher does nothing.
type watcher struct {
	cmd   *exec.Cmd
	input *os.File // our end of its standard input, which the system closes if we are killed
	over  bool     // it was stopped
}

// watching reads the group's id. Then it reads either a line, which means that nothing is left to
// do, or end of input.
const watching = `trap '' HUP INT TERM; read -r group && ! read -r _ && kill -s INT -- "-$group"`

// watch starts a watcher for cmd, before cmd starts, if cmd must be told only once. Without a
// shell, cmd gets the parent-death signal like others.
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
	w.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // the terminal's signals must not reach it
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
		fmt.Fprintln(w.input, group) // an error means that the watcher is gone
	}
}

// stop ends the watcher. It may be called twice, one after the other.
func (w *watcher) stop() {
	if w == nil || w.over {
		return
	}
	w.over = true
	fmt.Fprintln(w.input, "over") // an error means that the watcher is gone
	w.input.Close()
	_ = w.cmd.Wait() // its exit code means nothing
}
