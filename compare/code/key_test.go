package code

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The project names a key in several places. The most reliable one wins.
func TestKey(t *testing.T) {
	unique := func(column string) unit {
		return func(w *world) { w.test("orders", "unique", object{"column_name": column}) }
	}
	incremental := func(key any) unit {
		return func(w *world) {
			w.config("orders")["materialized"], w.config("orders")["unique_key"] = "incremental", key
		}
	}
	combination := func(columns ...string) unit {
		return func(w *world) {
			w.test("orders", "combination", object{"test_metadata": object{
				"name": "unique_combination_of_columns", "namespace": "dbt_utils", "kwargs": object{"combination_of_columns": columns},
			}})
		}
	}
	constraint := func(kind string) unit {
		return func(w *world) {
			w.of("orders")["columns"] = object{"id": object{"name": "id", "constraints": []any{object{"type": kind}}}}
		}
	}
	all := func(units ...unit) unit {
		return func(w *world) {
			for _, u := range units {
				u(w)
			}
		}
	}
	tests := []struct {
		name string
		a, b unit
		want string // columns, and where the key comes from
	}{
		{name: "none"},
		{name: "unique_key", b: incremental("id"), want: "id · unique_key"},
		{name: "a list", b: incremental([]any{"id", "day"}), want: "id, day · unique_key"},
		{name: "an expression", b: incremental("id || '-' || day")},
		{name: "an expression among columns", b: incremental([]any{"id", "lower(day)"})},
		{name: "of a table", b: func(w *world) { w.config("orders")["unique_key"] = "id" }},
		{name: "when rows are only appended", b: all(incremental("id"), func(w *world) { w.config("orders")["incremental_strategy"] = "append" })},
		{name: "a unique test", b: unique("id"), want: "id · unique test"},
		{name: "a quoted column", b: unique(`"Order ID"`), want: "Order ID · unique test"},
		{name: "a quoted column with quotes", b: unique(`"a""b"`)},
		{name: "a unique test of an expression", b: unique("id || day")},
		{name: "unique_key before a test", b: all(unique("x"), incremental("id")), want: "id · unique_key"},
		{name: "an expression, and a test", b: all(unique("x"), incremental("a+b")), want: "x · unique test"},
		{
			name: "two tests, the first by name",
			b:    all(unique("b"), unique("a")), want: "a · unique test",
		},
		{
			name: "two tests, the first in the project",
			b: all(unique("a"), unique("b"), func(w *world) {
				w.of("orders")["columns"] = object{"b": object{"name": "b"}}
			}),
			want: "b · unique test",
		},
		{
			name: "two tests, one may be NULL",
			b:    all(unique("a"), unique("b"), func(w *world) { w.test("orders", "not_null", object{"column_name": "b"}) }),
			want: "b · unique test",
		},
		{
			name: "a test of some rows",
			b: func(w *world) {
				w.test("orders", "unique", object{"column_name": "id", "config": object{"where": "x"}})
			},
		},
		{
			name: "a test of another's",
			b: func(w *world) {
				w.test("orders", "unique", object{"column_name": "id", "test_metadata": object{"name": "unique", "namespace": "other"}})
			},
		},
		{name: "another node's test", b: func(w *world) { w.test("stg", "unique", object{"column_name": "id"}) }},
		{
			name: "a test that doesn't say of what, but depends on it",
			b: func(w *world) {
				w.test("orders", "unique", object{
					"attached_node": nil, "column_name": "id", "depends_on": object{"nodes": []string{"model.shop.orders"}},
				})
			},
			want: "id · unique test",
		},
		{name: "columns together", b: combination("id", "day"), want: "id, day · unique_combination_of_columns"},
		{name: "the fewest columns", b: all(combination("a", "b", "c"), combination("d", "e")), want: "d, e · unique_combination_of_columns"},
		{name: "one column before several", b: all(combination("a", "b"), unique("id")), want: "id · unique test"},
		{name: "a primary key", b: constraint("primary_key"), want: "id · primary key"},
		{name: "a unique constraint", b: constraint("unique"), want: "id · unique constraint"},
		{name: "a constraint that says nothing of keys", b: constraint("not_null")},
		{
			name: "a model's primary key",
			b: all(constraint("unique"), func(w *world) {
				w.of("orders")["constraints"] = []any{object{"type": "primary_key", "columns": []string{"a", "b"}}}
			}),
			want: "a, b · primary key",
		},
		{name: "the candidate's", a: unique("old"), b: unique("new"), want: "new · unique test"},
		{name: "the baseline's where the candidate has none", a: unique("old"), want: "old · unique test"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, b := newWorld(), newWorld()
			if tt.a != nil {
				tt.a(a)
			}
			if tt.b != nil {
				tt.b(b)
			}
			n := both(t, a, b)["orders"]
			got := ""
			if n.KeyFrom != "" {
				got = strings.Join(n.Key, ", ") + " · " + n.KeyFrom
			}
			if got != tt.want {
				t.Errorf("key %q, want %q", got, tt.want)
			}
		})
	}
}

