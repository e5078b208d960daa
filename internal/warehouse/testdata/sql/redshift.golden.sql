-- exist


-- dependents
select r.n, '' as source, quote_ident(s.nspname) || '.' || quote_ident(c.relname) as target, '' as own, '' as kind, '' as schema, '' as relation, '' as part, '' as owner
from (select '0' as n, 's' as s, 'a' as i union all select '1' as n, 's' as s, 'it''s' as i) as r
join pg_catalog.pg_namespace as s on s.nspname = r.s
join pg_catalog.pg_class as c on c.relnamespace = s.oid and c.relname = r.i
union all
select '', quote_ident(s.nspname) || '.' || quote_ident(c.relname), quote_ident(vs.nspname) || '.' || quote_ident(v.relname), 'no', 'view', vs.nspname, v.relname, '', pg_get_userbyid(v.relowner)
from pg_catalog.pg_class as c
join pg_catalog.pg_namespace as s on s.oid = c.relnamespace
join pg_catalog.pg_depend as d on d.refobjid = c.oid
join pg_catalog.pg_depend as o on o.classid = d.classid and o.objid = d.objid and o.deptype = 'i'
join pg_catalog.pg_class as v on v.oid = o.refobjid and v.oid <> c.oid and v.relkind = 'v'
join pg_catalog.pg_namespace as vs on vs.oid = v.relnamespace

-- search path

