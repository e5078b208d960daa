package warehouse

import (
	"fmt"
	"strconv"
	"strings"
)

// postgresSchemas manages the schemas of PostgreSQL. A mark is the schema's comment.
var postgresSchemas = &schemaDialect{
	look: postgresLook,
	marks: "select current_database()::text as d, s.nspname::text as s, pg_catalog.obj_description(s.oid, 'pg_namespace') as mark from pg_catalog.pg_namespace as s" +
		" where left(pg_catalog.obj_description(s.oid, 'pg_namespace'), 7) = " + literal(markStart) + " order by 1, 2",
	comment: func(s Schema) string {
		return "select coalesce(pg_catalog.obj_description(oid, 'pg_namespace'), '') as mark from pg_catalog.pg_namespace where nspname = " + postgresLiteral(s.Name)
	},
	create: func(s Schema) []string { return []string{"create schema " + quoted(s.Name)} },
	mark: func(s Schema, text string) []string {
		return []string{"comment on schema " + quoted(s.Name) + " is " + postgresLiteral(text)}
	},
	drop: postgresDrop,
}

// postgresLook finds the objects of a schema as PostgreSQL does: they depend on it. Those that
// go with another object, such as a table's indexes, don't.
func postgresLook(schemas []Schema) string {
	rows := make([]string, len(schemas))
	for i, s := range schemas {
		rows[i] = fmt.Sprintf("(%s, %s)", literal(strconv.Itoa(i)), postgresLiteral(s.Name))
	}
	return `with r(n, s) as (values ` + strings.Join(rows, ", ") + `),
root as (select r.n, s.oid, s.nspname from r join pg_catalog.pg_namespace as s on s.nspname = r.s::name),
inside as (
select root.n, root.oid as schema, d.classid, d.objid
from root join pg_catalog.pg_depend as d on d.refclassid = 'pg_catalog.pg_namespace'::regclass and d.refobjid = root.oid
where not exists (select from pg_catalog.pg_depend as o where o.classid = d.classid and o.objid = d.objid and o.objsubid = 0 and o.deptype in ('a', 'i'))
),
taken as (
select i.n, i.schema, coalesce(o.refclassid, d.classid) as classid, coalesce(o.refobjid, d.objid) as objid, d.objsubid
from inside as i
join pg_catalog.pg_depend as d on d.refclassid = i.classid and d.refobjid = i.objid and d.deptype in ('n', 'a', 'i', 'P', 'S')
left join pg_catalog.pg_depend as o on o.classid = d.classid and o.objid = d.objid and o.deptype = 'i'
),
outside as (
select distinct t.n, coalesce(c.oid, t.objid) as objid, case when c.oid is null then t.classid else 'pg_catalog.pg_class'::regclass end as classid
from taken as t
left join pg_catalog.pg_constraint as k on t.classid = 'pg_catalog.pg_constraint'::regclass and k.oid = t.objid
left join pg_catalog.pg_attrdef as a on t.classid = 'pg_catalog.pg_attrdef'::regclass and a.oid = t.objid
left join pg_catalog.pg_rewrite as w on t.classid = 'pg_catalog.pg_rewrite'::regclass and w.oid = t.objid
left join pg_catalog.pg_trigger as g on t.classid = 'pg_catalog.pg_trigger'::regclass and g.oid = t.objid
left join pg_catalog.pg_policy as p on t.classid = 'pg_catalog.pg_policy'::regclass and p.oid = t.objid
left join pg_catalog.pg_class as c on c.oid = coalesce(nullif(k.conrelid, 0), a.adrelid, w.ev_class, g.tgrelid, p.polrelid)
)
select root.n as n, 'schema' as what, coalesce(pg_catalog.obj_description(root.oid, 'pg_namespace'), '') as a, '' as b, '' as c, '' as d
from root
union all
select root.n, 'inside', root.nspname::text, o.type,
coalesce(c.relname::text, f.proname || '(' || pg_catalog.pg_get_function_identity_arguments(f.oid) || ')', o.name, o.identity), o.identity
from inside as i join root on root.n = i.n
left join pg_catalog.pg_class as c on i.classid = 'pg_catalog.pg_class'::regclass and c.oid = i.objid
left join pg_catalog.pg_proc as f on i.classid = 'pg_catalog.pg_proc'::regclass and f.oid = i.objid
cross join lateral pg_catalog.pg_identify_object(i.classid, i.objid, 0) as o
union all
select x.n, 'outside', coalesce(o.schema, ''), o.type, coalesce(o.name, o.identity), o.identity
from outside as x join root on root.n = x.n
cross join lateral pg_catalog.pg_identify_object(x.classid, x.objid, 0) as o
where o.type is not null and o.schema is distinct from root.nspname::text and coalesce(o.schema, '') not like 'pg\_toast%'
and o.identity not like quote_ident(root.nspname) || '.%'`
}

// postgresDrop is one statement, so that it is done as a whole or not at all. Objects are
// dropped without cascade, in as many rounds as they need: views on views come first.
func postgresDrop(d Dropping) []string {
	var b strings.Builder
	b.WriteString("declare\n  pending text[] := array[")
	for i, o := range d.Objects {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(postgresLiteral("drop " + o.Kind + " if exists " + o.Identity + " restrict"))
	}
	b.WriteString("]::text[];\n  left_over text[];\n  one text;\n  why text := '';\nbegin\n")
	for i, s := range d.Schemas {
		fmt.Fprintf(&b, "  if exists (select from pg_catalog.pg_namespace where nspname = %[1]s) and "+
			"(select coalesce(pg_catalog.obj_description(oid, 'pg_namespace'), '') from pg_catalog.pg_namespace where nspname = %[1]s) <> %[2]s then\n"+
			"    raise exception 'the mark of schema %% has changed', %[1]s;\n  end if;\n", postgresLiteral(s.Name), postgresLiteral(d.Marks[i]))
	}
	b.WriteString(`  loop
    left_over := '{}';
    foreach one in array pending loop
      begin
        execute one;
      exception when dependent_objects_still_exist then
        get stacked diagnostics why = pg_exception_detail;
        left_over := left_over || one;
      end;
    end loop;
    exit when cardinality(left_over) = 0;
    if cardinality(left_over) = cardinality(pending) then
      raise exception 'other objects depend on what would be dropped: %', why;
    end if;
    pending := left_over;
  end loop;
`)
	for _, s := range d.Schemas {
		fmt.Fprintf(&b, "  execute %s;\n", postgresLiteral("drop schema if exists "+quoted(s.Name)+" restrict"))
	}
	b.WriteString("end")
	// Not between dollar signs, which dbt 2 does not know: it would split the text at its semicolons.
	return []string{"do " + postgresLiteral(b.String())}
}

// quoted is a name in standard SQL.
func quoted(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
