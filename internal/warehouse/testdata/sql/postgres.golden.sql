-- exist
with r(n, s, i) as (values ('0', 's', 'a'), ('1', 'S', 'it''s'))
select r.n, case c.relkind when 'v' then 'view' when 'm' then 'materialized view' when 'f' then 'foreign table' else 'table' end as kind, case when c.reltuples > 0 then c.reltuples::bigint::text else '' end
from r
join pg_catalog.pg_namespace as s on s.nspname = r.s::name
join pg_catalog.pg_class as c on c.relnamespace = s.oid and c.relname = r.i::name and c.relkind in ('r', 'p', 'v', 'm', 'f')
union
select r.n, 'function', ''
from r
join pg_catalog.pg_namespace as s on s.nspname = r.s::name
join pg_catalog.pg_proc as p on p.pronamespace = s.oid and p.proname = r.i::name

-- dependents
with recursive r(n, s, i) as (values ('0', 's', 'a'), ('1', 'S', 'it''s')),
root as (
select r.n, c.oid
from r
join pg_catalog.pg_namespace as s on s.nspname = r.s::name
join pg_catalog.pg_class as c on c.relnamespace = s.oid and c.relname = r.i::name and c.relkind in ('r', 'p', 'v', 'm', 'f')
),
taken(class, obj, sub) as (
select 'pg_catalog.pg_class'::regclass::oid, oid, 0 from root
union
select coalesce(o.refclassid, d.classid), coalesce(o.refobjid, d.objid), coalesce(o.refobjsubid, d.objsubid)
from taken as t
join pg_catalog.pg_depend as d on d.refclassid = t.class and d.refobjid = t.obj and (t.sub = 0 or d.refobjsubid = t.sub) and d.deptype in ('n', 'a', 'i', 'P', 'S')
left join pg_catalog.pg_depend as o on o.classid = d.classid and o.objid = d.objid and o.objsubid = d.objsubid and o.deptype = 'i' and (o.refclassid <> d.refclassid or o.refobjid <> d.refobjid)
),
edge as (
select distinct t.class as from_class, t.obj as from_obj, t.sub as from_sub,
coalesce(o.refclassid, d.classid) as class, coalesce(o.refobjid, d.objid) as obj, coalesce(o.refobjsubid, d.objsubid) as sub,
d.deptype <> 'n' and o.objid is null as part
from taken as t
join pg_catalog.pg_depend as d on d.refclassid = t.class and d.refobjid = t.obj and (t.sub = 0 or d.refobjsubid = t.sub) and d.deptype in ('n', 'a', 'i', 'P', 'S')
left join pg_catalog.pg_depend as o on o.classid = d.classid and o.objid = d.objid and o.objsubid = d.objsubid and o.deptype = 'i' and (o.refclassid <> d.refclassid or o.refobjid <> d.refobjid)
)
select n, '' as source, 'pg_catalog.pg_class'::regclass::oid || ' ' || oid || ' 0' as target, '' as own, '' as kind, '' as schema, '' as relation, '' as part, '' as owner
from root
union all
select '', e.from_class || ' ' || e.from_obj || ' ' || e.from_sub, e.class || ' ' || e.obj || ' ' || e.sub,
case when e.part and not is_relation then 'yes' else 'no' end,
case when is_relation then case c.relkind when 'v' then 'view' when 'm' then 'materialized view' when 'f' then 'foreign table' else 'table' end when k.contype = 'f' then 'foreign key' else coalesce(other.type, '') end,
coalesce(s.nspname::text, ''),
coalesce(c.relname::text, f.proname || '(' || pg_catalog.pg_get_function_identity_arguments(f.oid) || ')', y.typname::text, other.identity, ''),
coalesce(k.conname::text, w.rulename::text, g.tgname::text, p.polname::text, l.attname::text, ''),
coalesce(pg_catalog.pg_get_userbyid(coalesce(c.relowner, f.proowner, y.typowner))::text, '')
from edge as e
left join pg_catalog.pg_constraint as k on e.class = 'pg_catalog.pg_constraint'::regclass and k.oid = e.obj
left join pg_catalog.pg_rewrite as w on e.class = 'pg_catalog.pg_rewrite'::regclass and w.oid = e.obj
left join pg_catalog.pg_trigger as g on e.class = 'pg_catalog.pg_trigger'::regclass and g.oid = e.obj
left join pg_catalog.pg_policy as p on e.class = 'pg_catalog.pg_policy'::regclass and p.oid = e.obj
left join pg_catalog.pg_attrdef as a on e.class = 'pg_catalog.pg_attrdef'::regclass and a.oid = e.obj
left join pg_catalog.pg_proc as f on e.class = 'pg_catalog.pg_proc'::regclass and f.oid = e.obj
left join pg_catalog.pg_type as y on e.class = 'pg_catalog.pg_type'::regclass and y.oid = e.obj
left join pg_catalog.pg_class as c on c.oid = coalesce(k.conrelid, w.ev_class, g.tgrelid, p.polrelid, a.adrelid, case when e.class = 'pg_catalog.pg_class'::regclass then e.obj end)
left join pg_catalog.pg_attribute as l on l.attrelid = c.oid and l.attnum = coalesce(a.adnum, nullif(e.sub, 0))
left join pg_catalog.pg_namespace as s on s.oid = coalesce(c.relnamespace, f.pronamespace, y.typnamespace)
cross join lateral (select e.class = 'pg_catalog.pg_class'::regclass and e.sub = 0 and c.relkind in ('r', 'p', 'v', 'm', 'f') as is_relation) as j
left join lateral pg_catalog.pg_identify_object(e.class, e.obj, e.sub) as other on not e.part

-- search path
select s::text from unnest(pg_catalog.current_schemas(false)) as s
