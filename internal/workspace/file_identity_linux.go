package workspace

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// fileIdentity tells a file from one that is made in its place later: device,
// inode and birth, since a file system uses inodes again. It is "" for a file
// that isn't there, and where the file system keeps no time of birth.
func fileIdentity(name string) string {
	var s unix.Statx_t
	err := unix.Statx(unix.AT_FDCWD, name, unix.AT_STATX_SYNC_AS_STAT, unix.STATX_INO|unix.STATX_BTIME, &s)
	if err != nil || s.Mask&unix.STATX_BTIME == 0 {
		return ""
	}
	return fmt.Sprintf("%d:%d %d %d.%09d", s.Dev_major, s.Dev_minor, s.Ino, s.Btime.Sec, s.Btime.Nsec)
}
