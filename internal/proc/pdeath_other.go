//go:build unix && !linux

package proc

import "syscall"

// tellWhenParentDies does nothing: only Linux (and FreeBSD, in its own way) has a parent-death signal.
func tellWhenParentDies(*syscall.SysProcAttr) {}

func noParentDeathSignal(*syscall.SysProcAttr) {}
