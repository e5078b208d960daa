//go:build unix

package e2e

import (
	"fmt"
	"strings"

	"github.com/google/go-cmp/cmp"
)

// schemas lists the schemas in the warehouse that a project could have created.
func (s *shop) schemas() []string {
	s.t.Helper()
	var names []string
	for _, row := range s.query(`select distinct schema_name from information_schema.schemata
		where schema_name not in ('main', 'public', 'information_schema', 'pg_catalog', 'pg_toast') order by 1`) {
		names = append(names, row[0])
	}
	return names
}

// wantSchemas compares the schemas in the warehouse.
func (s *shop) wantSchemas(want ...string) {
	s.t.Helper()
	if diff := cmp.Diff(want, s.schemas()); diff != "" {
		s.t.Errorf("schemas in the warehouse (-want +got):\n%s", diff)
	}
}

// touch makes an empty warehouse, since a DuckDB file only exists once somebody has opened it.
// The file is of a version that the older DuckDB of dbt 2 reads, too.
func (s *shop) touch() {
	s.t.Helper()
	if db, ok := s.warehouse.(duckDB); ok {
		s.must(s.commandIn(s.dir, db.python, "-c", "import duckdb, sys; duckdb.connect().execute(f\"attach '{sys.argv[1]}' (storage_version 'v1.0.0')\").close()", db.path))
	}
}

// table returns the content of a schema: each row of each table and view as text.
func (s *shop) table(schema string) []string {
	s.t.Helper()
	names := s.query("select table_name from information_schema.tables where table_schema = '" + schema + "' order by 1")
	if len(names) == 0 {
		return nil
	}
	var parts []string
	for _, name := range names {
		parts = append(parts, fmt.Sprintf("select '%s ' || cast(t as varchar) as line from %s.%s as t", name[0], schema, name[0]))
	}
	var rows []string
	for _, row := range s.query(strings.Join(parts, " union all ") + " order by line") {
		rows = append(rows, row[0])
	}
	return rows
}
