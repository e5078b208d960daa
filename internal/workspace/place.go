package workspace

import (
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"
	"strconv"
	"strings"
)

// A Place is a schema in a warehouse. Its names are folded as the adapter
// compares them, so that one schema is always spelled the same way.
type Place struct {
	Adapter  string `json:"adapter"`
	Host     string `json:"host"` // or account; "" if the database is a file
	Database string `json:"database"`
	Schema   string `json:"schema"`
}

// ID returns a digest of the place, for names of files and locks.
func (p Place) ID() string {
	return digestOf(p.Adapter, p.Host, p.Database, p.Schema)
}

// InMemory reports whether the place is in a DuckDB database that ends with the
// process that has it.
func (p Place) InMemory() bool {
	return p.Adapter == "duckdb" && strings.HasPrefix(p.Database, ":memory:")
}

// IsFile reports whether the place is in a database that is a file on this machine.
func (p Place) IsFile() bool { return p.Adapter == "duckdb" && filepath.IsAbs(p.Database) }

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
// folded, too.
type Relation struct {
	Place Place  `json:"place"`
	Name  string `json:"name"`
}

// A Spelling is a relation's name as dbt writes it.
type Spelling struct {
	Database string `json:"database,omitempty"`
	Schema   string `json:"schema,omitempty"`
	Name     string `json:"name,omitempty"`
	SQL      string `json:"sql"` // the whole name in SQL
}
