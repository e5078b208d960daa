package workspace

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// fileIdentity tells a file from one that is made in its place later: device,
// inode and birth. It is "" for a file that isn't there.
func fileIdentity(name string) string {
	var s unix.Stat_t
	if err := unix.Stat(name, &s); err != nil {
		return ""
	}
	return fmt.Sprintf("%d %d %d.%09d", s.Dev, s.Ino, s.Btim.Sec, s.Btim.Nsec)
}
