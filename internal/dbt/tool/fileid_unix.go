//go:build unix

package tool

import (
	"fmt"
	"io/fs"
	"syscall"
)

// fileID returns the device and inode of a file.
func fileID(info fs.FileInfo) string {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return fmt.Sprintf("%d:%d", stat.Dev, stat.Ino)
	}
	return ""
}
