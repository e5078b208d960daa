package workspace

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
)

// A Place is a schema: where relations lie. The same place is always spelled the
// same way: whoever makes one folds names as the adapter does when it compares
// them.
type Place struct {
	Adapter  string `json:"adapter"`
	Host     string `json:"host"` // or account; "" for a database that is a file
	Database string `json:"database"`
	Schema   string `json:"schema"`
}

// ID is a digest of the place, for names of files and locks.
func (p Place) ID() string {
	return digestOf(p.Adapter, p.Host, p.Database, p.Schema)
}

// database is a digest of the database that the place lies in.
func (p Place) database() string { return digestOf(p.Adapter, p.Host, p.Database) }

func digestOf(fields ...string) string {
	var b []byte
	for _, field := range fields {
		b = append(strconv.AppendInt(b, int64(len(field)), 10), ':')
		b = append(b, field...)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:10])
}

// A Relation is a table, a view or a function in the warehouse. Its name is
// folded as its place is.
type Relation struct {
	Place Place  `json:"place"`
	Name  string `json:"name"`
}

// Spelling is a relation as dbt names it.
type Spelling struct {
	Database string `json:"database,omitempty"`
	Schema   string `json:"schema,omitempty"`
	Name     string `json:"name,omitempty"`
	SQL      string `json:"sql"` // the whole name as it stands in SQL
}
