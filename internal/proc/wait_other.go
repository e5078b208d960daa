//go:build !linux

package proc

import "os/exec"

// wait reaps the command, then calls ended. Between the two, if its group is empty, its pid is free for a new process:
// microseconds, while systems hand out pids in turn or at random from tens of thousands. (waitid with WNOWAIT, which
// would close the gap, is not dependable on macOS: Go's own os package does without it there.)
func wait(cmd *exec.Cmd, ended func()) error { return waitThenEnd(cmd, ended) }
