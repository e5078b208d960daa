package code

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dot-for-dbt/internal/dbt/artifact"
)

// TestCompiledDifferences compares compiled SQL where both sides' is known, without the names of the
// builds' own relations and schemas.
func TestCompiledDifferences(t *testing.T) {
	parsed := func(w *world) { w.of("orders")["compiled_code"] = nil }
	incremental := func(w *world) { w.config("orders")["materialized"] = "incremental" }
	for _, tt := range []struct {
		name       string
		both, a, b unit
		want       []string
	}{
		{name: "only names differ"},
		{name: "a model", b: func(w *world) { w.code("orders", `select 2 from "db"."<schema>"."stg"`) }, want: []string{"model.shop.orders"}},
		{name: "names in strings", both: func(w *world) {
			w.code("orders", `select '<schema>', '"db"."<schema>"."stg"', $$ it's "db"."<schema>"."orders" $$`)
		}},
		{name: "another schema in a string", both: func(w *world) { w.code("orders", `select '<schema>'`) }, b: func(w *world) {
			w.code("orders", `select 'other_<suffix>'`)
		}, want: []string{"model.shop.orders"}},
		{name: "not known in the baseline", a: parsed, b: func(w *world) { w.code("orders", "select 2") }},
		{name: "not known in the candidate", a: func(w *world) { w.code("orders", "select 2") }, b: parsed},
		{name: "a new model", b: func(w *world) { w.model("new", "select 1") }},
		{name: "a snapshot", both: func(w *world) {
			w.node("snapshot.shop.s", object{"compiled_code": "select <n>"})
		}, b: func(w *world) { w.nodes["snapshot.shop.s"].(object)["compiled_code"] = "select 2" }, want: []string{"snapshot.shop.s"}},
		{name: "a test", both: func(w *world) {
			w.test("orders", "not_null", object{"compiled_code": `select * from "db"."<schema>"."orders"`, "depends_on": object{"nodes": []string{"model.shop.orders"}}})
		}},
		{name: "a test that differs", a: func(w *world) {
			w.test("orders", "not_null", object{"unique_id": "test.shop.t", "compiled_code": "select 1"})
		}, b: func(w *world) {
			w.test("orders", "not_null", object{"unique_id": "test.shop.t", "compiled_code": "select 2"})
		}, want: []string{"test.shop.t"}},
		{name: "Python", both: func(w *world) { w.of("orders")["language"] = "python" }, b: func(w *world) { w.code("orders", "2") }},
		{name: "an incremental model", both: incremental, b: func(w *world) { w.code("orders", "select 2") }, want: []string{"model.shop.orders"}},
		{
			name: "an incremental model that asks for its rows", both: func(w *world) {
				incremental(w)
				w.of("orders")["raw_code"] = "{% if is_incremental() %}"
			}, b: func(w *world) { w.code("orders", "select 2") },
		},
		{
			name: "an incremental model whose macro asks", both: func(w *world) {
				incremental(w)
				w.of("orders")["depends_on"] = object{"macros": []string{w.macro("shop", "newer", "{% if is_incremental() %}")}}
			}, b: func(w *world) { w.code("orders", "select 2") },
		},
		{name: "a table that became incremental", b: func(w *world) {
			incremental(w)
			w.of("orders")["raw_code"] = "{% if is_incremental() %}"
			w.code("orders", "select 2")
		}, want: []string{"model.shop.orders"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a, b := worlds(tt.both, tt.a, tt.b)
			sides := Compiled{a.build(t, "prod_4521a86", "4521a86"), b.build(t, "dev_9b13827", "9b13827")}
			got, err := sides.differences(&parsedSide{role: "baseline"}, &parsedSide{role: "candidate"})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, slices.Sorted(maps.Keys(got))); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// TestCompiledChanges: compiled SQL is the reason for a node that nothing else finds. A candidate that
// was parsed only has none itself.
func TestCompiledChanges(t *testing.T) {
	a, b := newWorld(), newWorld()
	b.code("orders", "select 2")
	b.code("stg", "select 2")
	b.of("stg")["raw_code"] = "another file"
	prod, dev := a.build(t, "prod_4521a86", "4521a86"), b.build(t, "dev_9b13827", "9b13827")
	for _, tt := range []struct {
		compiled *Compiled
		want     map[string][]string
	}{
		{nil, map[string][]string{"model.shop.stg": {"SQL"}}},
		{&Compiled{prod, dev}, map[string][]string{"model.shop.stg": {"SQL"}, "model.shop.orders": {"compiled SQL"}}},
	} {
		got, err := Changes(prod, dev, Commit{Compiled: tt.compiled})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	}
	if _, err := Changes(prod, dev, Commit{Compiled: &Compiled{prod, Side{Manifest: "gone.json"}}}); err == nil {
		t.Error("a manifest that is gone is no error")
	}
}

// A baseline that rests on another build: the code of a node is that of the build that has it, and its
// name is there.
func TestCompiledDifferencesInLayers(t *testing.T) {
	top, below, candidate := newWorld(), newWorld(), newWorld()
	for _, name := range []string{"stg", "outside"} {
		top.of(name)["compiled_code"] = nil
	}
	top.code("orders", `select id from "db"."prod_4521a86"."stg"`) // deferred
	below.code("stg", `select 0 from "db"."<schema>"."raw"`)
	at := func(schema, name string) artifact.RelationName {
		return artifact.RelationName{Database: "db", Schema: schema, Name: name, SQL: `"db"."` + schema + `"."` + name + `"`}
	}
	lower := below.build(t, "prod_4521a86", "4521a86")
	side := top.build(t, "prod_9b13827", "9b13827")
	side.Nodes = map[string]Resolved{}
	for _, name := range []string{"stg", "outside"} {
		side.Nodes["model.shop."+name] = Resolved{RelationName: at("prod_4521a86", name), Below: &lower}
	}
	side.Nodes["seed.shop.raw"] = Resolved{RelationName: at("prod_4521a86", "raw"), Below: &lower}
	got, err := Compiled{side, candidate.build(t, "dev_24256d1", "24256d1")}.differences(&parsedSide{role: "baseline"}, &parsedSide{role: "candidate"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]bool{"model.shop.stg": true}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
