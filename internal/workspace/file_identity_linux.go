package workspace

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// fileIdentity distinguishes a file from a later one of the same name, by device,
// inode and time of creation (file systems reuse inodes). It is "" for a missing
// file, and on file systems without a time of creation.
func fileIdentity(name string) string {
	var s unix.Statx_t
	err := unix.Statx(unix.AT_FDCWD, name, unix.AT_STATX_SYNC_AS_STAT, unix.STATX_INO|unix.STATX_BTIME, &s)
	if err != nil || s.Mask&unix.STATX_BTIME == 0 {
		return ""
	}
	return fmt.Sprintf("%d:%d %d %d.%09d", s.Dev_major, s.Dev_minor, s.Ino, s.Btime.Sec, s.Btime.Nsec)
}
