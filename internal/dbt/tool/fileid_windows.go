package tool

import "io/fs"

// fileID returns "": on Windows a file's index needs an open handle, so size and time must do.
func fileID(fs.FileInfo) string { return "" }
