package workspace

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// absent is the identity of a missing file.
const absent = "absent"

// file returns the identity of the place's database file, "" if the database is
// not a file.
func (p Place) file() string {
	if p.Adapter != "duckdb" || !filepath.IsAbs(p.Database) {
		return ""
	}
	if _, err := os.Stat(p.Database); errors.Is(err, fs.ErrNotExist) {
		return absent
	}
	return fileIdentity(p.Database)
}

// isFile reports whether an entry was written to the database file with the
// identity now. An entry without an identity is valid while any file exists.
func (e Entry) isFile(now string) bool {
	return e.File == now || e.File == "" && now != absent
}

// lostWith says how a relation was lost whose database file has the identity now.
func lostWith(file, now string) string {
	if now == absent {
		return "is gone with its database file " + file
	}
	return "was lost when its database file " + file + " was replaced"
}
