package code

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The fields of a node that don't depend on differences.
func TestNode(t *testing.T) {
	a, b := newWorld(), newWorld()
	for _, w := range []*world{a, b} {
		w.of("stg")["relation_name"], w.config("stg")["materialized"] = nil, "ephemeral"
		w.of("orders")["depends_on"] = object{"nodes": []string{"model.shop.stg", "source.shop.ext.t", "seed.shop.raw"}}
		w.of("orders")["original_file_path"] = `models\marts\orders.sql`
	}
	b.of("orders")["raw_code"] = "another file\nof orders"
	b.config("orders")["materialized"] = "incremental"
	b.code("orders", "select 2")
	want := Node{
		ID: "model.shop.orders", Name: "orders", ResourceType: "model", Materialized: "incremental",
		File:    "models/marts/orders.sql",
		A:       Location{In: true, Database: "db", Schema: "prod_4521a86", Identifier: "orders", SQL: `"db"."prod_4521a86"."orders"`, OwnSchema: "prod_4521a86", Materialized: "table"},
		B:       Location{In: true, Database: "db", Schema: "dev_9b13827", Identifier: "orders", SQL: `"db"."dev_9b13827"."orders"`, OwnSchema: "dev_9b13827", Materialized: "incremental"},
		History: true, Parents: []string{"seed.shop.raw"}, Sources: true,
		Differences: []string{"SQL", "materialized: table → incremental"},
		Diff:        "--- a/models/marts/orders.sql\n+++ b/models/marts/orders.sql\n@@ -1,1 +1,2 @@\n-the file of orders\n+another file\n+of orders\n",
	}
	if diff := cmp.Diff(want, both(t, a, b)["orders"]); diff != "" {
		t.Errorf("orders (-want +got):\n%s", diff)
	}
	if _, there := both(t, a, b)["stg"]; there {
		t.Error("an ephemeral model has no relation, and is listed")
	}
	for _, w := range []*world{a, b} {
		w.model("far", "select 1", "model.shop.top")
	}
	found := both(t, a, b)
	for _, name := range []string{"top", "far"} {
		if n := found[name]; !n.HistoryAbove || n.History {
			t.Errorf("%s stands on an incremental model: history %t, above %t", name, n.History, n.HistoryAbove)
		}
	}
	if found["raw"].HistoryAbove {
		t.Error("a seed stands on nothing")
	}
}

// A node has History unless its materialization is known to start from scratch.
func TestHistory(t *testing.T) {
	for materialized, want := range map[string]bool{
		"table": false, "view": false, "materialized_view": false, "incremental": true, "of_our_own": true,
	} {
		a, b := newWorld(), newWorld()
		b.config("orders")["materialized"] = materialized
		if got := both(t, a, b)["orders"].History; got != want {
			t.Errorf("%s keeps history: %t, want %t", materialized, got, want)
		}
	}
	// History on either side counts.
	a, b := newWorld(), newWorld()
	a.config("orders")["materialized"] = "incremental"
	if !both(t, a, b)["orders"].History {
		t.Error("the baseline is incremental, and history is not said")
	}
}

// A build's schemas are those with its suffix, whatever follows the suffix.
func TestOwnSchema(t *testing.T) {
	p := &parsedSide{Side: Side{Suffix: "9b13827"}}
	for schema, want := range map[string]string{
		"dev_9b13827": "dev_9b13827", "dev_9b13827_marts": "dev_9b13827", "dev": "", "9b13827": "",
		"dev_9b138270": "", "dev_9b13827a_9b13827": "dev_9b13827a_9b13827", "dev_9b13827_9b13827": "dev_9b13827",
	} {
		if got := p.ownSchema(schema); got != want {
			t.Errorf("%s: the build's own part is %q, want %q", schema, got, want)
		}
	}
	for text, want := range map[string]string{
		"dev_9b13827": "<>", "x dev_9b13827.y": "x <>.y", "dev_9b13827_marts": "<>_marts", "mydev_9b13827": "mydev_9b13827",
		"dev_9b138270": "dev_9b138270", "dev_9b13827dev_9b13827": "dev_9b13827dev_9b13827", "dev_9b13827 dev_9b13827": "<> <>",
	} {
		if got := strings.ReplaceAll(p.withoutOwnSchema(text, "dev_9b13827_other"), mark("schema"), "<>"); got != want {
			t.Errorf("%s became %s, want %s", text, got, want)
		}
	}
}

// Even if both sides claim to write the same relation, neither defers to the other.
func TestOneSchema(t *testing.T) {
	a, b := newWorld(), newWorld()
	b.code("stg", "select 2")
	nodes, err := Compare(a.build(t, "dev_9b13827", "9b13827"), b.build(t, "dev_9b13827", "9b13827"))
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range nodes {
		if n.Name == "orders" && n.Same {
			t.Error("orders is the same, though it reads a relation that both sides wrote")
		}
	}
}

