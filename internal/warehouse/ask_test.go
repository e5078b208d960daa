//go:build unix

package warehouse

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dot-for-dbt/internal/testing/database"
)

func TestMain(m *testing.M) { database.Main(m) }

// asked runs dbt and returns the answer to a question.
func asked(t *testing.T, db *database.Database, q Question) Answer {
	t.Helper()
	answer, err := try(t, db, q)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// try returns an error, with what dbt said, where the question was not answered.
func try(t *testing.T, db *database.Database, q Question) (Answer, error) {
	t.Helper()
	dir := t.TempDir()
	if err := Write(dir, q); err != nil {
		t.Fatal(err)
	}
	var words []string
	for _, o := range Options() {
		words = append(words, o.Words()...)
	}
	said, _ := db.RunDBT(t, dir, words...)
	answer, err := Read(dir, q)
	if err != nil {
		err = fmt.Errorf("%w\n%s", err, said)
	}
	return answer, err
}

// catalog is all that a database has but for what it brings itself.
func catalog(t *testing.T, db *database.Database) [][]string {
	t.Helper()
	if db.Adapter == "duckdb" {
		return db.Query(t, `select database_name, schema_name, '' from duckdb_schemas() where not internal
union all select database_name, schema_name, table_name from duckdb_tables()
union all select database_name, schema_name, view_name from duckdb_views() where not internal order by all`)
	}
	return db.Query(t, `select 'schema', oid::text, nspname, xmin::text from pg_namespace where nspname !~ '^pg_(toast_)?temp_'
union all select 'relation', oid::text, relname, xmin::text from pg_class where relnamespace::regnamespace::text not in ('pg_catalog', 'pg_toast', 'information_schema')
union all select 'function', oid::text, proname, xmin::text from pg_proc where pronamespace::regnamespace::text not in ('pg_catalog', 'information_schema') order by 1, 2`)
}

var long = strings.Repeat("ä", 31) + "z" // 63 bytes

func TestExist(t *testing.T) {
	type found struct {
		Relation
		Kind string
	}
	odd := `it's "odd" \ %s {{ x }} {% endraw %} 大😀`
	quoted := `"` + strings.ReplaceAll(odd, `"`, `""`) + `"`
	common := []string{
		"create schema s", `create schema "Other S"`, "create schema gone",
		"create table s.t as select 1 as x", "create view s.v as select * from s.t",
		`create table "Other S".t as select 1 as x`, "create view gone.t as select 1 as x",
		"create table s." + quoted + " as select 1 as x", `create view s."null" as select 1 as x`, `create table s."1" as select 1 as x`,
		`create table s."Ä" as select 1 as x`, `create table s."Upper" as select 1 as x`,
		"create table s." + `"` + long + `" as select 1 as x`,
		"drop schema gone cascade",
	}
	here := []found{
		{Relation{"DB", "s", "t"}, "table"},
		{Relation{"DB", "s", "v"}, "view"},
		{Relation{"DB", "Other S", "t"}, "table"},
		{Relation{"DB", "s", odd}, "table"},
		{Relation{"DB", "s", "null"}, "view"},
		{Relation{"DB", "s", "1"}, "table"},
		{Relation{"DB", "s", "Ä"}, "table"},
		{Relation{"DB", "s", "Upper"}, "table"},
		{Relation{"DB", "s", long}, "table"},
		{Relation{"DB", "s", "none"}, ""},
		{Relation{"DB", "Other S", "v"}, ""},
		{Relation{"DB", "gone", "t"}, ""},
		{Relation{"DB", "never", "t"}, ""},
		{Relation{"DB", "s", "ä"}, ""},
		{Relation{"DB", "s", ""}, ""},
	}
	tests := []struct {
		adapter string
		asked   string // the question's adapter
		setup   []string
		want    []found
	}{
		{
			"duckdb", "duckdb",
			[]string{"create macro s.m(x) as x + 1", "create macro s.rows(x) as table select x"},
			[]found{
				{Relation{"DB", "s", "m"}, "function"},
				{Relation{"DB", "s", "rows"}, "function"},
				{Relation{"House", "S", "T"}, "table"},
				{Relation{"DB", "s", "upper"}, "table"},
				{Relation{"side", "main", "apart"}, "table"},
				{Relation{"DB", "main", "apart"}, ""},
				{Relation{"detached", "main", "apart"}, ""},
			},
		},
		{
			"postgres", "postgres",
			[]string{
				"create materialized view s.m as select 1 as x", "create table s.p (x int) partition by list (x)",
				"create function s.f(int) returns int language sql as 'select $1'", "create function s.f(text) returns text language sql as 'select $1'",
				"create function s.t() returns int language sql as 'select 1'",
				"create sequence s.q", "create index i on s.t (x)", "create type s.y as (x int)",
			},
			[]found{
				{Relation{"DB", "s", "m"}, "materialized view"},
				{Relation{"DB", "s", "p"}, "table"},
				{Relation{"DB", "s", "f"}, "function"},
				{Relation{"DB", "s", long + "cut"}, "table"},
				{Relation{"DB", "S", "t"}, ""},
				{Relation{"DB", "s", "upper"}, ""},
				{Relation{"DB", "s", "q"}, ""},
				{Relation{"DB", "s", "i"}, ""},
				{Relation{"DB", "s", "y"}, ""},
			},
		},
		// What asks dbt's adapter is tried with these, since there is no other one.
		{"duckdb", "snowflake", nil, []found{{Relation{"side", "main", "apart"}, "table"}}},
		{"postgres", "snowflake", []string{"create materialized view s.m as select 1 as x"}, []found{{Relation{"DB", "s", "m"}, "materialized view"}}},
	}
	for _, tt := range tests {
		t.Run(tt.adapter+" as "+tt.asked, func(t *testing.T) {
			db := database.New(t, tt.adapter)
			db.Exec(t, append(common, tt.setup...)...)
			if tt.adapter == "duckdb" {
				side := filepath.Join(t.TempDir(), "side.duckdb")
				db.Exec(t, "attach '"+side+"' as side", "create table side.apart as select 1 as x")
				db.Configure(t, map[string]any{"attach": []any{map[string]any{"path": side, "read_only": true}}})
			}
			before := catalog(t, db)

			want := append(slices.Clone(here), tt.want...)
			if tt.asked != tt.adapter { // dbt refuses to guess which of two cases is meant
				want = slices.DeleteFunc(want, func(f found) bool { return f.Name == "ä" })
			}
			q := Question{Adapter: tt.asked}
			for i, f := range want {
				if f.Database == "DB" {
					want[i].Database = db.Name
				}
				q.Exist = append(q.Exist, want[i].Relation)
			}
			answer := asked(t, db, q)
			for _, f := range want {
				kind, ok := answer.Kind(f.Relation)
				if kind != f.Kind || ok != (f.Kind != "") {
					t.Errorf("%+v: %q, %t, want %q", f.Relation, kind, ok, f.Kind)
				}
			}
			if diff := cmp.Diff(before, catalog(t, db)); diff != "" {
				t.Errorf("the database before and after it was asked (-before +after):\n%s", diff)
			}
		})
	}
}

// The rows of a table are known if the database has counted them.
func TestRows(t *testing.T) {
	for adapter, unknown := range map[string]int{"duckdb": 1, "postgres": 2} {
		t.Run(adapter, func(t *testing.T) {
			db := database.New(t, adapter)
			db.Exec(t, "create schema s", "create table s.counted as select * from generate_series(1, 1200) as g(n)", "create view s.v as select * from s.counted",
				"create table s.new as select * from s.counted", "analyze s.counted")
			q := Question{Adapter: adapter}
			for _, name := range []string{"counted", "v", "new"} {
				q.Exist = append(q.Exist, Relation{db.Name, "s", name})
			}
			answer := asked(t, db, q)
			var got []string
			for _, r := range q.Exist {
				if rows, ok := answer.Rows(r); ok {
					got = append(got, fmt.Sprintf("%s %d", r.Name, rows))
				}
			}
			if want := []string{"counted 1200", "new 1200"}[:3-unknown]; !slices.Equal(got, want) {
				t.Errorf("%q, want %q", got, want)
			}
		})
	}
}

// Relations that don't fit into one query are asked for by one dbt command.
func TestMany(t *testing.T) {
	for _, adapter := range []string{"duckdb", "postgres"} {
		t.Run(adapter, func(t *testing.T) {
			db := database.New(t, adapter)
			db.Exec(t, "create schema s", "create table s.r_0 as select 1 as x", "create view s.r_10000 as select * from s.r_0")
			q := Question{Adapter: adapter}
			for i := range 10_001 {
				q.Exist = append(q.Exist, Relation{Database: db.Name, Schema: "s", Name: fmt.Sprintf("r_%d", i)})
			}
			q.Dependents = q.Exist
			answer := asked(t, db, q)
			var there []string
			for _, r := range q.Exist {
				if kind, ok := answer.Kind(r); ok {
					there = append(there, r.Name+" "+kind)
				}
			}
			if want := []string{"r_0 table", "r_10000 view"}; !slices.Equal(there, want) {
				t.Errorf("there are %v, want %v", there, want)
			}
			hanging := answer.Dependents(q.Exist[0])
			if found := len(hanging) > 0; found != SupportOf(adapter).Cascades {
				t.Errorf("on r_0 hang %v", hanging)
			}
		})
	}
}

// PostgreSQL sees one database: of relations in another one nothing is said.
func TestOtherDatabase(t *testing.T) {
	db := database.New(t, "postgres")
	_, err := try(t, db, Question{Adapter: "postgres", Exist: []Relation{{"other", "s", "t"}}})
	if err == nil || !strings.Contains(err.Error(), "s.t is in the database other, and dbt connects to "+db.Name) {
		t.Errorf("asked for another database: %v", err)
	}
}
