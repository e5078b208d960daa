select r.n, lower(t.table_type) as kind, 'yes' as readable, c.column_name,
c.data_type || case when c.data_type = 'numeric' then '(' || c.numeric_precision || ',' || c.numeric_scale || ')' else '' end as type
from (select '0a' as n, 'db' as d, 'a' as s, 'keyed' as i union all select '0b' as n, 'db' as d, 'b' as s, 'keyed' as i union all select '1a' as n, 'db' as d, 'a' as s, 'keyless' as i union all select '1b' as n, 'db' as d, 'b' as s, 'keyless' as i union all select '2a' as n, 'db' as d, 'a' as s, 'lossy' as i union all select '2b' as n, 'db' as d, 'b' as s, 'lossy' as i union all select '3a' as n, 'db' as d, 'a' as s, 'alone' as i union all select '3b' as n, 'db' as d, 'b' as s, 'alone' as i union all select '4a' as n, 'db' as d, 'a' as s, 'moved' as i union all select '4b' as n, 'db' as d, 'b' as s, 'moved' as i) as r
join svv_all_tables as t on t.database_name = r.d and t.schema_name = r.s and t.table_name = r.i
left join svv_all_columns as c on c.database_name = t.database_name and c.schema_name = t.schema_name and c.table_name = t.table_name
order by r.n, c.ordinal_position;

