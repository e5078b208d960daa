package code

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// batched makes a model a microbatch model with this file. Its compiled code is not in
// the manifest.
func batched(w *world, name, raw string, macros ...string) {
	n := w.of(name)
	n["raw_code"], n["compiled_code"] = raw, nil
	n["config"] = object{"materialized": "incremental", "incremental_strategy": "microbatch", "batch_size": "day"}
	n["depends_on"].(object)["macros"] = macros
}

// A microbatch model's code is compared as it was written.
func TestMicrobatch(t *testing.T) {
	const raw = "{{ config(materialized='incremental', begin=var('since')) }}\nselect id, model, 'it''s' as target from {{ ref('stg') }} where id > 0 -- {{ this }}"
	macro := func(sql string) unit {
		return func(w *world) {
			batched(w, "orders", raw, w.macro("shop", "cents", "{% macro cents() %}{{ whole() }}{% endmacro %}", w.macro("shop", "whole", sql)))
		}
	}
	file := func(raw string) unit { return func(w *world) { batched(w, "orders", raw) } }
	const unknown = "it reads variables, the target or the warehouse, so its code is not known"
	up := "upstream: orders"
	for _, test := range []struct {
		name string
		a, b unit // b: nil is a
		want map[string][]string
	}{
		{name: "the same file", a: file(raw), want: map[string][]string{}},
		{name: "another file", a: file(raw), b: file(raw + " "), want: map[string][]string{"orders": {"SQL"}, "top": {up}}},
		{name: "a macro", a: macro("{% macro whole() %} 1 {% endmacro %}"), want: map[string][]string{}},
		{
			name: "another macro below it", a: macro("{% macro whole() %} 1 {% endmacro %}"), b: macro("{% macro whole() %} 2 {% endmacro %}"),
			want: map[string][]string{"orders": {"SQL: macro whole"}, "top": {up}},
		},
		{name: "a macro that reads a variable", a: macro("{% macro whole() %}{{ var('x') }}{% endmacro %}"), want: map[string][]string{"orders": {unknown}, "top": {up}}},
		{name: "a macro that asks the warehouse", a: macro("{% macro whole() %}{% set x = run_query('select 1') %}{% endmacro %}"), want: map[string][]string{"orders": {unknown}, "top": {up}}},
		{name: "a variable", a: file("select {{ var('x') }} from {{ ref('stg') }}"), want: map[string][]string{"orders": {unknown}, "top": {up}}},
		{name: "a relation that is no parent", a: file("select * from {{ target.schema }}.stg"), want: map[string][]string{"orders": {unknown}, "top": {up}}},
		{name: "its own schema", a: file("{% set own = this.schema %} select '{{ own }}'"), want: map[string][]string{"orders": {unknown}, "top": {up}}},
		{name: "a name as data", a: file("select '{{ this }}' as relation"), want: map[string][]string{"orders": {"the name of a relation in a string"}, "top": {up}}},
		{
			name: "other settings", a: file(raw),
			b:    func(w *world) { file(raw)(w); w.config("orders")["batch_size"] = "hour" },
			want: map[string][]string{"orders": {"batch_size: day → hour"}, "top": {up}},
		},
		{
			name: "another parent", a: file(raw),
			b: func(w *world) {
				file(raw)(w)
				w.of("orders")["depends_on"].(object)["nodes"] = []string{"seed.shop.raw"}
			},
			want: map[string][]string{"orders": {"what it reads"}, "top": {up}},
		},
		{
			name: "an ephemeral parent that differs", a: func(w *world) { file(raw)(w); ephemeral(w, "select 1") },
			b:    func(w *world) { file(raw)(w); ephemeral(w, "select 2") },
			want: map[string][]string{"orders": {"SQL: ephemeral eph"}, "top": {up}},
		},
		{
			name: "an ephemeral parent that reads a variable", a: func(w *world) { file(raw)(w); ephemeral(w, "select {{ var('x') }}") },
			want: map[string][]string{"orders": {unknown}, "top": {up}},
		},
		{
			name: "batches only on one side",
			a:    func(w *world) { w.of("orders")["raw_code"] = raw },
			b:    file(raw),
			want: map[string][]string{"orders": {"the candidate's code is not known: it was not in the last run", "materialized: table → incremental", "incremental_strategy: (none) → microbatch", "batch_size: (none) → day"}, "top": {up}},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			a, b := newWorld(), newWorld()
			test.a(a)
			if test.b == nil {
				test.b = test.a
			}
			test.b(b)
			got := map[string][]string{}
			for name, n := range both(t, a, b) {
				if len(n.Differences) > 0 {
					got[name] = n.Differences
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("differences (-want +got):\n%s", diff)
			}
		})
	}
}

