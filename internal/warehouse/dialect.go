package warehouse

import (
	"strings"
)

// A dialect is how a database is asked.
type dialect struct {
	run         bool // by the tests
	functions   bool // exist finds functions, too
	oneDatabase bool // a connection sees no other database
	most        int  // relations in a query
	// exist returns, for each relation that is there, its number and kind, and about how many
	// rows it has, "" if the catalog doesn't know. nil: dbt's adapter looks the relations up, one
	// by one, and nothing is known of rows.
	exist func([]row) string
	// dependents returns rows of edges, see graph.go. nil: nothing hangs on a relation.
	dependents func([]row) string
	// searchPath returns a row for each schema in which SQL finds what it names without a
	// schema, in order. "": only the profile sets it.
	searchPath string
	// clone returns the statements that copy a table, by names in SQL. nil: that was never tried.
	clone func(from, to string) []string
	// schemas is how schemas are managed. nil: that was never tried.
	schemas *schemaDialect
}

// dialects are by dbt's name of the adapter. The others look up through the adapter,
// and what reads a relation there does so by name. dbt goes through a schema's
// relations for each one it looks up: 1,000 of 1,000 take it some seconds, and four
// times that for twice as many.
var dialects = map[string]dialect{
	"duckdb":   {run: true, functions: true, most: 10_000, exist: duckdbExist, clone: duckdbClone, schemas: duckdbSchemas},
	"postgres": {run: true, functions: true, oneDatabase: true, most: 10_000, exist: postgresExist, clone: postgresClone, dependents: postgresDependents, searchPath: "select s::text from unnest(pg_catalog.current_schemas(false)) as s", schemas: postgresSchemas},
	"redshift": {most: 1_000, dependents: redshiftDependents},
}

// duckdbExist looks in all databases that are attached. In names, DuckDB ignores the
// case of ASCII letters, and of no others.
func duckdbExist(rows []row) string {
	folded := func(column string) string {
		return "translate(" + column + ", 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')"
	}
	return `with r(n, d, s, i) as (` + values(rows, literal, row.number, row.database, row.schema, row.name) + `)
select r.n, t.kind, t.size
from (
select database_name as d, schema_name as s, table_name as i, 'table' as kind, cast(estimated_size as varchar) as size from duckdb_tables()
union
select database_name, schema_name, view_name, 'view', '' from duckdb_views()
union
select database_name, schema_name, function_name, 'function', '' from duckdb_functions() where function_type in ('macro', 'table_macro')
) as t
join r on ` + folded("r.d") + ` = ` + folded("t.d") + ` and ` + folded("r.s") + ` = ` + folded("t.s") + ` and ` + folded("r.i") + ` = ` + folded("t.i")
}

// postgresExist asks the catalog, since information_schema shows only what one may
// use. A name is cut as the server cuts it. Before PostgreSQL 14, reltuples is also 0 for a
// table that was never analyzed.
func postgresExist(rows []row) string {
	return `with r(n, s, i) as (` + values(rows, postgresLiteral, row.number, row.schema, row.name) + `)
select r.n, ` + postgresKind + ` as kind, case when c.reltuples > 0 then c.reltuples::bigint::text else '' end
from r
join pg_catalog.pg_namespace as s on s.nspname = r.s::name
join pg_catalog.pg_class as c on c.relnamespace = s.oid and c.relname = r.i::name and c.relkind in ` + postgresRelations + `
union
select r.n, 'function', ''
from r
join pg_catalog.pg_namespace as s on s.nspname = r.s::name
join pg_catalog.pg_proc as p on p.pronamespace = s.oid and p.proname = r.i::name`
}

const (
	// postgresRelations are what dbt or a person calls a relation.
	postgresRelations = "('r', 'p', 'v', 'm', 'f')"
	// postgresKind is the kind of such a relation c.
	postgresKind = "case c.relkind when 'v' then 'view' when 'm' then 'materialized view' when 'f' then 'foreign table' else 'table' end"
)

// values are rows of SQL.
func values(rows []row, literal func(string) string, columns ...func(row) string) string {
	out := make([]string, len(rows))
	for i, r := range rows {
		fields := make([]string, len(columns))
		for j, column := range columns {
			fields[j] = literal(column(r))
		}
		out[i] = "(" + strings.Join(fields, ", ") + ")"
	}
	return "values " + strings.Join(out, ", ")
}

func (r row) number() string   { return r.Number }
func (r row) database() string { return r.Database }
func (r row) schema() string   { return r.Schema }
func (r row) name() string     { return r.Name }

// literal is a text in standard SQL.
func literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// postgresLiteral is a text whatever standard_conforming_strings says.
func postgresLiteral(s string) string {
	if !strings.Contains(s, `\`) {
		return literal(s)
	}
	return "E" + literal(strings.ReplaceAll(s, `\`, `\\`))
}
