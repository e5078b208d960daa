//go:build unix

package warehouse

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dot-for-dbt/internal/testing/database"
)

// did runs dbt and returns what became of a task.
func did(t *testing.T, db *database.Database, task Task) Outcome {
	t.Helper()
	dir := t.TempDir()
	task.Adapter = db.Adapter
	if err := WriteTask(dir, task); err != nil {
		t.Fatal(err)
	}
	var words []string
	for _, o := range Options() {
		words = append(words, o.Words()...)
	}
	said, _ := db.RunDBT(t, dir, words...)
	out, err := ReadTask(dir, task)
	if err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	return out
}

// aMark is the mark of a build, with quotes and other things to escape in it.
var aMark = Mark{
	Project: "shop", Repository: "example.org/it's \\ \"a\" shop", Commit: strings.Repeat("ab", 20), Env: "dev", By: "O'Neill % ä",
	At: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Relations: []string{"t", "v"},
}

// A.12: a schema is marked, unless it is another's.
func TestMark(t *testing.T) {
	for _, adapter := range []string{"duckdb", "postgres"} {
		t.Run(adapter, func(t *testing.T) {
			db := database.New(t, adapter)
			db.Exec(t, `create schema "Old"`, "create schema theirs", `create table theirs.t as select 1 as x`)
			other := aMark
			other.Env = "prod"
			out := did(t, db, Task{Mark: []Marking{
				{Schema: Schema{db.Name, `it's "new"`}, Mark: aMark},
				{Schema: Schema{db.Name, "Old"}, Mark: aMark, Take: true},
				{Schema: Schema{db.Name, "theirs"}, Mark: aMark},
			}})
			for i, done := range []bool{true, true, false} {
				if out.Marked[i].Done != done || out.Marked[i].Err != nil || out.Marked[i].Had != "" {
					t.Errorf("marking %d: %+v", i, out.Marked[i])
				}
			}
			later := aMark
			later.By, later.Relations = "another person", append(slices.Clone(aMark.Relations), "more")
			out = did(t, db, Task{
				Mark: []Marking{
					{Schema: Schema{db.Name, "Old"}, Mark: later},
					{Schema: Schema{db.Name, "Old"}, Mark: other, Take: true},
				},
			})
			if !out.Marked[0].Done || out.Marked[1].Done {
				t.Fatalf("marking again: %+v", out.Marked)
			}
			if had, err := ParseMark(out.Marked[0].Had); err != nil || !had.Of(aMark) || had.By != aMark.By {
				t.Errorf("marking again replaced %+v, %v", had, err)
			}
			if had, err := ParseMark(out.Marked[1].Had); err != nil || !had.Of(aMark) || had.Of(other) || had.By != "another person" || len(had.Relations) != 3 {
				t.Errorf("the mark that stays: %+v, %v", had, err)
			}
			out = did(t, db, Task{Marks: true, Look: []Schema{{db.Name, "Old"}, {db.Name, `it's "new"`}, {db.Name, "theirs"}, {db.Name, "none"}}})
			var marked []string
			for _, m := range out.Marks {
				if parsed, err := ParseMark(m.Mark); err != nil || !parsed.Of(aMark) {
					t.Errorf("the mark of %s: %v", m.Name, err)
				}
				marked = append(marked, m.Name)
			}
			if diff := cmp.Diff([]string{"Old", `it's "new"`}, marked); diff != "" {
				t.Errorf("marked schemas (-want +got):\n%s", diff)
			}
			found := out.Found
			for i, want := range []struct{ there, marked bool }{{true, true}, {true, true}, {true, false}, {false, false}} {
				if _, err := ParseMark(found[i].Mark); found[i].There != want.there || (err == nil) != want.marked {
					t.Errorf("schema %d: %+v", i, found[i])
				}
			}
		})
	}
}

// The dbt that marks a schema can answer a question, too.
func TestAskAndMark(t *testing.T) {
	for _, adapter := range []string{"duckdb", "postgres"} {
		t.Run(adapter, func(t *testing.T) {
			db := database.New(t, adapter)
			db.Exec(t, "create schema theirs", "create table theirs.t as select 1 as x", "create view theirs.v as select * from theirs.t")
			table, none := Relation{db.Name, "theirs", "t"}, Relation{db.Name, "dev_1", "t"}
			q := Question{Adapter: adapter, Exist: []Relation{none, table}, Dependents: []Relation{none, table}}
			out := did(t, db, Task{Ask: &q, Mark: []Marking{{Schema: Schema{db.Name, "dev_1"}, Mark: aMark}, {Schema: Schema{db.Name, "theirs"}, Mark: aMark}}})
			if kind, ok := out.Answer.Kind(table); !ok || kind != "table" {
				t.Errorf("theirs.t is a %q, %v", kind, ok)
			}
			if kind, ok := out.Answer.Kind(none); ok {
				t.Errorf("dev_1.t, which isn't there, is a %q", kind)
			}
			var hang []string
			for _, d := range out.Answer.Dependents(table, none) {
				hang = append(hang, d.Schema+"."+d.Name)
			}
			if want := map[string][]string{"postgres": {"theirs.v"}}[adapter]; !slices.Equal(hang, want) {
				t.Errorf("%v hang on the tables, want %v", hang, want)
			}
			if (len(out.Answer.SearchPath) > 0) != (adapter == "postgres") {
				t.Errorf("the search path is %q", out.Answer.SearchPath)
			}
			if !out.Marked[0].Done || out.Marked[1].Done || out.Marked[1].Err != nil {
				t.Errorf("marked: %+v", out.Marked)
			}
		})
	}
}

