package workspace

import (
	"io/fs"
	"path/filepath"
)

// DiskUsage returns how many bytes the files below a directory take on the disk. Files that it can't
// look at don't count, and a file with several names counts once.
func DiskUsage(dir string) int64 {
	var total int64
	seen := map[fileID]bool{}
	_ = filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil {
			return nil //nolint:nilerr // what can be seen counts
		}
		info, err := entry.Info()
		if err != nil {
			return nil //nolint:nilerr // removed meanwhile
		}
		size, id, several := onDisk(info)
		if !several || !seen[id] {
			total += size
		}
		if several {
			seen[id] = true
		}
		return nil
	})
	return total
}

// fileID identifies a file that has several names.
type fileID struct{ device, inode uint64 }
