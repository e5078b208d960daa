package workspace

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// farAway is the offset of the byte that is locked: locks on Windows keep
// others from reading what is locked, and the holder's name at the start of
// the file is there to be read.
const farAway = 1 << 30

// tryLock locks f unless another process holds a conflicting lock (LockFileEx).
// It was compiled, not run.
func tryLock(f *os.File, shared bool) (bool, error) {
	flags := uint32(windows.LOCKFILE_FAIL_IMMEDIATELY)
	if !shared {
		flags |= windows.LOCKFILE_EXCLUSIVE_LOCK
	}
	err := windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, &windows.Overlapped{Offset: farAway})
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, windows.ERROR_LOCK_VIOLATION), errors.Is(err, windows.ERROR_IO_PENDING):
		return false, nil
	}
	return false, os.NewSyscallError("LockFileEx", err)
}
