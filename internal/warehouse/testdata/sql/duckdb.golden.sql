-- exist
with r(n, d, s, i) as (values ('0', 'db', 's', 'a'), ('1', 'db', 'S', 'it''s'))
select r.n, t.kind, t.size
from (
select database_name as d, schema_name as s, table_name as i, 'table' as kind, cast(estimated_size as varchar) as size from duckdb_tables()
union
select database_name, schema_name, view_name, 'view', '' from duckdb_views()
union
select database_name, schema_name, function_name, 'function', '' from duckdb_functions() where function_type in ('macro', 'table_macro')
) as t
join r on translate(r.d, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') = translate(t.d, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') and translate(r.s, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') = translate(t.s, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') and translate(r.i, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') = translate(t.i, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')

-- dependents


-- search path

