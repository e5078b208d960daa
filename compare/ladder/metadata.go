package ladder

import "strings"

// The queries for what the database knows of relations. Each returns a row a
// column, in order, with: the relation's number, its kind, "no" if it is known
// that it can't be read, the column and its type, both NULL where there is no
// column. A relation that isn't there has no row.

// duckdbMetadata looks in all databases that are attached.
func duckdbMetadata(relations []lookup) string {
	return `select r.n, t.kind, 'yes' as readable, c.column_name, c.data_type
from (values ` + values(relations) + `) as r(n, d, s, i)
join (
select database_name, schema_name, table_name as name, 'table' as kind from duckdb_tables()
union all
select database_name, schema_name, view_name as name, 'view' as kind from duckdb_views()
) as t on lower(t.database_name) = lower(r.d) and lower(t.schema_name) = lower(r.s) and lower(t.name) = lower(r.i)
left join duckdb_columns() as c on c.database_name = t.database_name and c.schema_name = t.schema_name and c.table_name = t.name
order by r.n, c.column_index`
}

// postgresMetadata asks the catalog, since information_schema does not show what
// one may not read. A name is cut as the server cuts it. A collation for which
// different texts are equal is shown with the type, which makes it another one.
func postgresMetadata(relations []lookup) string {
	return `select r.n,
case c.relkind when 'v' then 'view' when 'm' then 'materialized view' when 'f' then 'foreign table' else 'table' end as kind,
case when has_schema_privilege(n.oid, 'usage') and (has_table_privilege(c.oid, 'select') or has_any_column_privilege(c.oid, 'select')) then 'yes' else 'no' end as readable,
a.attname::text as name,
format_type(a.atttypid, a.atttypmod) || case when l.collisdeterministic then '' else coalesce(' collate ' || quote_ident(l.collname), '') end as type
from (values ` + values(relations) + `) as r(n, d, s, i)
join pg_catalog.pg_namespace as n on n.nspname = r.s::name
join pg_catalog.pg_class as c on c.relnamespace = n.oid and c.relname = r.i::name and c.relkind in ('r', 'v', 'm', 'f', 'p')
left join pg_catalog.pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
left join pg_catalog.pg_collation as l on l.oid = a.attcollation
order by r.n, a.attnum`
}

// values are the relations as rows of SQL.
func values(relations []lookup) string {
	rows := make([]string, len(relations))
	for i, r := range relations {
		rows[i] = "('" + strings.Join([]string{r.number, literal(r.database), literal(r.schema), literal(r.name)}, "', '") + "')"
	}
	return strings.Join(rows, ", ")
}

// literal is what stands between the quotes of a literal in standard SQL.
func literal(s string) string { return strings.ReplaceAll(s, "'", "''") }
