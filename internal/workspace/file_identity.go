package workspace

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// absent is the identity of a file that isn't there.
const absent = "absent"

// file is the identity of the file that a place's database is, "" for a database
// that is no file.
func (p Place) file() string {
	if p.Adapter != "duckdb" || !filepath.IsAbs(p.Database) {
		return ""
	}
	if _, err := os.Stat(p.Database); errors.Is(err, fs.ErrNotExist) {
		return absent
	}
	return fileIdentity(p.Database)
}

// isFile reports whether an entry was written to the file that is there now. One
// whose file has no identity is believed as long as there is a file.
func (e Entry) isFile(now string) bool {
	return e.File == now || e.File == "" && now != absent
}
