package warehouse

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// duckdbSchemas manages the schemas of DuckDB. It has no comments on schemas (2.0), so that a
// mark is the comment of a view in it.
var duckdbSchemas = &schemaDialect{
	look: duckdbLook,
	marks: "select database_name as d, schema_name as s, comment as mark from duckdb_views() where view_name = " + literal(MarkView) +
		" and starts_with(comment, " + literal(markStart) + ") order by 1, 2",
	comment: func(s Schema) string {
		return "select coalesce(v.comment, '') as mark " + duckdbMark(s)
	},
	create: func(s Schema) []string { return []string{"create schema " + duckdbName(s)} },
	mark: func(s Schema, text string) []string {
		view := duckdbName(s) + "." + quoted(MarkView)
		return []string{
			"create or replace view " + view + " as select " + literal(text) + " as mark",
			"comment on view " + view + " is " + literal(text),
		}
	},
	drop: duckdbDrop,
}

// duckdbName is a schema's name in SQL.
func duckdbName(s Schema) string {
	if s.Database == "" {
		return quoted(s.Name)
	}
	return quoted(s.Database) + "." + quoted(s.Name)
}

// duckdbDatabase is the name of a schema's database, as a value in SQL.
func duckdbDatabase(s Schema) string {
	if s.Database == "" {
		return "current_database()"
	}
	return literal(s.Database)
}

// duckdbMark is the part of a query for a schema, s, and for the view with its mark, v, if there is
// one. DuckDB ignores the case of names.
func duckdbMark(s Schema) string {
	return fmt.Sprintf("from duckdb_schemas() as s left join duckdb_views() as v on v.database_name = s.database_name and v.schema_name = s.schema_name and v.view_name = %s "+
		"where lower(s.database_name) = lower(%s) and lower(s.schema_name) = lower(%s)", literal(MarkView), duckdbDatabase(s), literal(s.Name))
}

func duckdbLook(schemas []Schema) string {
	rows := make([]string, len(schemas))
	for i, s := range schemas {
		rows[i] = fmt.Sprintf("(%s, %s, %s)", literal(strconv.Itoa(i)), duckdbDatabase(s), literal(s.Name))
	}
	return `with r(n, d, s) as (values ` + strings.Join(rows, ", ") + `),
root as (select r.n, s.database_name, s.schema_name from r join duckdb_schemas() as s on lower(s.database_name) = lower(r.d) and lower(s.schema_name) = lower(r.s)),
object(database_name, schema_name, kind, name, text) as (
select database_name, schema_name, 'table', table_name, '' from duckdb_tables()
union all select database_name, schema_name, 'view', view_name, sql from duckdb_views() where not internal
union all select distinct database_name, schema_name, case function_type when 'macro' then 'macro' else 'macro table' end, function_name, macro_definition from duckdb_functions() where not internal and function_type in ('macro', 'table_macro')
union all select database_name, schema_name, 'sequence', sequence_name, '' from duckdb_sequences()
union all select database_name, schema_name, 'type', type_name, '' from duckdb_types() where not internal
)
select root.n as n, 'schema' as what, coalesce((select max(v.comment) from duckdb_views() as v where v.database_name = root.database_name and v.schema_name = root.schema_name and v.view_name = ` + literal(MarkView) + `), '') as a, '' as b, '' as c, '' as d
from root
union all
select root.n, 'inside', o.schema_name, o.kind, o.name, '' from root join object as o on o.database_name = root.database_name and o.schema_name = root.schema_name
union all
select distinct root.n, 'outside', o.schema_name, o.kind, o.name, '' from root join object as o on (o.database_name, o.schema_name) <> (root.database_name, root.schema_name)
and contains(lower(o.text), lower(root.schema_name)) and o.name <> ` + literal(MarkView)
}

// duckdbDrop drops views before what they may read, then the marks, and the schemas last: dbt 2 has no
// transaction here (2.0.0-alpha.4), and what is left when it is stopped still has its mark.
func duckdbDrop(d Dropping) []string {
	order := []string{"view", "macro table", "macro", "table", "sequence", "type"}
	place := func(o Object) int {
		if o.Kind == "view" && o.Name == MarkView {
			return len(order)
		}
		return slices.Index(order, o.Kind)
	}
	objects := slices.Clone(d.Objects)
	slices.SortStableFunc(objects, func(a, b Object) int { return cmp.Compare(place(a), place(b)) })
	var statements []string
	for i, s := range d.Schemas {
		// The view is made sure to be the mark: otherwise the schema is another one by now.
		statements = append(statements, fmt.Sprintf("select case when count(*) = 0 or max(coalesce(v.comment, '')) = %s then 1 else error('the mark of schema ' || %s || ' has changed') end ",
			literal(d.Marks[i]), literal(s.Name))+duckdbMark(s))
	}
	for _, o := range objects {
		at := slices.IndexFunc(d.Schemas, func(s Schema) bool { return strings.EqualFold(s.Name, o.Schema) })
		if at >= 0 {
			statements = append(statements, "drop "+o.Kind+" if exists "+duckdbName(d.Schemas[at])+"."+quoted(o.Name))
		}
	}
	for _, s := range d.Schemas {
		statements = append(statements, "drop schema if exists "+duckdbName(s)+" restrict")
	}
	return statements
}
