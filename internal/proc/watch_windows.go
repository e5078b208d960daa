package proc

import "os/exec"

// watcher is not needed here: what this process started is killed with it.
type watcher struct{}

func (Command) watch(*exec.Cmd) *watcher { return nil }
func (*watcher) guard(int)               {}
func (*watcher) stop()                   {}
