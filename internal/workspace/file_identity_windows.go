package workspace

import (
	"fmt"
	"os"
	"syscall"
)

// fileIdentity distinguishes a file from a later one of the same name, by the
// time of creation. It is "" for a missing file.
func fileIdentity(name string) string {
	info, err := os.Stat(name)
	if err != nil {
		return ""
	}
	if data, ok := info.Sys().(*syscall.Win32FileAttributeData); ok {
		return fmt.Sprint(data.CreationTime.Nanoseconds())
	}
	return ""
}
