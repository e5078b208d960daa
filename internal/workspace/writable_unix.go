//go:build unix

package workspace

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// CheckWritable says why this user can't write to a file, or make files in a directory; nil if it can.
func CheckWritable(name string) error {
	mode := uint32(unix.W_OK)
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	if info.IsDir() {
		mode |= unix.X_OK
	}
	err = unix.Faccessat(unix.AT_FDCWD, name, mode, unix.AT_EACCESS)
	if err == nil {
		return nil
	}
	fixed := &FixedError{Err: err}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok && int(stat.Uid) != os.Geteuid() {
		fixed.Foreign, fixed.Owner = true, int(stat.Uid)
	}
	return fixed
}