// TestDrop proves A.11: it drops what it names, and nothing else: not a person's table in the schema, nor a view
// elsewhere.
func TestDrop(t *testing.T) {
	for _, adapter := range []string{"duckdb", "postgres"} {
		t.Run(adapter, func(t *testing.T) {
			db := database.New(t, adapter)
			one, two := Schema{db.Name, "dev_1"}, Schema{db.Name, `dev_1 "odd" it's`}
			text, _ := aMark.text()
			did(t, db, Task{Mark: []Marking{{Schema: one, Mark: aMark}, {Schema: two, Mark: aMark}}})
			odd := `"dev_1 ""odd"" it's"`
			db.Exec(
				t, "create table dev_1.t as select 1 as x", "create view dev_1.v as select * from dev_1.t", `create view `+odd+`."V 2" as select * from dev_1.v`,
				"create schema bi", "create table bi.mine as select 1 as x",
			)
			if adapter == "postgres" {
				db.Exec(t, "create materialized view dev_1.m as select * from dev_1.v", "create view dev_1.on_m as select * from dev_1.m", "create index i on dev_1.t (x)",
					"create function dev_1.f(a int, b text) returns int language sql as 'select 1'", "create table dev_1.serial (id serial primary key, x int references dev_1.serial)")
			} else {
				db.Exec(t, "create macro dev_1.f(a) as a + 1", "create macro dev_1.g(a) as table select a", "create table dev_1.p (id int primary key)")
			}
			look := func() []Found { return did(t, db, Task{Look: []Schema{one, two}}).Found }
			found := look()
			drop := Dropping{Schemas: []Schema{one, two}, Marks: []string{text, text}}
			for _, f := range found {
				drop.Objects = append(drop.Objects, f.Objects...)
			}
			var names []string
			for _, o := range drop.Objects {
				names = append(names, o.String())
			}
			slices.Sort(names)
			want := map[string][]string{
				"postgres": {`dev_1 "odd" it's.V 2 (view)`, "dev_1.f(a integer, b text) (function)", "dev_1.m (materialized view)", "dev_1.on_m (view)", "dev_1.serial (table)", "dev_1.t (table)", "dev_1.v (view)"},
				"duckdb":   {`dev_1 "odd" it's.V 2 (view)`, `dev_1 "odd" it's.dot__build (view)`, "dev_1.dot__build (view)", "dev_1.f (macro)", "dev_1.g (macro table)", "dev_1.p (table)", "dev_1.t (table)", "dev_1.v (view)"},
			}
			if diff := cmp.Diff(want[adapter], names); diff != "" {
				t.Errorf("what is there (-want +got):\n%s", diff)
			}
			before := catalog(t, db)
			refused := func(what, why string, d Dropping) {
				t.Helper()
				if out := did(t, db, Task{Drop: []Dropping{d}}); out.Dropped[0].Err == nil || !strings.Contains(out.Dropped[0].Err.Error(), why) {
					t.Errorf("%s: %v, want %q", what, out.Dropped[0].Err, why)
				}
				if diff := cmp.Diff(before, catalog(t, db)); diff != "" {
					t.Fatalf("%s: it was dropped in part (-before +after):\n%s", what, diff)
				}
			}
			less := drop
			less.Objects = slices.DeleteFunc(slices.Clone(less.Objects), func(o Object) bool { return o.Name == "t" })
			refused("a table that isn't named", "depend", less)
			marked := drop
			marked.Marks = []string{text, text + " "}
			refused("another mark", "has changed", marked)
			if adapter == "postgres" {
				db.Exec(t, "create view bi.dash as select * from dev_1.t")
				before = catalog(t, db)
				if f := look()[0]; len(f.Outside) == 0 || !slices.ContainsFunc(f.Outside, func(o Object) bool { return o.String() == "bi.dash (view)" }) {
					t.Errorf("what reads the schema: %v", f.Outside)
				}
				refused("a view elsewhere", "bi.dash", drop)
				db.Exec(t, "drop view bi.dash")
			} else {
				db.Exec(t, "create view bi.dash as select * from dev_1.t")
				if f := look()[0]; !slices.ContainsFunc(f.Outside, func(o Object) bool { return o.String() == "bi.dash (view)" }) {
					t.Errorf("what reads the schema: %v", f.Outside)
				}
				db.Exec(t, "drop view bi.dash")
			}
			out := did(t, db, Task{Drop: []Dropping{drop, {Schemas: []Schema{{db.Name, "none"}}, Marks: []string{text}}}})
			for _, d := range out.Dropped {
				if d.Err != nil {
					t.Errorf("dropped: %v", d.Err)
				}
			}
			for _, f := range look() {
				if f.There {
					t.Error("a schema is still there")
				}
			}
			if rows := db.Query(t, "select cast(x as varchar) from bi.mine"); len(rows) != 1 {
				t.Error("bi.mine is gone")
			}
		})
	}
}
