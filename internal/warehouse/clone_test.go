//go:build unix

package warehouse

import (
	"slices"
	"testing"

	"dot-for-dbt/internal/testing/database"
)

// Relations are cloned as tables and views. Only an earlier clone is replaced.
func TestClones(t *testing.T) {
	for _, adapter := range []string{"duckdb", "postgres"} {
		t.Run(adapter, func(t *testing.T) {
			db := database.New(t, adapter)
			db.Exec(t, "create schema a", `create schema "B"`, `create table a."it's" (x int not null)`, `insert into a."it's" values (1), (2)`,
				`create table "B".theirs as select 7 as x`, `create table "B".old as select 8 as x`)
			if adapter == "postgres" {
				db.Exec(t, `create index on a."it's" (x)`)
			}
			clonable := func(schema, name string) Clonable {
				return Clonable{Relation{db.Name, schema, name}, quoted(db.Name) + "." + quoted(schema) + "." + quoted(name)}
			}
			from := clonable("a", "it's")
			out := did(t, db, Task{
				Clone: []Cloning{
					{From: from, To: clonable("B", "whole")},
					{From: from, To: clonable("B", "window"), View: true},
					{From: from, To: clonable("B", "theirs")},
					{From: from, To: clonable("B", "old"), Replaces: "table"},
					{From: clonable("a", "none"), To: clonable("B", "none")},
				},
				DropViews: []Clonable{clonable("B", "no_view")},
			})
			for i, want := range []Cloned{{}, {}, {There: true}, {}} {
				if out.Cloned[i] != want {
					t.Errorf("cloning %d: %+v, want %+v", i, out.Cloned[i], want)
				}
			}
			if out.Cloned[4].Err == nil || out.DroppedViews[0] != nil {
				t.Errorf("a relation that isn't there: %+v; a view that isn't there: %v", out.Cloned[4], out.DroppedViews[0])
			}
			db.Exec(t, `insert into a."it's" values (3)`)
			for name, want := range map[string]string{"whole": "2", "window": "3", "theirs": "1", "old": "2"} {
				if got := db.Query(t, `select cast(count(*) as text) from "B".`+name); got[0][0] != want {
					t.Errorf("%s has %s rows, want %s", name, got[0][0], want)
				}
			}
			if adapter == "postgres" {
				got := db.Query(t, `select count(*)::text, (select count(*)::text from pg_attribute where attrelid = '"B".whole'::regclass and attname = 'x' and attnotnull) from pg_index where indrelid = '"B".whole'::regclass`)
				if !slices.Equal(got[0], []string{"1", "1"}) {
					t.Errorf("indexes and constraints: %v", got)
				}
			}
			did(t, db, Task{DropViews: []Clonable{clonable("B", "window")}})
			if got := db.Query(t, "select cast(count(*) as text) from information_schema.views where table_name = 'window'"); got[0][0] != "0" {
				t.Error("the view is still there")
			}
		})
	}
}
