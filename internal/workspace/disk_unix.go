//go:build unix

package workspace

import (
	"io/fs"
	"syscall"
)

// block is the unit of Stat_t.Blocks (stat(2)).
const block = 512

// onDisk returns the space that a file takes. several is set if it has more names than this one.
func onDisk(info fs.FileInfo) (size int64, id fileID, several bool) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return info.Size(), fileID{}, false
	}
	return stat.Blocks * block, fileID{uint64(stat.Dev), stat.Ino}, !info.IsDir() && stat.Nlink > 1 //nolint:unconvert // other types on macOS
}
