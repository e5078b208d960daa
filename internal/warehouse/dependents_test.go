//go:build unix

package warehouse

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dot-for-dbt/internal/testing/database"
)

// objects selects everything that may go with a relation: its kind, schema and name,
// and the part of it, "" for the whole.
const objects = `select case relkind when 'v' then 'view' when 'm' then 'materialized view' when 'f' then 'foreign table' else 'table' end as kind, relnamespace::regnamespace || '.' || relname as whole, '' as part from pg_class where relkind in ('r', 'p', 'v', 'm', 'f')
union all select 'function', pronamespace::regnamespace || '.' || proname || '(' || pg_get_function_identity_arguments(oid) || ')', '' from pg_proc where pronamespace <> 'pg_catalog'::regnamespace
union all select t.kind, c.relnamespace::regnamespace || '.' || c.relname, t.part from (
select case contype when 'f' then 'foreign key' else 'table constraint' end as kind, conrelid as oid, conname as part from pg_constraint
union all select 'rule', ev_class, rulename from pg_rewrite where rulename <> '_RETURN'
union all select 'trigger', tgrelid, tgname from pg_trigger where not tgisinternal
union all select 'policy', polrelid, polname from pg_policy
union all select 'default value', adrelid, attname from pg_attrdef join pg_attribute on attrelid = adrelid and attnum = adnum
union all select 'table column', attrelid, attname from pg_attribute where attnum > 0 and not attisdropped
) as t join pg_class as c on c.oid = t.oid and c.relkind in ('r', 'p', 'v', 'm', 'f')`

// What the answer names is what is no longer there once the relation is dropped, and
// one needs no right to any of it to ask.
func TestDependents(t *testing.T) {
	db := database.New(t, "postgres")
	db.Exec(
		t, "create role person", "create role reader login password 'secret'", `create schema s`, `create schema "BI"`,
		"create table s.a (id serial primary key, parent int references s.a, name text unique check (name <> ''))",
		"create table s.b (x int)", "create view s.vb as select * from s.b",
		"create view s.v1 as select id from s.a", "create view s.v2 as select v1.id from s.v1 join s.a using (id)",
		"create view s.v3 as select * from s.v1", "create view s.v4 as select * from s.v3 join s.v2 using (id)",
		`create view "BI"."Dash" as select name from s.a`, `alter view "BI"."Dash" owner to person`,
		`create view "BI".grouped as select id, name from s.a group by id`, // by the primary key
		`create materialized view "BI".m as select * from s.v1`, `create unique index on "BI".m (id)`,
		`create view "BI".on_m as select * from "BI".m`,
		`create table "BI".child (a_id int constraint to_a references s.a, note text)`, `create view "BI".of_child as select * from "BI".child`,
		`create table "BI".typed (x int, whole s.a)`, `create view "BI".of_whole as select (whole).name from "BI".typed`, `create view "BI".of_x as select x from "BI".typed`,
		`create function "BI".takes(r s.a, n int) returns int language sql as 'select 1'`,
		`create function "BI".reads() returns bigint language sql begin atomic select count(*) from s.a; end`,
		`create function "BI".text() returns bigint language sql as 'select count(*) from s.a'`,
		`create view "BI".by_function as select "BI".reads() as n`,
		`create table "BI".log (n bigint default "BI".reads(), m bigint default nextval('s.a_id_seq'), o text)`,
		`create rule count_a as on insert to "BI".log do also select count(*) from s.a`,
		`create policy known on "BI".child using (a_id in (select id from s.a))`,
		`create function "BI".fires() returns trigger language plpgsql as 'begin return new; end'`,
		`create trigger late before update on "BI".log for each row when ("BI".reads() > 1) execute function "BI".fires()`,
		"create table s.kid () inherits (s.a)", "create view s.of_kid as select * from s.kid",
		"create table s.whole (x int) partition by list (x)", "create table s.piece partition of s.whole for values in (1)",
		`create function "BI".ping() returns int language sql begin atomic select 1; end`, // two that go round in a circle
		`create function "BI".pong() returns int language sql begin atomic select "BI".ping() from s.b; end`,
		`create or replace function "BI".ping() returns int language sql begin atomic select "BI".pong(); end`,
	)
	db.Configure(t, map[string]any{"user": "reader", "password": "secret"})
	before := catalog(t, db)
	want := map[string][]string{
		"a": {
			"1 view BI.Dash by person", "1 policy BI.child.known by dot", "1 foreign key BI.child.to_a by dot", "1 view BI.grouped by dot",
			"1 rule BI.log.count_a by dot", "1 default value BI.log.m by dot", "1 view BI.of_whole by dot", "1 function BI.reads() by dot",
			"1 function BI.takes(r s.a, n integer) by dot", "1 table column BI.typed.whole by dot", "1 table s.kid by dot", "1 view s.v1 by dot", "1 view s.v2 by dot",
			"2 view BI.by_function by dot", "2 trigger BI.log.late by dot", "2 default value BI.log.n by dot", "2 materialized view BI.m by dot",
			"2 view s.of_kid by dot", "2 view s.v3 by dot", "2 view s.v4 by dot",
			"3 view BI.on_m by dot",
		},
		"v1":      {"1 materialized view BI.m by dot", "1 view s.v2 by dot", "1 view s.v3 by dot", "2 view BI.on_m by dot", "2 view s.v4 by dot"},
		"v4":      nil,
		"b":       {"1 function BI.pong() by dot", "1 view s.vb by dot", "2 function BI.ping() by dot"},
		"whole":   {"1 table s.piece by dot"},
		"missing": nil,
	}
	q := Question{Adapter: "postgres"}
	for name := range want {
		q.Dependents = append(q.Dependents, Relation{Database: db.Name, Schema: "s", Name: name})
	}
	answer := asked(t, db, q)
	if diff := cmp.Diff(before, catalog(t, db)); diff != "" {
		t.Errorf("the database before and after it was asked (-before +after):\n%s", diff)
	}
	for _, r := range q.Dependents {
		var got, named []string
		for _, d := range answer.Dependents(r) {
			part := ""
			if d.Part != "" {
				part = "." + d.Part
			}
			got = append(got, fmt.Sprintf("%d %s %s.%s%s by %s", d.Depth, d.Kind, d.Schema, d.Name, part, d.Owner))
			named = append(named, strings.TrimSuffix(d.Kind+" "+strings.ReplaceAll(d.Schema, "BI", `"BI"`)+"."+d.Name+" "+d.Part, " "))
			if d.Database != db.Name {
				t.Errorf("%+v is in no database", d)
			}
		}
		if diff := cmp.Diff(want[r.Name], got); diff != "" {
			t.Errorf("what hangs on %s (-want +got):\n%s", r.Name, diff)
		}
		if r.Name == "missing" {
			continue
		}
		kind := map[bool]string{true: "view", false: "table"}[strings.HasPrefix(r.Name, "v")]
		gone := db.Query(t, "begin; create temp table had on commit drop as "+objects+"; drop "+kind+" s."+r.Name+" cascade; select * from had except ("+objects+"); rollback")
		whole := map[string]bool{}
		for _, row := range gone {
			if row[2] == "" {
				whole[row[1]] = true
			}
		}
		var went []string
		for _, row := range gone {
			if row[1] != "s."+r.Name && (row[2] == "" || !whole[row[1]]) {
				went = append(went, strings.TrimSuffix(row[0]+" "+row[1]+" "+row[2], " "))
			}
		}
		slices.Sort(named)
		slices.Sort(went)
		if diff := cmp.Diff(went, named); diff != "" {
			t.Errorf("what drop takes with %s, and what was named (-went +named):\n%s", r.Name, diff)
		}
	}
}

