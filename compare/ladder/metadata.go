package ladder

import (
	"fmt"
	"slices"
	"strings"
)

// The queries for what the database knows of relations. Each returns a row a
// column, in order, with: the relation's number, its kind, "no" if it is known
// that it can't be read, the column and its type, both NULL where there is no
// column. A relation that isn't there has no row.

// duckdbMetadata looks in all databases that are attached.
func duckdbMetadata(relations []lookup) string {
	return `select r.n, t.kind, 'yes' as readable, c.column_name, c.data_type
from (` + rows(relations, literal) + `) as r
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
from (` + rows(relations, literal) + `) as r
join pg_catalog.pg_namespace as n on n.nspname = r.s::name
join pg_catalog.pg_class as c on c.relnamespace = n.oid and c.relname = r.i::name and c.relkind in ('r', 'v', 'm', 'f', 'p')
left join pg_catalog.pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
left join pg_catalog.pg_collation as l on l.oid = a.attcollation
order by r.n, a.attnum`
}

// snowflakeMetadata asks each database; a number's type has its digits added.
func snowflakeMetadata(relations []lookup) string {
	in := func(view string) string {
		return each(relations, func(r lookup) string {
			return "select * from " + quoted(r.database, `"`, `""`) + ".information_schema." + view
		})
	}
	return `select r.n, lower(t.table_type) as kind, 'yes' as readable, c.column_name,
c.data_type || case when c.data_type = 'NUMBER' then '(' || c.numeric_precision || ',' || c.numeric_scale || ')' else '' end as type
from (` + rows(relations, backslashed) + `) as r
join (` + in("tables") + `) as t on t.table_catalog = r.d and t.table_schema = r.s and t.table_name = r.i
left join (` + in("columns") + `) as c on c.table_catalog = t.table_catalog and c.table_schema = t.table_schema and c.table_name = t.table_name
order by r.n, c.ordinal_position`
}

// bigqueryMetadata asks each dataset.
func bigqueryMetadata(relations []lookup) string {
	in := func(view string) string {
		return each(relations, func(r lookup) string {
			return "select * from " + quoted(r.database, "`", "\\`") + "." + quoted(r.schema, "`", "\\`") + ".INFORMATION_SCHEMA." + view
		})
	}
	return `select r.n, lower(t.table_type) as kind, 'yes' as readable, c.column_name, c.data_type
from (` + rows(relations, backslashed) + `) as r
join (` + in("TABLES") + `) as t on t.table_catalog = r.d and t.table_schema = r.s and t.table_name = r.i
left join (` + in("COLUMNS") + `) as c on c.table_catalog = t.table_catalog and c.table_schema = t.table_schema and c.table_name = t.table_name
order by r.n, c.ordinal_position`
}

// redshiftMetadata asks the views that know all databases of the cluster.
func redshiftMetadata(relations []lookup) string {
	return `select r.n, lower(t.table_type) as kind, 'yes' as readable, c.column_name,
c.data_type || case when c.data_type = 'numeric' then '(' || c.numeric_precision || ',' || c.numeric_scale || ')' else '' end as type
from (` + rows(relations, literal) + `) as r
join svv_all_tables as t on t.database_name = r.d and t.schema_name = r.s and t.table_name = r.i
left join svv_all_columns as c on c.database_name = t.database_name and c.schema_name = t.schema_name and c.table_name = t.table_name
order by r.n, c.ordinal_position`
}

// databricksMetadata asks Unity Catalog.
func databricksMetadata(relations []lookup) string {
	return `select r.n, lower(t.table_type) as kind, 'yes' as readable, c.column_name, c.full_data_type as type
from (` + rows(relations, backslashed) + `) as r
join system.information_schema.tables as t on t.table_catalog = lower(r.d) and t.table_schema = lower(r.s) and t.table_name = lower(r.i)
left join system.information_schema.columns as c on c.table_catalog = t.table_catalog and c.table_schema = t.table_schema and c.table_name = t.table_name
order by r.n, c.ordinal_position`
}

// rows are the relations as rows of SQL: n, d, s and i.
func rows(relations []lookup, literal func(string) string) string {
	var out []string
	for _, r := range relations {
		out = append(out, fmt.Sprintf("select '%s' as n, '%s' as d, '%s' as s, '%s' as i", r.number, literal(r.database), literal(r.schema), literal(r.name)))
	}
	return strings.Join(out, " union all ")
}

// each joins the queries for the relations, each query once.
func each(relations []lookup, query func(lookup) string) string {
	var out []string
	for _, r := range relations {
		if q := query(r); !slices.Contains(out, q) {
			out = append(out, q)
		}
	}
	return strings.Join(out, " union all ")
}

// quoted is a name in SQL.
func quoted(name, quote, escape string) string {
	return quote + strings.ReplaceAll(name, quote, escape) + quote
}

// literal is what stands between the quotes of a literal in standard SQL.
func literal(s string) string { return strings.ReplaceAll(s, "'", "''") }

// backslashed is a literal where a backslash escapes.
func backslashed(s string) string { return strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) }
