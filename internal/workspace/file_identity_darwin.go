package workspace

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// fileIdentity distinguishes a file from a later one of the same name, by device,
// inode and time of creation. It is "" for a missing file.
func fileIdentity(name string) string {
	var s unix.Stat_t
	if err := unix.Stat(name, &s); err != nil {
		return ""
	}
	return fmt.Sprintf("%d %d %d.%09d", s.Dev, s.Ino, s.Btim.Sec, s.Btim.Nsec)
}