// Views over views, as dbt's users have them by the hundred.
func TestDependentsOfMany(t *testing.T) {
	db := database.New(t, "postgres")
	rnd := rand.New(rand.NewPCG(1, 2))
	statements := []string{"create schema s"}
	var q Question
	for i := range 120 {
		name := fmt.Sprintf("r%03d", i)
		q.Dependents = append(q.Dependents, Relation{Database: db.Name, Schema: "s", Name: name})
		if i < 10 {
			statements = append(statements, "create table s."+name+" (x int)")
			continue
		}
		var from []string
		for range 1 + rnd.IntN(3) {
			from = append(from, fmt.Sprintf("select x from s.r%03d", rnd.IntN(i)))
		}
		statements = append(statements, "create view s."+name+" as "+strings.Join(from, " union all "))
	}
	db.Exec(t, strings.Join(statements, ";"))
	want := map[Relation][]string{}
	for i, r := range q.Dependents[:20] {
		kind := map[bool]string{true: "table", false: "view"}[i < 10]
		for _, row := range db.Query(t, "begin; create temp table had on commit drop as select relname from pg_class; drop "+kind+" s."+r.Name+" cascade; "+
			"select relname from had where relname like 'r___' and relname <> '"+r.Name+"' except select relname from pg_class order by 1; rollback") {
			want[r] = append(want[r], row[0])
		}
	}
	for _, adapter := range []string{"postgres", "redshift"} { // Redshift has the catalog of an old PostgreSQL
		q.Adapter = adapter
		answer := asked(t, db, q)
		for r, want := range want {
			var got []string
			for _, d := range answer.Dependents(r) {
				got = append(got, d.Name)
			}
			slices.Sort(got)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: what hangs on %s (-want +got):\n%s", adapter, r.Name, diff)
			}
		}
	}
}
