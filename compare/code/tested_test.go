package code

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestChangedTests: E.4: a commit changes unit tests, the settings that decide whether a test fails, and
// enforced contracts. dbt 2's state:modified finds none of them.
func TestChangedTests(t *testing.T) {
	rows := func(v any) []object { return []object{{"id": 1, "v": v}} }
	make := func(world func(w *world, unit object)) *world {
		w := newWorld()
		w.node("test.shop.low", object{"raw_code": "", "config": object{"severity": "ERROR", "where": nil}})
		w.node("test.shop.same", object{"raw_code": "", "config": object{"severity": "warn", "where": "kind = 'A'"}})
		w.config("stg")["contract"] = object{"enforced": true}
		w.of("stg")["columns"] = object{"id": object{"name": "id", "data_type": "integer", "description": "a"}}
		w.of("top")["columns"] = object{"id": object{"name": "id", "data_type": "integer"}}
		unit := object{
			"unique_id": "unit_test.shop.orders.adds", "depends_on": object{"nodes": []string{"model.shop.orders"}},
			"given":  []object{{"input": "ref('stg')", "format": "dict", "rows": rows(1)}, {"input": "ref('x')", "format": "csv", "fixture": "days"}},
			"expect": object{"rows": rows(2), "format": "dict"}, "overrides": nil,
		}
		w.unitTests = object{"unit_test.shop.orders.adds": unit}
		if world != nil {
			world(w, unit)
		}
		return w
	}
	for _, test := range []struct {
		name   string
		change func(w *world, unit object)
		files  []string
		want   map[string][]string
	}{
		{"nothing, written otherwise", func(w *world, unit object) {
			unit["overrides"] = object{"macros": object{}}
			unit["expect"] = object{"rows": rows(2), "format": "dict", "fixture": nil}
			w.nodes["test.shop.low"].(object)["config"] = object{"severity": "error", "fail_calc": "count(*)", "warn_if": "!= 0", "tags": []string{"x"}}
			w.of("stg")["columns"].(object)["id"].(object)["description"] = "b"
			w.of("top")["columns"].(object)["id"].(object)["data_type"] = "bigint"
		}, []string{"tests/fixtures/hours.csv", "models/days.sql", "tests/days.sql", "tests/fixtures/days.md"}, map[string][]string{}},
		{"what is expected", func(_ *world, unit object) {
			unit["expect"] = object{"rows": rows(3), "format": "dict"}
		}, nil, map[string][]string{"unit_test.shop.orders.adds": {"unit test"}}},
		{"that a column is null, which dbt does not look at otherwise", func(_ *world, unit object) {
			unit["expect"] = object{"rows": []object{{"id": 1, "v": 2, "more": nil}}, "format": "dict"}
		}, nil, map[string][]string{"unit_test.shop.orders.adds": {"unit test"}}},
		{"what is given", func(_ *world, unit object) {
			unit["given"] = []object{{"input": "ref('stg')", "format": "dict", "rows": rows("1")}}
		}, nil, map[string][]string{"unit_test.shop.orders.adds": {"unit test"}}},
		{"overrides", func(_ *world, unit object) {
			unit["overrides"] = object{"vars": object{"most": 1}}
		}, nil, map[string][]string{"unit_test.shop.orders.adds": {"unit test"}}},
		{"a fixture", nil, []string{"tests/fixtures/days.csv"}, map[string][]string{"unit_test.shop.orders.adds": {"fixture days"}}},
		{"another test", func(w *world, unit object) {
			unit["unique_id"] = "unit_test.shop.orders.new"
		}, nil, map[string][]string{"unit_test.shop.orders.new": {"new"}}},
		{"settings of a test", func(w *world, _ object) {
			w.nodes["test.shop.low"].(object)["config"] = object{"severity": "warn", "where": "id > 1", "limit": 10}
		}, nil, map[string][]string{"test.shop.low": {"limit", "severity", "where"}}},
		{"a literal in a test's where", func(w *world, _ object) {
			w.nodes["test.shop.same"].(object)["config"] = object{"severity": "warn", "where": "kind = 'a'"}
		}, nil, map[string][]string{"test.shop.same": {"where"}}},
		{"a contract", func(w *world, _ object) {
			w.of("stg")["columns"].(object)["id"].(object)["constraints"] = []object{{"type": "not_null"}}
		}, nil, map[string][]string{"model.shop.stg": {"columns"}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := Changes(make(nil).build(t, "prod_4521a86", "4521a86"), make(test.change).build(t, "dev_9b13827", "9b13827"), Commit{Files: test.files})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}