select '0' as pair, 'a' as side, cast(count(*) as varchar) as n, cast(coalesce(sum(cast(farmfingerprint64(cast((coalesce(farmfingerprint64(cast(fnv_hash("id", 1) as varchar)), 1 - 7046029254386353131) # coalesce(farmfingerprint64('2:' || json_serialize("n")), 2 - 7046029254386353131) # coalesce(farmfingerprint64(cast(fnv_hash("v" + 0.0, 3) as varchar)), 3 - 7046029254386353131) # coalesce(farmfingerprint64('4:' || "w"), 4 - 7046029254386353131)) as varchar)) as decimal(38, 0))), 0) as varchar) as fingerprint from "db"."a"."keyed" where (
id > 0
)
union all
select '0' as pair, 'b' as side, cast(count(*) as varchar) as n, cast(coalesce(sum(cast(farmfingerprint64(cast((coalesce(farmfingerprint64(cast(fnv_hash("id", 1) as varchar)), 1 - 7046029254386353131) # coalesce(farmfingerprint64('2:' || json_serialize("n")), 2 - 7046029254386353131) # coalesce(farmfingerprint64(cast(fnv_hash("v" + 0.0, 3) as varchar)), 3 - 7046029254386353131) # coalesce(farmfingerprint64('4:' || "w"), 4 - 7046029254386353131)) as varchar)) as decimal(38, 0))), 0) as varchar) as fingerprint from "db"."b"."keyed" where (
id > 0
)
union all
select '1' as pair, 'a' as side, cast(count(*) as varchar) as n, cast(coalesce(sum(cast(farmfingerprint64(cast((coalesce(farmfingerprint64(cast(fnv_hash(cast("d" as decimal(38, 2)), 1) as varchar)), 1 - 7046029254386353131) # coalesce(farmfingerprint64('2:' || json_serialize("n")), 2 - 7046029254386353131) # coalesce(farmfingerprint64('3:' || "w'"), 3 - 7046029254386353131)) as varchar)) as decimal(38, 0))), 0) as varchar) as fingerprint from "db"."a"."keyless"
union all
select '1' as pair, 'b' as side, cast(count(*) as varchar) as n, cast(coalesce(sum(cast(farmfingerprint64(cast((coalesce(farmfingerprint64(cast(fnv_hash(cast("d" as decimal(38, 2)), 1) as varchar)), 1 - 7046029254386353131) # coalesce(farmfingerprint64('2:' || json_serialize("n")), 2 - 7046029254386353131) # coalesce(farmfingerprint64('3:' || "w'"), 3 - 7046029254386353131)) as varchar)) as decimal(38, 0))), 0) as varchar) as fingerprint from "db"."b"."keyless"
union all
select '2' as pair, 'a' as side, cast(count(*) as varchar) as n, cast(coalesce(sum(cast(farmfingerprint64(cast((coalesce(farmfingerprint64(cast(fnv_hash("id", 1) as varchar)), 1 - 7046029254386353131)) as varchar)) as decimal(38, 0))), 0) as varchar) as fingerprint from "db"."a"."lossy"
union all
select '2' as pair, 'b' as side, cast(count(*) as varchar) as n, cast(coalesce(sum(cast(farmfingerprint64(cast((coalesce(farmfingerprint64(cast(fnv_hash("id", 1) as varchar)), 1 - 7046029254386353131)) as varchar)) as decimal(38, 0))), 0) as varchar) as fingerprint from "db"."b"."lossy"
union all
select '3' as pair, 'b' as side, cast(count(*) as varchar) as n, cast(null as varchar) as fingerprint from "db"."b"."alone"
union all
select '4' as pair, 'a' as side, cast(count(*) as varchar) as n, cast(coalesce(sum(cast(farmfingerprint64(cast((coalesce(farmfingerprint64(cast(fnv_hash("id", 1) as varchar)), 1 - 7046029254386353131)) as varchar)) as decimal(38, 0))), 0) as varchar) as fingerprint from "db"."a"."moved"
union all
select '4' as pair, 'b' as side, cast(count(*) as varchar) as n, cast(coalesce(sum(cast(farmfingerprint64(cast((coalesce(farmfingerprint64(cast(fnv_hash("id", 1) as varchar)), 1 - 7046029254386353131)) as varchar)) as decimal(38, 0))), 0) as varchar) as fingerprint from "db"."b"."moved";

select 'a' as side, cast(coalesce(sum(case when k0 is null then n else 0 end), 0) as varchar) as n1, cast(coalesce(sum(case when n > 1 and not (k0 is null) then 1 else 0 end), 0) as varchar) as n2 from (select k0, count(*) as n from (select "id" as k0 from "db"."a"."keyed" where (
id > 0
)) as r group by 1) as g
union all
select 'b' as side, cast(coalesce(sum(case when k0 is null then n else 0 end), 0) as varchar) as n1, cast(coalesce(sum(case when n > 1 and not (k0 is null) then 1 else 0 end), 0) as varchar) as n2 from (select k0, count(*) as n from (select "id" as k0 from "db"."b"."keyed" where (
id > 0
)) as r group by 1) as g;

with
a as (select 1 as p, "id" as k0, json_serialize("n") as c1, "v" as c2, cast("v" as double precision) as n2, "w" as c3 from "db"."a"."keyed" where (
id > 0
)),
b as (select 1 as p, "id" as k0, json_serialize("n") as c1, "v" as c2, cast("v" as double precision) as n2, "w" as c3 from "db"."b"."keyed" where (
id > 0
)),
j as  (
select coalesce(a.k0, b.k0) as k0, case when a.p is null then 1 else 0 end as added, case when b.p is null then 1 else 0 end as removed, case when a.p = 1 and b.p = 1 and (a.c1 <> b.c1 or (a.c1 is null) <> (b.c1 is null)) then 1 else 0 end as c1, case when a.p = 1 and b.p = 1 and (a.c2 <> b.c2 or (a.c2 is null) <> (b.c2 is null)) and not case when abs(a.n2) < 1e300 and abs(b.n2) < 1e300 then abs(a.n2 - b.n2) <= cast('1e-09' as double precision) * greatest(cast(1 as double precision), abs(a.n2), abs(b.n2)) else 1 = 0 end then 1 else 0 end as c2, case when a.p = 1 and b.p = 1 and (a.c3 <> b.c3 or (a.c3 is null) <> (b.c3 is null)) then 1 else 0 end as c3
from a full join b on a.k0 = b.k0
where a.p is null or b.p is null or (a.c1 <> b.c1 or (a.c1 is null) <> (b.c1 is null)) or (a.c2 <> b.c2 or (a.c2 is null) <> (b.c2 is null)) or (a.c3 <> b.c3 or (a.c3 is null) <> (b.c3 is null))
)
select 'total' as kind, cast(coalesce(sum(added), 0) as varchar) as n1, cast(coalesce(sum(removed), 0) as varchar) as n2, cast(coalesce(sum(case when c1 = 1 or c2 = 1 or c3 = 1 then 1 else 0 end), 0) as varchar) as n3, cast(count(*) as varchar) as n4, cast(0 as varchar) as v0, cast(coalesce(sum(c1), 0) as varchar) as v1, cast(coalesce(sum(c2), 0) as varchar) as v2, cast(coalesce(sum(c3), 0) as varchar) as v3 from j
union all
select 'added' as kind, cast(s.i as varchar) as n1, cast(null as varchar) as n2, cast(null as varchar) as n3, cast(null as varchar) as n4, r.v0, r.v1, r.v2, r.v3
from (select "id" as k0, left(cast("id" as varchar), 1001) as v0, left(json_serialize("n"), 1001) as v1, left(cast("v" as varchar), 1001) as v2, left(cast("w" as varchar), 1001) as v3 from "db"."b"."keyed" where (
id > 0
)) as r
join (select k0, row_number() over (order by k0) as i from j where added = 1 order by k0 limit 2) as s
on r.k0 = s.k0
union all
select 'removed' as kind, cast(s.i as varchar) as n1, cast(null as varchar) as n2, cast(null as varchar) as n3, cast(null as varchar) as n4, r.v0, r.v1, r.v2, r.v3
from (select "id" as k0, left(cast("id" as varchar), 1001) as v0, left(json_serialize("n"), 1001) as v1, left(cast("v" as varchar), 1001) as v2, left(cast("w" as varchar), 1001) as v3 from "db"."a"."keyed" where (
id > 0
)) as r
join (select k0, row_number() over (order by k0) as i from j where removed = 1 order by k0 limit 2) as s
on r.k0 = s.k0
union all
select 'before' as kind, cast(s.i as varchar) as n1, cast(null as varchar) as n2, cast(null as varchar) as n3, cast(null as varchar) as n4, r.v0, r.v1, r.v2, r.v3
from (select "id" as k0, left(cast("id" as varchar), 1001) as v0, left(json_serialize("n"), 1001) as v1, left(cast("v" as varchar), 1001) as v2, left(cast("w" as varchar), 1001) as v3 from "db"."a"."keyed" where (
id > 0
)) as r
join (select k0, row_number() over (order by k0) as i from j where c1 = 1 or c2 = 1 or c3 = 1 order by k0 limit 2) as s
on r.k0 = s.k0
union all
select 'after' as kind, cast(s.i as varchar) as n1, cast(null as varchar) as n2, cast(null as varchar) as n3, cast(null as varchar) as n4, r.v0, r.v1, r.v2, r.v3
from (select "id" as k0, left(cast("id" as varchar), 1001) as v0, left(json_serialize("n"), 1001) as v1, left(cast("v" as varchar), 1001) as v2, left(cast("w" as varchar), 1001) as v3 from "db"."b"."keyed" where (
id > 0
)) as r
join (select k0, row_number() over (order by k0) as i from j where c1 = 1 or c2 = 1 or c3 = 1 order by k0 limit 2) as s
on r.k0 = s.k0;

select 'a' as side, '2' as i, cast(count(*) as varchar) as n1, cast(count(*) - count(x) as varchar) as n2, cast(min(f) as varchar) as n3, cast(max(f) as varchar) as n4, cast(avg(f) as varchar) as n5 from (select x, case when abs(x) < 1e300 then x end as f from (select cast("v" as double precision) as x from "db"."a"."keyed" where (
id > 0
)) as r) as t
union all
select 'b' as side, '2' as i, cast(count(*) as varchar) as n1, cast(count(*) - count(x) as varchar) as n2, cast(min(f) as varchar) as n3, cast(max(f) as varchar) as n4, cast(avg(f) as varchar) as n5 from (select x, case when abs(x) < 1e300 then x end as f from (select cast("v" as double precision) as x from "db"."b"."keyed" where (
id > 0
)) as r) as t;

select 'a' as side, '2' as i, cast(bin as varchar) as n1, cast(count(*) as varchar) as n2 from (select case when floor((f - cast('1.5' as double precision)) / (cast('2.5' as double precision) - cast('1.5' as double precision)) * 20) > 19 then 19 else floor((f - cast('1.5' as double precision)) / (cast('2.5' as double precision) - cast('1.5' as double precision)) * 20) end as bin from (select x, case when abs(x) < 1e300 then x end as f from (select cast("v" as double precision) as x from "db"."a"."keyed" where (
id > 0
)) as r) as t where f is not null) as q group by bin
union all
select 'b' as side, '2' as i, cast(bin as varchar) as n1, cast(count(*) as varchar) as n2 from (select case when floor((f - cast('1.5' as double precision)) / (cast('2.5' as double precision) - cast('1.5' as double precision)) * 20) > 19 then 19 else floor((f - cast('1.5' as double precision)) / (cast('2.5' as double precision) - cast('1.5' as double precision)) * 20) end as bin from (select x, case when abs(x) < 1e300 then x end as f from (select cast("v" as double precision) as x from "db"."b"."keyed" where (
id > 0
)) as r) as t where f is not null) as q group by bin;

with d as (
select c0, c1, c2, sum(s) as n from (
select cast("d" as decimal(38, 2)) as c0, json_serialize("n") as c1, "w'" as c2, -1 as s from "db"."a"."keyless"
union all
select cast("d" as decimal(38, 2)) as c0, json_serialize("n") as c1, "w'" as c2, 1 as s from "db"."b"."keyless"
) as u
group by 1, 2, 3
having sum(s) <> 0
)
select 'total' as kind, cast(coalesce(sum(case when n > 0 then n else 0 end), 0) as varchar) as n1, cast(coalesce(sum(case when n < 0 then -n else 0 end), 0) as varchar) as n2, cast(coalesce(sum(cast(n as decimal(38, 0)) * farmfingerprint64(cast((coalesce(farmfingerprint64(cast(fnv_hash(c0, 1) as varchar)), 1 - 7046029254386353131)) as varchar))), 0) as varchar) as v0, cast(coalesce(sum(cast(n as decimal(38, 0)) * farmfingerprint64(cast((coalesce(farmfingerprint64('1:' || c1), 1 - 7046029254386353131)) as varchar))), 0) as varchar) as v1, cast(coalesce(sum(cast(n as decimal(38, 0)) * farmfingerprint64(cast((coalesce(farmfingerprint64('1:' || c2), 1 - 7046029254386353131)) as varchar))), 0) as varchar) as v2 from d
union all
select 'added' as kind, cast(abs(n) as varchar) as n1, cast(null as varchar) as n2, left(cast(c0 as varchar), 1001) as v0, left(cast(c1 as varchar), 1001) as v1, left(cast(c2 as varchar), 1001) as v2 from (
select * from d where n > 0 order by 1, 2, 3 limit 1
) as s
union all
select 'removed' as kind, cast(abs(n) as varchar) as n1, cast(null as varchar) as n2, left(cast(c0 as varchar), 1001) as v0, left(cast(c1 as varchar), 1001) as v1, left(cast(c2 as varchar), 1001) as v2 from (
select * from d where n < 0 order by 1, 2, 3 limit 1
) as s;

select cast(count("id") as varchar) as n0, cast(count(distinct "id") as varchar) as d0, left(cast(min("id") as varchar), 1001) as a0, left(cast(max("id") as varchar), 1001) as z0, cast(count("w") as varchar) as n1, cast(count(distinct "w") as varchar) as d1, left(cast(min("w") as varchar), 1001) as a1, left(cast(max("w") as varchar), 1001) as z1, cast(count("n") as varchar) as n2, cast(count(distinct case when "n" is not null then farmfingerprint64(cast((coalesce(farmfingerprint64('1:' || json_serialize("n")), 1 - 7046029254386353131)) as varchar)) end) as varchar) as d2, left(cast(null as varchar), 1001) as a2, left(cast(null as varchar), 1001) as z2 from "db"."b"."alone";

select cast(coalesce(sum(cast(farmfingerprint64(cast((coalesce(farmfingerprint64('1:' || json_serialize("old")), 1 - 7046029254386353131)) as varchar)) as decimal(38, 0))), 0) as varchar) as s0 from "db"."a"."moved";

select cast(coalesce(sum(cast(farmfingerprint64(cast((coalesce(farmfingerprint64('1:' || json_serialize("new")), 1 - 7046029254386353131)) as varchar)) as decimal(38, 0))), 0) as varchar) as s0 from "db"."b"."moved";

select cast(coalesce(sum(cast(farmfingerprint64(cast((coalesce(farmfingerprint64(cast(fnv_hash("id", 1) as varchar)), 1 - 7046029254386353131) # coalesce(farmfingerprint64('2:' || json_serialize("old")), 2 - 7046029254386353131)) as varchar)) as decimal(38, 0))), 0) as varchar) as fingerprint from "db"."a"."moved";

select cast(coalesce(sum(cast(farmfingerprint64(cast((coalesce(farmfingerprint64(cast(fnv_hash("id", 1) as varchar)), 1 - 7046029254386353131) # coalesce(farmfingerprint64('2:' || json_serialize("new")), 2 - 7046029254386353131)) as varchar)) as decimal(38, 0))), 0) as varchar) as fingerprint from "db"."b"."moved";

{"version": 1, "pairs": [{"id": "keyed", "a": {"kind": "table", "readable": true, "columns": [["id", "bigint"], ["v", "double precision"], ["w", "character varying(20)"], ["n", "super"]]}, "b": {"kind": "table", "readable": true, "columns": [["id", "bigint"], ["v", "double precision"], ["w", "character varying(20)"], ["n", "super"]]}, "sums": {"a": ["2", "10"], "b": ["2", "11"]}, "compared": ["id", "n", "v", "w"], "undecided": [], "ignored": [], "notes": [], "comparable": true, "sampled": ["id", "n", "v", "w"], "tolerated": true, "join": [["total", "0", "0", "1", "1", "0", "0", "1", "0"], ["before", "1", null, null, null, "7", "[]", "1.5", "x"], ["after", "1", null, null, null, "7", "[]", "2.5", "x"]], "spans": [["a", "2", "2", "0", "1.5", "1.5", "1.5"], ["b", "2", "2", "0", "1.5", "2.5", "2"]], "bins": [["a", "2", "0", "2"], ["b", "2", "0", "1"], ["b", "2", "19", "1"]]}, {"id": "keyless", "a": {"kind": "table", "readable": true, "columns": [["w'", "character varying(20)"], ["d", "numeric(10,2)"], ["n", "super"]]}, "b": {"kind": "table", "readable": true, "columns": [["w'", "character varying(20)"], ["d", "bigint"], ["n", "super"]]}, "sums": {"a": ["1", "5"], "b": ["1", "6"]}, "compared": ["d", "n", "w'"], "undecided": [], "ignored": [], "notes": [], "comparable": true, "sampled": ["d", "n", "w'"], "group": [["total", "1", "1", "5", "0", "0"], ["added", "1", null, "3", "[]", "x"], ["removed", "1", null, "4", "[]", "x"]]}, {"id": "lossy", "a": {"kind": "table", "readable": true, "columns": [["id", "bigint"], ["v", "double precision"]]}, "b": {"kind": "table", "readable": true, "columns": [["id", "bigint"], ["v", "numeric(10,2)"]]}, "sums": {"a": ["1", "5"], "b": ["1", "5"]}, "compared": ["id"], "undecided": ["v"], "ignored": [], "notes": ["v: double precision and numeric(10,2) cannot be compared without loss"], "comparable": true}, {"id": "alone", "a": null, "b": {"kind": "table", "readable": true, "columns": [["id", "bigint"], ["w", "character varying(20)"], ["n", "super"]]}, "sums": {"a": null, "b": ["2", null]}, "compared": [], "undecided": [], "ignored": [], "notes": [], "comparable": false, "profile": [["2", "2", "1", "9"], ["2", "1", "a", "b"], ["2", "2", null, null]]}, {"id": "moved", "a": {"kind": "table", "readable": true, "columns": [["id", "bigint"], ["old", "super"]]}, "b": {"kind": "table", "readable": true, "columns": [["id", "bigint"], ["new", "super"]]}, "sums": {"a": ["2", "9"], "b": ["2", "9"]}, "compared": ["id"], "undecided": [], "ignored": [], "notes": [], "comparable": true, "moved": [["old", "new"]]}]}
