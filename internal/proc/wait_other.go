//go:build !linux

package proc

import "os/exec"

// wait reaps the command, then calls ended. Between the two, if the group is empty, a new process
// may get its pid. That takes microseconds, and systems assign pids in turn or at random from tens
// of thousands. (waitid with WNOWAIT would close the gap, but is not dependable on macOS: Go's own
// os package avoids it there.)
func wait(cmd *exec.Cmd, ended func()) error { return waitThenEnd(cmd, ended) }
