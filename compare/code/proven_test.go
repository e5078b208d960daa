package code

import (
	"testing"
)

// TestProven: a node is proven the same by its compiled code and configuration, and never in doubt.
func TestProven(t *testing.T) {
	raw := func(text string) unit { return func(w *world) { w.of("orders")["raw_code"] = text } }
	setting := func(name string, value any) unit { return func(w *world) { w.config("orders")[name] = value } }
	macro := func(name, sql string) unit {
		return func(w *world) {
			w.of("orders")["depends_on"] = object{"nodes": []string{"model.shop.stg"}, "macros": []string{w.macro("shop", name, sql)}}
		}
	}
	for _, tt := range []struct {
		name       string
		both, a, b unit
		want       bool
		wide       bool
	}{
		{name: "another text", b: raw("{# anew #}"), want: true},
		{name: "another macro", a: macro("m", "{% macro m() %}1{% endmacro %}"), b: macro("m", "{% macro m() %}{{ 1 }}{% endmacro %}"), want: true},
		{name: "a macro that dispatches", both: macro("m", "{{ adapter.dispatch('m', 'shop')() }}"), b: raw("x"), want: true},
		{name: "compiled code that differs", b: func(w *world) { w.code("orders", "select 2") }},
		{name: "not compiled here", b: func(w *world) { w.of("orders")["compiled_code"] = nil }},
		{name: "not compiled there", a: func(w *world) { w.of("orders")["compiled_code"] = nil }},
		{name: "another setting", b: setting("unique_key", "id")},
		{name: "other tags", b: setting("tags", []string{"daily"})},
		{name: "another schema", b: setting("schema", "marts")},
		{name: "another alias", b: func(w *world) { w.of("orders")["alias"] = "o" }},
		{name: "Python", both: func(w *world) { w.of("orders")["language"] = "python" }},
		{name: "a hook", both: setting("post-hook", []object{{"sql": "select 1"}})},
		{name: "microbatch", both: func(w *world) {
			setting("materialized", "incremental")(w)
			setting("incremental_strategy", "microbatch")(w)
		}},
		{name: "rows asked for", both: raw("{% if is_incremental() %}{% endif %}")},
		{name: "a query", both: raw("{{ run_query('select 1') }}")},
		{name: "a query in a macro", both: macro("m", "{% set x = adapter.get_columns_in_relation(r) %}")},
		{name: "a query in the baseline's macro", a: macro("m", "{{ run_query(x) }}"), b: macro("m", "1")},
		{name: "the project's metadata", both: raw("{{ graph.nodes }}")},
		{name: "a materialization of the project", both: func(w *world) { w.macro("shop", "materialization_table_default", "1") }, b: func(w *world) {
			w.macro("shop", "materialization_table_default", "2")
		}, wide: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a, b := worlds(tt.both, tt.a, tt.b)
			got, why, err := Proven(a.build(t, "prod_4521a86", "4521a86"), b.build(t, "dev_9b13827", "9b13827"))
			if err != nil {
				t.Fatal(err)
			}
			if got["model.shop.orders"] != tt.want || len(why) > 0 != tt.wide {
				t.Errorf("proven %t, want %t; what concerns all: %q", got["model.shop.orders"], tt.want, why)
			}
		})
	}
}