// Deferred has what the candidate reads from the baseline, not the reverse.
func TestDeferred(t *testing.T) {
	a, b := newWorld(), newWorld()
	b.code("orders", `select id + 1 from "db"."prod_4521a86"."stg"`)
	a.code("top", `select * from "db"."dev_9b13827"."orders"`)
	nodes := both(t, a, b)
	for name, want := range map[string][]string{"stg": nil, "orders": {"model.shop.stg"}, "top": nil} {
		if diff := cmp.Diff(want, nodes[name].Deferred); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// A large diff is cut.
func TestDiff(t *testing.T) {
	if got := unified("a", "a", "x\ny", "x\ny\n"); got != "" {
		t.Errorf("the end of the last line is a difference: %q", got)
	}
	long := unified("old.sql", "new.sql", "", strings.Repeat("x\n", 1000))
	lines := strings.Split(strings.TrimSuffix(long, "\n"), "\n")
	if len(lines) != mostLines+1 || lines[0] != "--- a/old.sql" || lines[mostLines] != "… and 603 lines" {
		t.Errorf("%d lines, the first %q, the last %q", len(lines), lines[0], lines[len(lines)-1])
	}
}

// Nodes with one name in two packages get different names, and so do versions.
func TestNames(t *testing.T) {
	w := newWorld()
	w.node("model.other.orders", object{"compiled_code": "select 1", "config": object{"materialized": "table"}})
	w.node("model.shop.versioned", object{"unique_id": "model.shop.versioned.v2", "version": 2, "compiled_code": "select 1"})
	w.nodes["model.shop.versioned.v2"] = w.nodes["model.shop.versioned"]
	delete(w.nodes, "model.shop.versioned")
	var names []string
	for name := range both(t, w, w) {
		names = append(names, name)
	}
	slices.Sort(names)
	want := []string{"other.orders", "outside", "raw", "shop.orders", "stg", "top", "versioned.v2"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
}

// The order is the same each time: parents first, then by name.
func TestOrder(t *testing.T) {
	w := newWorld()
	w.model("aaa", "select 1", "model.shop.top")
	w.model("zzz", "select 1")
	for range 20 {
		nodes, err := Compare(w.build(t, "prod_4521a86", "4521a86"), w.build(t, "dev_9b13827", "9b13827"))
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, n := range nodes {
			names = append(names, n.Name)
		}
		want := []string{"outside", "raw", "zzz", "stg", "orders", "top", "aaa"}
		if diff := cmp.Diff(want, names); diff != "" {
			t.Fatalf("order (-want +got):\n%s", diff)
		}
	}
}

// A Python model's names are in the code that dbt adds.
func TestPython(t *testing.T) {
	const tail = `
def ref(*args, **kwargs):
    refs = {"stg": "\"db\".\"<schema>\".\"stg\""}

class this:
    """dbt.this() or dbt.this.identifier"""
    database = "db"
    schema = "<schema>"
    identifier = "orders"
    
    def __repr__(self):
        return '"db"."<schema>"."orders"'

`
	python := func(user, tail string) *world {
		w := newWorld()
		o := w.of("orders")
		o["language"], o["raw_code"], o["compiled_code"] = "python", user, user+"\n\n"+tail
		return w
	}
	tests := []struct {
		name string
		a, b *world
		want []string
	}{
		{"the same", python("x", tail), python("x", tail), nil},
		{"other code", python("x", tail), python("y", tail), []string{"Python"}},
		{"another parent", python("x", tail), python("x", strings.ReplaceAll(tail, `"stg`, `"raw`)), []string{"compiled Python"}},
		{"its own name", python("dbt.this.schema", tail), python("dbt.this.schema", tail), []string{"Python that asks for its own relation (dbt.this)"}},
		{
			"a relation of the build's",
			python(`"\"db\".\"<schema>\".\"stg\""`, tail), python(`"\"db\".\"<schema>\".\"stg\""`, tail),
			[]string{"Python"},
		},
		{"a schema of the build's", python("'<schema>'", tail), python("'<schema>'", tail), []string{"Python"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, both(t, tt.a, tt.b)["orders"].Differences); diff != "" {
				t.Errorf("differences (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCompareErrors(t *testing.T) {
	good := newWorld().build(t, "dev_9b13827", "9b13827")
	missing := Side{Manifest: filepath.Join(t.TempDir(), "manifest.json")}
	cut := Side{Manifest: filepath.Join(t.TempDir(), "manifest.json")}
	if err := os.WriteFile(cut.Manifest, []byte(`{"metadata": {`), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		a, b Side
		want string
	}{
		{"no baseline", missing, good, "read the baseline's manifest"},
		{"no candidate", good, missing, "read the candidate's manifest"},
		{"half a candidate", good, cut, "cut short"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Compare(tt.a, tt.b)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}

// large is a project with 1,000 models in levels, and with as many macros as dbt has.
func large() *world {
	w := newWorld()
	body := strings.Repeat("    case when a > 1 then 'it''s' else b end as a_column_of_some_length,\n", 40)
	for i := range 1000 {
		sql, parents := "select\n"+body+"1", []string{}
		for j := 1; j <= 3 && i >= 50; j++ {
			parent := fmt.Sprintf("m%d", (i-50+j*7)%i)
			parents = append(parents, "model.shop."+parent)
			sql += fmt.Sprintf("\nfrom \"db\".\"<schema>\".%q", parent)
		}
		w.model(fmt.Sprintf("m%d", i), sql, parents...)
	}
	for i := range 500 {
		w.macro("dbt", fmt.Sprintf("macro_%d", i), body)
	}
	return w
}

func BenchmarkCompare(b *testing.B) {
	a := large().build(b, "prod_4521a86", "4521a86")
	changed := large()
	changed.code("m3", "select 2")
	c := changed.build(b, "dev_9b13827", "9b13827")
	info, err := os.Stat(a.Manifest)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(2 * info.Size())
	b.ReportAllocs()
	for b.Loop() {
		nodes, err := Compare(a, c)
		if err != nil {
			b.Fatal(err)
		}
		if len(nodes) != 1005 {
			b.Fatalf("%d nodes, want 1005", len(nodes))
		}
	}
}