// ephemeral adds an ephemeral model that orders reads.
func ephemeral(w *world, raw string) {
	w.node("model.shop.eph", object{"raw_code": raw, "relation_name": nil, "config": object{"materialized": "ephemeral"}})
	w.of("orders")["depends_on"].(object)["nodes"] = []string{"model.shop.stg", "model.shop.eph"}
}

// The command line may have limited the batches.
func TestBatches(t *testing.T) {
	w := newWorld()
	batched(w, "orders", "select 1")
	a, b := w.build(t, prod, prodSuffix), w.build(t, dev, devSuffix)
	b.Batches = "from 2026-01-01"
	want := []string{"batches: all → from 2026-01-01"}
	if diff := cmp.Diff(want, compared(t, a, b)["orders"]); diff != "" {
		t.Errorf("differences (-want +got):\n%s", diff)
	}
}

// A model that the candidate has built over the baseline's relation is not said to
// differ upstream, even if the candidate's commit changes what is above: microbatch and
// Python models, too.
func TestReadByBoth(t *testing.T) {
	python := func(w *world, schema, raw string) {
		w.of("top")["language"], w.of("top")["raw_code"] = "python", raw
		w.code("top", raw+"\nrefs = {\"orders\": \"\\\"db\\\".\\\""+schema+"\\\".\\\"orders\\\"\"}\n")
	}
	for _, test := range []struct {
		name    string
		lastRun string // of the candidate
		change  unit   // of the candidate
		want    map[string][]string
	}{
		{
			name: "a microbatch model", lastRun: "run of " + dev, change: func(w *world) { batched(w, "top", "select 1") },
			want: map[string][]string{"orders": {"SQL"}},
		},
		{
			name: "that was not built by the last run", lastRun: "another", change: func(w *world) { batched(w, "top", "select 1") },
			want: map[string][]string{"orders": {"SQL"}, "top": {"upstream: orders"}},
		},
		{
			name: "a microbatch model that was changed", lastRun: "run of " + dev, change: func(w *world) { batched(w, "top", "select 2") },
			want: map[string][]string{"orders": {"SQL"}, "top": {"SQL"}},
		},
		{
			name: "a Python model that was changed", change: func(w *world) { python(w, prod, "# two") },
			want: map[string][]string{"orders": {"SQL"}, "top": {"Python"}},
		},
		{
			name: "a Python model that reads its own", change: func(w *world) { python(w, dev, "# two") },
			want: map[string][]string{"orders": {"SQL"}, "top": {"Python", "upstream: orders"}},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			a, b := newWorld(), newWorld()
			test.change(b)
			if b.of("top")["language"] == "python" {
				python(a, prod, "# one")
			} else {
				batched(a, "top", "select 1")
			}
			b.of("orders")["raw_code"] = "changed, and not built"
			b.code("orders", "select 9")
			baseline := thinOver(t, a, prod, prodSuffix, raw, stg, orders, top, outside)
			candidate := thinOver(t, b, dev, devSuffix, top).has(newWorld(), prod, prodSuffix, raw, stg, outside)
			candidate.side.LastRun = test.lastRun
			candidate.side.Reads = map[string]Resolved{orders: lies(orders, prod)}
			got := map[string][]string{}
			for name, differences := range compared(t, baseline.side, candidate.side) {
				if len(differences) > 0 {
					got[name] = differences
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("differences (-want +got):\n%s", diff)
			}
		})
	}
}
