package workspace

import (
	"fmt"
	"os"
	"syscall"
)

// fileIdentity tells a file from one that is made in its place later, by when
// it was created. It is "" for a file that isn't there.
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
