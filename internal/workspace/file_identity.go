package workspace

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// absent is the identity of a missing file.
const absent = "absent"

// inMemory is the identity of a database that is not a file and ends with its
// process.
const inMemory = "in memory"

// fileOf returns the identity of a place's database file, "" if the database is not a
// file.
func (w *Workspace) fileOf(p Place) string {
	p.Database = w.Reveal(p.Database)
	if p.InMemory() {
		return inMemory
	}
	if p.Adapter != "duckdb" || !filepath.IsAbs(p.Database) {
		return ""
	}
	if _, err := os.Stat(p.Database); errors.Is(err, fs.ErrNotExist) {
		return absent
	}
	return fileIdentity(p.Database)
}

// isFile reports whether an entry was written to the database file with the
// identity now. An entry without an identity is valid while any file exists. Nothing
// is left in a database in memory.
func (e Entry) isFile(now string) bool {
	return now != inMemory && (e.File == now || e.File == "" && now != absent)
}

// lostWith says how a relation at the place was lost. now is the present identity of
// the place's database file.
func (p Place) lostWith(now string) string {
	switch now {
	case inMemory:
		return "is gone, since its database was in memory"
	case absent:
		return "is gone with its database file " + p.Database
	}
	return "was lost when its database file " + p.Database + " was replaced"
}