// A snapshot has a row for each version. Times of its runs identify no row, and can't
// be compared.
func TestSnapshot(t *testing.T) {
	all := []string{"dbt_scd_id", "dbt_updated_at", "dbt_valid_from"}
	ownNames := object{"dbt_valid_from": "since", "dbt_valid_to": "until", "dbt_scd_id": nil}
	tests := []struct {
		name   string
		config object
		key    string
		want   Snapshot
	}{
		{"check", object{"strategy": "check"}, "id", Snapshot{RunTimes: all, ValidTo: "dbt_valid_to"}},
		{"check of a column", object{"strategy": "check", "updated_at": "at"}, "id dbt_valid_from", Snapshot{}},
		{
			"check, with names of its own",
			object{"strategy": "check", "snapshot_meta_column_names": ownNames, "dbt_valid_to_current": "date '9999-12-31'"},
			"id",
			Snapshot{RunTimes: []string{"dbt_scd_id", "dbt_updated_at", "since"}, ValidTo: "until", Current: "date '9999-12-31'"},
		},
		{"timestamp", object{"strategy": "timestamp", "updated_at": "at"}, "id dbt_valid_from", Snapshot{}},
		{"timestamp, with names of its own", object{"strategy": "timestamp", "snapshot_meta_column_names": ownNames}, "id since", Snapshot{}},
		{"timestamp, and rows end with the source's", object{"strategy": "timestamp", "hard_deletes": "invalidate"}, "id dbt_valid_from", Snapshot{ValidTo: "dbt_valid_to"}},
		{"the same by its old name", object{"strategy": "timestamp", "invalidate_hard_deletes": true}, "id dbt_valid_from", Snapshot{ValidTo: "dbt_valid_to"}},
		{"timestamp, and a row for each that ends", object{"strategy": "timestamp", "hard_deletes": "new_record"}, "id", Snapshot{RunTimes: all, ValidTo: "dbt_valid_to"}},
		{"a strategy of the project's", object{"strategy": "shop.daily"}, "id", Snapshot{RunTimes: all, ValidTo: "dbt_valid_to"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld()
			tt.config["materialized"], tt.config["unique_key"] = "snapshot", "id"
			w.node("snapshot.shop.history", object{"compiled_code": "select 1", "config": tt.config})
			n := both(t, w, w)["history"]
			if got := strings.Join(n.Key, " "); got != tt.key || n.KeyFrom != "unique_key" || !n.History {
				t.Errorf("key %q from %q, history %t; want %q", got, n.KeyFrom, n.History, tt.key)
			}
			if diff := cmp.Diff(tt.want, n.Snapshot); diff != "" {
				t.Errorf("times of runs (-want +got):\n%s", diff)
			}
		})
	}
	a, b := newWorld(), newWorld()
	for w, config := range map[*world]object{a: {"strategy": "check"}, b: {"strategy": "timestamp", "updated_at": "at"}} {
		config["materialized"] = "snapshot"
		w.node("snapshot.shop.history", object{"compiled_code": "select 1", "config": config})
	}
	if diff := cmp.Diff(Snapshot{RunTimes: all, ValidTo: "dbt_valid_to"}, both(t, a, b)["history"].Snapshot); diff != "" {
		t.Errorf("times of the runs of one side (-want +got):\n%s", diff)
	}
}
