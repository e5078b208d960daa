package saves

import (
	"slices"
	"time"
)

// Quiet is how long no file may be saved before a round begins: editors save several files one after
// another, and git checkout changes many.
const Quiet = 300 * time.Millisecond

// gather passes on the paths that come in, once nothing has come for a while: each path once, in the
// order of the first time. It ends when in is closed.
func gather(in <-chan []string, quiet time.Duration, out chan<- []string) {
	timer := time.NewTimer(quiet)
	timer.Stop()
	defer timer.Stop()
	var paths []string
	var to chan<- []string // out, if it is quiet
	for {
		select {
		case more, ok := <-in:
			if !ok {
				return
			}
			paths, to = union(paths, more), nil
			timer.Reset(quiet)
		case <-timer.C:
			to = out
		case to <- paths:
			paths, to = nil, nil
		}
	}
}

// union appends the paths that a list doesn't have.
func union(paths, more []string) []string {
	for _, path := range more {
		if !slices.Contains(paths, path) {
			paths = append(paths, path)
		}
	}
	return paths
}
