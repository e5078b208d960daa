package code

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// An object is a JSON object.
type object = map[string]any

// A world is a manifest made by hand. It writes schemas as <schema>, to be replaced by
// the schema of a side.
type world struct {
	head                   object
	nodes, sources, macros object
	unitTests              object // nil for none
	files                  map[string]string
}

// newWorld returns a world with a seed, a source, and models that read them: raw → stg
// → orders → top, and ext → outside.
func newWorld() *world {
	w := &world{
		head:  object{"dbt_version": "1.11.16", "adapter_type": "duckdb", "project_name": "shop"},
		nodes: object{}, sources: object{}, macros: object{}, files: map[string]string{},
	}
	w.node("seed.shop.raw", object{
		"checksum": object{"name": "sha256", "checksum": "abc"}, "config": object{"materialized": "seed"}, "compiled_code": nil,
	})
	w.model("stg", `select * from "db"."<schema>"."raw"`, "seed.shop.raw")
	w.model("orders", `select id from "db"."<schema>"."stg"`, "model.shop.stg")
	w.model("top", `select * from "db"."<schema>"."orders"`, "model.shop.orders")
	w.model("outside", `select * from "db"."ext"."t"`, "source.shop.ext.t")
	w.sources["source.shop.ext.t"] = object{
		"unique_id": "source.shop.ext.t", "resource_type": "source", "name": "t", "source_name": "ext", "package_name": "shop",
		"database": "db", "schema": "ext", "identifier": "t", "relation_name": `"db"."ext"."t"`,
	}
	w.macro("dbt", "create_table_as", "builtin")
	w.macro("dbt", "materialization_table_default", "builtin")
	w.macro("dbt_duckdb", "duckdb__create_table_as", "builtin")
	return w
}

// node adds a node with a relation.
func (w *world) node(id string, fields object) object {
	parts := strings.Split(id, ".")
	n := object{
		"unique_id": id, "resource_type": parts[0], "package_name": parts[1], "name": parts[2], "alias": parts[2],
		"database": "db", "schema": "<schema>", "relation_name": `"db"."<schema>"."` + parts[2] + `"`,
		"original_file_path": parts[0] + "s/" + parts[2] + ".sql", "language": "sql",
	}
	if parts[0] == "seed" {
		n["original_file_path"], n["language"] = "seeds/"+parts[2]+".csv", nil
	}
	maps.Copy(n, fields)
	w.nodes[id] = n
	return n
}

// model adds a model that is compiled to sql.
func (w *world) model(name, sql string, parents ...string) object {
	return w.node("model.shop."+name, object{
		"raw_code": "the file of " + name, "compiled_code": sql, "config": object{"materialized": "table"},
		"depends_on": object{"nodes": parents, "macros": []string{}},
	})
}

func (w *world) macro(pkg, name, sql string, calls ...string) string {
	id := "macro." + pkg + "." + name
	w.macros[id] = object{
		"unique_id": id, "name": name, "package_name": pkg, "macro_sql": sql, "depends_on": object{"macros": calls},
	}
	return id
}

// of returns a model.
func (w *world) of(name string) object { return w.nodes["model.shop."+name].(object) }

// config returns a model's configuration.
func (w *world) config(name string) object { return w.of(name)["config"].(object) }

// code sets a model's compiled code.
func (w *world) code(name, sql string) { w.of(name)["compiled_code"] = sql }

// test adds a generic test of a model.
func (w *world) test(model, kind string, fields object) {
	id := fmt.Sprintf("test.shop.%s_%s.%d", kind, model, len(w.nodes))
	n := object{
		"unique_id": id, "resource_type": "test", "package_name": "shop", "name": kind, "attached_node": "model.shop." + model,
		"config": object{"materialized": "test"}, "test_metadata": object{"name": kind, "kwargs": object{}},
	}
	maps.Copy(n, fields)
	w.nodes[id] = n
}

// hook adds an on-run-start hook.
func (w *world) hook(sql string, compiled any, macros ...string) {
	id := fmt.Sprintf("operation.shop.shop-on-run-start-%d", len(w.nodes))
	w.nodes[id] = object{
		"unique_id": id, "resource_type": "operation", "name": "shop-on-run-start-0", "schema": "<schema>",
		"raw_code": sql, "compiled_code": compiled, "depends_on": object{"macros": macros, "nodes": []string{}},
	}
}

// build writes the manifest of a side.
func (w *world) build(t testing.TB, schema, suffix string) Side {
	t.Helper()
	w.head["dbt_schema_version"] = "https://schemas.getdbt.com/dbt/manifest/v12.json"
	data, err := json.Marshal(object{"metadata": w.head, "nodes": w.nodes, "sources": w.sources, "macros": w.macros, "unit_tests": w.unitTests, "docs": object{}})
	if err != nil {
		t.Fatal(err)
	}
	text := strings.NewReplacer(`\u003cschema\u003e`, schema, `\u003csuffix\u003e`, suffix).Replace(string(data))
	file := filepath.Join(t.TempDir(), "manifest.json")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	read := func(name string) ([]byte, error) {
		if data, ok := w.files[name]; ok {
			return []byte(data), nil
		}
		return nil, fs.ErrNotExist
	}
	return Side{Manifest: file, Suffix: suffix, ReadFile: read, FileID: func(name string) (string, error) {
		data, err := read(name)
		return string(data), err
	}}
}

// both compares two worlds as baseline and candidate, and returns the nodes by name.
func both(t testing.TB, a, b *world) map[string]Node {
	t.Helper()
	nodes, err := Compare(a.build(t, "prod_4521a86", "4521a86"), b.build(t, "dev_9b13827", "9b13827"))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]Node{}
	for _, n := range nodes {
		found[n.Name] = n
	}
	if t, ok := t.(*testing.T); ok {
		sound(t, nodes)
	}
	return found
}

// compared returns the differences of each node by name, and checks what must be true
// for every comparison.
func compared(t *testing.T, baseline, candidate Side) map[string][]string {
	t.Helper()
	nodes, err := Compare(baseline, candidate)
	if err != nil {
		t.Fatal(err)
	}
	sound(t, nodes)
	found := map[string][]string{}
	for _, n := range nodes {
		found[n.Name] = n.Differences
	}
	return found
}

// sound checks what must be true for every comparison.
func sound(t *testing.T, nodes []Node) {
	t.Helper()
	seen := map[string]*Node{}
	for _, n := range nodes {
		if seen[n.ID] != nil {
			t.Errorf("%s is there twice", n.ID)
		}
		if n.Same != (len(n.Differences) == 0) {
			t.Errorf("%s: same is %t with the differences %q", n.ID, n.Same, n.Differences)
		}
		if n.Same && (!n.Own || !n.A.In || !n.B.In) {
			t.Errorf("%s is the same with own code %t, in the baseline %t, in the candidate %t", n.ID, n.Own, n.A.In, n.B.In)
		}
		if !n.A.In && !n.B.In {
			t.Errorf("%s has no relation on either side", n.ID)
		}
		for _, parent := range n.Parents {
			if seen[parent] == nil {
				t.Errorf("%s comes before its parent %s", n.ID, parent)
			}
		}
		if !slices.IsSorted(n.Parents) {
			t.Errorf("the parents of %s are not sorted: %q", n.ID, n.Parents)
		}
		seen[n.ID] = &n
	}
}

// everywhere returns one difference for all nodes of a new world.
func everywhere(difference string) map[string][]string {
	all := map[string][]string{}
	for _, name := range []string{"raw", "stg", "orders", "top", "outside"} {
		all[name] = []string{difference}
	}
	return all
}

// unit changes a side for a test.
type unit func(w *world)

// worlds returns the worlds of both sides after these changes; nil is none.
func worlds(both, onlyA, onlyB unit) (a, b *world) {
	a, b = newWorld(), newWorld()
	for _, do := range []struct {
		w    *world
		unit unit
	}{{a, both}, {b, both}, {a, onlyA}, {b, onlyB}} {
		if do.unit != nil {
			do.unit(do.w)
		}
	}
	return a, b
}

// One case for each rule: the change on one side, and the resulting differences by
// node. All other nodes are the same.
func TestDifferences(t *testing.T) {
	orders := func(key string, value any) unit { return func(w *world) { w.of("orders")[key] = value } }
	setting := func(key string, value any) unit { return func(w *world) { w.config("orders")[key] = value } }
	incremental := func(strategy string) unit {
		return func(w *world) {
			w.config("orders")["materialized"], w.config("orders")["incremental_strategy"] = "incremental", strategy
		}
	}
	hooked := func(sql string, macros ...string) unit {
		return func(w *world) {
			w.config("orders")["post-hook"] = []any{object{"sql": sql, "transaction": true, "index": nil}}
			w.of("orders")["depends_on"].(object)["macros"] = macros
		}
	}
	up := "upstream: orders"
	tests := []struct {
		name string
		both unit // changes both sides
		a, b unit
		want map[string][]string
	}{
		{name: "nothing"},

		// Code.
		{
			name: "SQL",
			b: func(w *world) {
				w.of("orders")["raw_code"] = "another file"
				w.code("orders", `select id + 1 from "db"."<schema>"."stg"`)
			},
			want: map[string][]string{"orders": {"SQL"}, "top": {up}},
		},
		{
			name: "a file that compiles to the same",
			b:    orders("raw_code", "select   id from {{ ref('stg') }}"),
		},
		{
			name: "a file that compiles to something else",
			b:    func(w *world) { w.code("orders", `select 2 from "db"."<schema>"."stg"`) },
			want: map[string][]string{"orders": {"compiled SQL"}, "top": {up}},
		},
		{
			name: "a data file",
			both: func(w *world) { w.code("orders", `select * from read_csv('../data/x.csv'), 'gone.csv'`) },
			a:    func(w *world) { w.files["../data/x.csv"] = "1" },
			b:    func(w *world) { w.files["../data/x.csv"] = "2" },
			want: map[string][]string{"orders": {"file ../data/x.csv"}, "top": {up}},
		},
		{
			name: "a data file that is the same",
			both: func(w *world) {
				w.code("orders", `select * from read_csv('data/x.csv')`)
				w.files["data/x.csv"] = "1"
			},
		},
		{
			name: "data files with odd names",
			both: func(w *world) {
				w.code("orders", `select * from 'données/été.csv', 'Sales (1) & co.csv', 'o''brien.csv' -- it's`+"\n"+`, "a'b.json"`)
			},
			a: func(w *world) {
				for _, name := range []string{"données/été.csv", "Sales (1) & co.csv", "o'brien.csv", "a'b.json"} {
					w.files[name] = "1"
				}
			},
			want: map[string][]string{
				"orders": {"file Sales (1) & co.csv", "file a'b.json", "file données/été.csv", "file o'brien.csv"}, "top": {up},
			},
		},
		{
			name: "several data files",
			both: func(w *world) { w.code("orders", `select * from read_csv('data/*.csv')`) },
			want: map[string][]string{"orders": {"files data/*.csv: not compared"}, "top": {up}},
		},
		{
			name: "a macro that compiles to something else",
			a: func(w *world) {
				w.of("orders")["depends_on"].(object)["macros"] = []string{w.macro("shop", "cents", "1")}
				w.code("orders", `select 1`)
			},
			b: func(w *world) {
				w.of("orders")["depends_on"].(object)["macros"] = []string{w.macro("shop", "cents", "2")}
				w.code("orders", `select 2`)
			},
			want: map[string][]string{"orders": {"compiled SQL: macro cents"}, "top": {up}},
		},
		{
			name: "a macro that compiles to the same",
			a:    func(w *world) { w.macro("shop", "cents", "1") },
			b:    func(w *world) { w.macro("shop", "cents", "1 ") },
		},
		{
			name: "code that wasn't run by the baseline",
			a:    orders("compiled_code", nil),
			want: map[string][]string{"orders": {"the baseline's code is not known: it was not in the last run"}, "top": {up}},
		},
		{
			name: "code that wasn't run by the candidate, in another file",
			b: func(w *world) {
				w.of("orders")["raw_code"] = "select 3"
				delete(w.of("orders"), "compiled_code")
			},
			want: map[string][]string{"orders": {"SQL", "the candidate's code is not known: it was not in the last run"}, "top": {up}},
		},
		{
			name: "code that wasn't run by either",
			both: orders("compiled_code", nil),
			want: map[string][]string{"orders": {"the code is not known: it was not in the last run of either build"}, "top": {up}},
		},
		{
			name: "code that compiled to nothing is known",
			both: orders("compiled_code", ""),
		},
		{
			name: "the language",
			b:    orders("language", "python"),
			want: map[string][]string{"orders": {"language: sql → python"}, "top": {up}},
		},

		// Names.
		{
			name: "a schema in a string is data",
			both: func(w *world) { w.code("orders", `select '"db"."<schema>"."stg"' from "db"."<schema>"."stg"`) },
			want: map[string][]string{"orders": {"compiled SQL"}, "top": {up}},
		},
		{
			name: "a commit in a string is data",
			both: func(w *world) { w.code("orders", `select '<suffix>' from "db"."<schema>"."stg"`) },
			want: map[string][]string{"orders": {"compiled SQL"}, "top": {up}},
		},
		{
			name: "a relation that isn't a parent",
			both: func(w *world) { w.code("orders", `select * from "db"."<schema>"."raw"`) },
			want: map[string][]string{"orders": {"compiled SQL"}, "top": {up}},
		},
		{
			name: "another parent than before",
			b:    func(w *world) { w.model("orders", `select id from "db"."<schema>"."raw"`, "seed.shop.raw") },
			want: map[string][]string{"orders": {"compiled SQL"}, "top": {up}},
		},
		{
			name: "a relation that was renamed",
			b: func(w *world) {
				w.of("stg")["alias"], w.of("stg")["relation_name"] = "staged", `"db"."<schema>"."staged"`
				w.code("orders", `select id from "db"."<schema>"."staged"`)
			},
		},
		{
			name: "a schema that ends otherwise",
			both: func(w *world) {
				w.of("stg")["schema"], w.of("stg")["relation_name"] = "<schema>_staging", `"db"."<schema>_staging"."stg"`
				w.code("orders", `select id from "db"."<schema>_staging"."stg"`)
			},
		},
		{
			name: "names without quotes",
			both: func(w *world) {
				w.of("stg")["relation_name"] = `db.<schema>.stg`
				w.code("orders", `select id from db.<schema>.stg where x = 'it''s'`)
			},
		},
		{
			name: "names in backticks, where double quotes are strings",
			both: func(w *world) {
				w.of("stg")["relation_name"] = "`db`.`<schema>`.`stg`"
				w.code("orders", "select id, \"it's\" from `db`.`<schema>`.`stg`")
			},
		},
		{
			name: "names in backticks in such a string",
			both: func(w *world) {
				w.of("stg")["relation_name"] = "`db`.`<schema>`.`stg`"
				w.code("orders", "select \"`db`.`<schema>`.`stg`\" from `db`.`<schema>`.`stg`")
			},
			want: map[string][]string{"orders": {"compiled SQL"}, "top": {up}},
		},
		{
			name: "a longer name",
			both: func(w *world) {
				w.of("stg")["relation_name"] = `db.<schema>.stg`
				w.code("orders", `select id from db.<schema>.stg2`)
			},
			want: map[string][]string{"orders": {"compiled SQL"}, "top": {up}},
		},
		{
			name: "its own name",
			both: func(w *world) {
				w.code("orders", `select id from "db"."<schema>"."stg" where id > (select max(id) from "db"."<schema>"."orders")`)
			},
		},

		// Ancestors.
		{
			name: "a parent far above",
			b:    func(w *world) { w.code("stg", "select 2") },
			want: map[string][]string{
				"stg": {"compiled SQL"}, "orders": {"upstream: stg"}, "top": {"upstream: stg"},
			},
		},
		{
			name: "a node of the candidate's only",
			b:    func(w *world) { w.model("new", "select 1") },
			want: map[string][]string{"new": {"only in the candidate's project"}},
		},
		{
			name: "a node of the baseline's only",
			a:    func(w *world) { w.model("old", "select 1") },
			want: map[string][]string{"old": {"only in the baseline's project"}},
		},
		{
			name: "an ephemeral model is its children's code",
			both: func(w *world) {
				w.of("stg")["relation_name"], w.config("stg")["materialized"] = nil, "ephemeral"
				w.code("orders", `with __dbt__cte__stg as (select * from "db"."<schema>"."raw") select id from __dbt__cte__stg`)
			},
			b: func(w *world) { w.nodes["seed.shop.raw"].(object)["checksum"].(object)["checksum"] = "def" },
			want: map[string][]string{
				"raw": {"seed's rows"}, "orders": {"upstream: raw"}, "top": {"upstream: raw"},
			},
		},
		{
			name: "an ephemeral model that changed",
			both: func(w *world) { w.of("stg")["relation_name"], w.config("stg")["materialized"] = nil, "ephemeral" },
			b: func(w *world) {
				w.of("stg")["raw_code"] = "select 2"
				w.code("orders", `with __dbt__cte__stg as (select 2) select id from __dbt__cte__stg`)
			},
			want: map[string][]string{"orders": {"compiled SQL: ephemeral stg"}, "top": {up}},
		},
		{
			name: "ephemeral on one side",
			b: func(w *world) {
				w.of("stg")["relation_name"], w.config("stg")["materialized"] = nil, "ephemeral"
				w.code("orders", `with __dbt__cte__stg as (select * from "db"."<schema>"."raw") select id from __dbt__cte__stg`)
			},
			want: map[string][]string{
				"stg":    {"materialized: table → ephemeral"},
				"orders": {"compiled SQL: ephemeral stg", "upstream: stg"},
				"top":    {"upstream: orders"},
			},
		},
		{
			name: "two nodes the other way round",
			b: func(w *world) {
				w.of("stg")["depends_on"] = object{"nodes": []string{"model.shop.orders"}}
				w.of("orders")["depends_on"] = object{"nodes": []string{"seed.shop.raw"}}
			},
			want: map[string][]string{
				"stg": {"compiled SQL", "upstream: in another order"}, "orders": {"compiled SQL", "upstream: in another order"},
				"top": {"upstream: in another order"},
			},
		},
		{
			name: "a parent that the project doesn't have",
			both: func(w *world) {
				w.of("orders")["depends_on"] = object{"nodes": []string{"model.shop.stg", "model.shop.gone"}}
			},
			want: map[string][]string{"orders": {"model.shop.gone: not in both projects"}, "top": {up}},
		},
		{
			name: "a function",
			both: func(w *world) {
				w.nodes["function.shop.f"] = object{"unique_id": "function.shop.f", "resource_type": "function", "name": "f"}
				w.of("orders")["depends_on"] = object{"nodes": []string{"model.shop.stg", "function.shop.f"}}
			},
			want: map[string][]string{"orders": {"function f: not compared"}, "top": {up}},
		},

		// Deferral.
		{
			name: "the candidate reads the baseline's relation",
			b: func(w *world) {
				w.of("stg")["raw_code"], w.of("stg")["compiled_code"] = "select 2", nil
				w.code("orders", `select id from "db"."prod_4521a86"."stg"`)
			},
			want: map[string][]string{"stg": {"SQL", "the candidate's code is not known: it was not in the last run"}},
		},
		{
			name: "other SQL reads the baseline's relation",
			b: func(w *world) {
				w.of("stg")["compiled_code"] = nil
				w.of("orders")["raw_code"] = "another file"
				w.code("orders", `select id + 1 from "db"."prod_4521a86"."stg"`)
			},
			want: map[string][]string{
				"stg": {"the candidate's code is not known: it was not in the last run"}, "orders": {"SQL"}, "top": {up},
			},
		},
		{
			name: "other SQL reads the baseline's relation, and one that is hidden",
			b: func(w *world) {
				w.of("stg")["compiled_code"] = nil
				w.of("orders")["raw_code"] = "another file"
				w.code("orders", `select id + 1 from "db"."prod_4521a86"."stg" where x <> 'from "db"."<schema>"."stg"'`)
			},
			want: map[string][]string{
				"stg":    {"the candidate's code is not known: it was not in the last run"},
				"orders": {"SQL", "upstream: stg"}, "top": {up},
			},
		},
		{
			name: "the baseline reads the candidate's relation",
			a: func(w *world) {
				w.of("stg")["raw_code"] = "select 2"
				w.code("orders", `select id from "db"."dev_9b13827"."stg"`)
				w.code("stg", "select 2")
			},
			want: map[string][]string{"stg": {"SQL"}},
		},
		{
			name: "each reads the other's relation",
			a: func(w *world) {
				w.code("orders", `select id from "db"."dev_9b13827"."stg"`)
				w.code("stg", "select 2")
			},
			b: func(w *world) { w.code("orders", `select id from "db"."prod_4521a86"."stg"`) },
			want: map[string][]string{
				"stg": {"compiled SQL"}, "orders": {"upstream: stg"}, "top": {"upstream: stg"},
			},
		},
		{
			name: "the candidate reads both its own and the baseline's",
			a:    func(w *world) { w.code("orders", `select "db"."<schema>"."stg" "db"."<schema>"."stg"`) },
			b: func(w *world) {
				w.code("orders", `select "db"."<schema>"."stg" "db"."prod_4521a86"."stg"`)
				w.code("stg", "select 2")
			},
			want: map[string][]string{
				"stg": {"compiled SQL"}, "orders": {"upstream: stg"}, "top": {"upstream: stg"},
			},
		},
		{
			name: "both write the same relation",
			both: func(w *world) {
				w.of("stg")["schema"], w.of("stg")["relation_name"] = "leaked", `"db"."leaked"."stg"`
				w.code("orders", `select id from "db"."leaked"."stg"`)
			},
			b:    func(w *world) { w.code("stg", "select 2") },
			want: map[string][]string{"stg": {"compiled SQL"}, "orders": {"upstream: stg"}, "top": {"upstream: stg"}},
		},
		{
			name: "the candidate reads what the baseline wrote where all may",
			a:    func(w *world) { w.of("stg")["schema"], w.of("stg")["relation_name"] = "leaked", `"db"."leaked"."stg"` },
			both: func(w *world) { w.code("orders", `select id from "db"."leaked"."stg"`) },
			want: map[string][]string{"orders": {"compiled SQL"}, "top": {up}},
		},
		{
			name: "the candidate reads a third build's relation",
			b:    func(w *world) { w.code("orders", `select id from "db"."prod_0000000"."stg"`) },
			want: map[string][]string{"orders": {"compiled SQL"}, "top": {up}},
		},

		// Sources.
		{
			name: "a source in each build's schema",
			both: func(w *world) {
				s := w.sources["source.shop.ext.t"].(object)
				s["schema"], s["relation_name"] = "<schema>", `"db"."<schema>"."t"`
			},
			want: map[string][]string{
				"outside": {`source ext.t: "db"."prod_4521a86"."t" → "db"."dev_9b13827"."t"`},
			},
		},
		{
			name: "another source",
			b: func(w *world) {
				s := w.sources["source.shop.ext.t"].(object)
				s["database"], s["relation_name"] = "other", `"other"."ext"."t"`
			},
			want: map[string][]string{"outside": {`source ext.t: "db"."ext"."t" → "other"."ext"."t"`}},
		},

		// Configuration.
		{
			name: "materialized",
			b:    setting("materialized", "view"),
			want: map[string][]string{"orders": {"materialized: table → view"}, "top": {up}},
		},
		{
			name: "a setting that went",
			a:    setting("unique_key", []any{"id", "day"}),
			b:    setting("unique_key", nil),
			want: map[string][]string{"orders": {"unique_key: id, day → (none)"}, "top": {up}},
		},
		{
			name: "settings that nobody knows of, most important first",
			b: func(w *world) {
				maps.Copy(w.config("orders"), object{"cluster_by": "day", "materialized": "view", "aaa": object{"long": strings.Repeat("x", 50)}})
			},
			want: map[string][]string{"orders": {"materialized: table → view", "aaa", "cluster_by: (none) → day"}, "top": {up}},
		},
		{
			name: "numbers that a float64 can't tell apart",
			a:    setting("begin", json.Number("9007199254740993")),
			b:    setting("begin", json.Number("9007199254740992")),
			want: map[string][]string{"orders": {"begin: 9007199254740993 → 9007199254740992"}, "top": {up}},
		},
		{name: "tags", b: setting("tags", []any{"x"})},
		{name: "meta", b: setting("meta", object{"x": 1})},
		{name: "grants", b: setting("grants", object{"select": []any{"x"}})},
		{name: "docs", b: setting("docs", object{"show": false})},
		{name: "where it lies", b: func(w *world) { maps.Copy(w.config("orders"), object{"schema": "x", "alias": "y", "database": "z"}) }},
		{name: "what comes to nothing", a: setting("partition_by", object{}), b: setting("partition_by", []any{})},
		{name: "the schema of the side", both: setting("location", "s3://bucket/<schema>/x")},
		{name: "the schema of the side, and more", both: setting("location", "s3://bucket/<schema>_x/y")},
		{
			name: "the commit alone",
			both: setting("location", "s3://bucket/<suffix>/x"),
			want: map[string][]string{
				"orders": {"location: s3://bucket/4521a86/x → s3://bucket/9b13827/x"}, "top": {up},
			},
		},
		{
			name: "a seed's types",
			b: func(w *world) {
				w.nodes["seed.shop.raw"].(object)["config"].(object)["column_types"] = object{"id": "bigint"}
			},
			want: map[string][]string{
				"raw": {`column_types: (none) → {"id":"bigint"}`},
				"stg": {"upstream: raw"}, "orders": {"upstream: raw"}, "top": {"upstream: raw"},
			},
		},

		// Columns.
		{
			name: "what columns are documented to be",
			b:    orders("columns", object{"id": object{"name": "id", "description": "x", "data_type": "int", "meta": object{"a": 1}}}),
		},
		{
			name: "a contract's types",
			both: setting("contract", object{"enforced": true}),
			a:    orders("columns", object{"id": object{"name": "id", "data_type": "int"}}),
			b:    orders("columns", object{"id": object{"name": "id", "data_type": "bigint"}}),
			want: map[string][]string{"orders": {"columns"}, "top": {up}},
		},
		{
			name: "a contract's order of columns",
			both: setting("contract", object{"enforced": true}),
			a:    orders("columns", json.RawMessage(`{"a": {"name": "a"}, "b": {"name": "b"}}`)),
			b:    orders("columns", json.RawMessage(`{"b": {"name": "b"}, "a": {"name": "a"}}`)),
			want: map[string][]string{"orders": {"columns"}, "top": {up}},
		},
		{
			name: "what columns are configured for people",
			b:    orders("columns", object{"id": object{"name": "id", "config": object{"meta": object{"x": 1}, "tags": []any{"y"}}}}),
		},
		{
			name: "what columns are configured otherwise",
			b:    orders("columns", object{"id": object{"name": "id", "config": object{"mask": "x"}}}),
			want: map[string][]string{"orders": {"columns"}, "top": {up}},
		},
		{
			name: "a column's mask",
			b:    orders("columns", object{"id": object{"name": "id", "policy_tags": []any{"pii"}}}),
			want: map[string][]string{"orders": {"columns"}, "top": {up}},
		},
		{
			name: "a constraint",
			b:    orders("constraints", []any{object{"type": "check", "expression": "id > 0"}}),
			want: map[string][]string{"orders": {"constraints"}, "top": {up}},
		},

		// Hooks.
		{
			name: "a hook",
			a:    hooked("delete from {{ this }} where id = 1"),
			b:    hooked("delete from {{ this }} where id = 2"),
			want: map[string][]string{"orders": {"post-hook"}, "top": {up}},
		},
		{
			name: "a hook in a transaction",
			a:    hooked("delete from {{ this }}"),
			b: func(w *world) {
				w.config("orders")["post-hook"] = []any{object{"sql": "delete from {{ this }}", "transaction": false, "index": nil}}
			},
			want: map[string][]string{"orders": {"post-hook"}, "top": {up}},
		},
		{name: "the same hook", both: hooked("delete from {{ this }} where id in (select id from {{ ref('stg') }}) -- it's")},
		{name: "a hook with names in it", both: hooked(`delete from "db"."<schema>"."orders" where id = 1`)},
		{
			name: "a hook with its own name as data",
			both: hooked("update {{ this }} set made_by = '{{ this }}'"),
			want: map[string][]string{"orders": {"post-hook: the name of its relation in a string"}, "top": {up}},
		},
		{
			name: "a hook that calls a macro",
			both: func(w *world) { hooked("{{ clean(this) }}", w.macro("shop", "clean", "delete from {{ x }}"))(w) },
		},
		{
			name: "a hook that calls a macro that changed",
			a:    func(w *world) { w.macro("shop", "helper", "1") },
			b:    func(w *world) { w.macro("shop", "helper", "2") },
			both: func(w *world) {
				hooked("{{ clean(this) }}", w.macro("shop", "clean", "{{ helper() }}", "macro.shop.helper"))(w)
			},
			want: map[string][]string{"orders": {"hook: macro helper"}, "top": {up}},
		},
		{
			name: "a hook that reads a variable",
			both: hooked("{% if var('x') %} truncate {{ this }} {% endif %}"),
			want: map[string][]string{"orders": {"hook: it reads variables or the target, so what it did is not known"}, "top": {up}},
		},
		{
			name: "a hook that calls a macro that asks for the target",
			both: func(w *world) {
				hooked("{{ clean(this) }}", w.macro("shop", "clean", "{% if target.name == 'dev' %} truncate {{ x }}{% endif %}"))(w)
			},
			want: map[string][]string{"orders": {"hook: it reads variables or the target, so what it did is not known"}, "top": {up}},
		},
		{
			name: "a hook that calls a macro that asks for the target's schema",
			both: func(w *world) {
				w.macro("dbt_duckdb", "own", "{{ target.name }}")
				hooked("{{ clean(this) }}", w.macro("shop", "clean", "{{ target.schema }}", "macro.dbt_duckdb.own"))(w)
			},
		},
		{
			name: "a macro in a hook may read meta",
			both: func(w *world) { hooked("{{ mask(model) }}", w.macro("shop", "mask", "x"))(w) },
			b:    setting("meta", object{"mask": true}),
			want: map[string][]string{"orders": {`meta: (none) → {"mask":true}`}, "top": {up}},
		},
		{
			name: "what runs before everything",
			b:    func(w *world) { w.hook("set x = 1", "set x = 1") },
			want: everywhere("on-run-start"),
		},
		{
			name: "what runs before everything, changed",
			a:    func(w *world) { w.hook("set x = 1", "set x = 1") },
			b:    func(w *world) { w.hook("set x = 2", "set x = 2") },
			want: everywhere("on-run-start"),
		},
		{name: "what runs before everything, the same", both: func(w *world) { w.hook("use {{ target.schema }}", "use <schema>") }},
		{
			name: "what runs before everything, of the target",
			a:    func(w *world) { w.hook("{{ f() }}", "set x = 'prod'", w.macro("shop", "f", "x")) },
			b:    func(w *world) { w.hook("{{ f() }}", "set x = 'dev'", w.macro("shop", "f", "x")) },
			want: everywhere("on-run-start: compiled SQL"),
		},
		{
			name: "what runs before everything, by a macro that changed",
			a:    func(w *world) { w.hook("{{ f() }}", "", w.macro("shop", "f", "x")) },
			b:    func(w *world) { w.hook("{{ f() }}", "", w.macro("shop", "f", "y")) },
			want: everywhere("on-run-start: macro f"),
		},
		{
			name: "what runs before everything, not known",
			both: func(w *world) { w.hook("{{ var('x') }}", nil) },
			want: everywhere("on-run-start: it reads variables or the target, so what it did is not known"),
		},

		// Differences that apply to every node.
		{
			name: "another dbt",
			b:    func(w *world) { w.head["dbt_version"] = "1.12.6" },
			want: everywhere("dbt: 1.11.16 → 1.12.6"),
		},
		{
			name: "another adapter",
			b:    func(w *world) { w.head["adapter_type"] = "postgres" },
			want: everywhere("adapter: duckdb → postgres"),
		},
		{
			name: "another version of the adapter",
			b:    func(w *world) { w.macro("dbt_duckdb", "duckdb__create_table_as", "newer") },
			want: everywhere("macros of dbt or its adapter: another version"),
		},
		{
			name: "a macro of dbt's that the project overrides",
			a:    func(w *world) { w.macro("shop", "create_table_as", "1") },
			b:    func(w *world) { w.macro("shop", "create_table_as", "2") },
			want: everywhere("macro that dbt builds with: create_table_as"),
		},
		{
			name: "a macro of dbt's that the project no longer overrides",
			a:    func(w *world) { w.macro("shop", "create_table_as", "1") },
			want: everywhere("macro that dbt builds with: create_table_as"),
		},
		{
			name: "for one adapter only",
			b:    func(w *world) { w.macro("shop", "snowflake__create_table_as", "2") },
			want: everywhere("macro that dbt builds with: snowflake__create_table_as"),
		},
		{
			name: "what such a macro calls",
			both: func(w *world) { w.macro("shop", "create_table_as", "{{ mine() }}", "macro.shop.mine") },
			a:    func(w *world) { w.macro("shop", "mine", "1") },
			b:    func(w *world) { w.macro("shop", "mine", "2") },
			want: everywhere("macro that dbt builds with: mine"),
		},
		{
			name: "a materialization of a package",
			b:    func(w *world) { w.macro("utils", "materialization_period_default", "2") },
			want: everywhere("macro that dbt builds with: materialization_period_default"),
		},
		{name: "one that makes tests", b: func(w *world) { w.macro("utils", "materialization_test_default", "2") }},
		{
			name: "a materialization that asks for the target",
			both: func(w *world) { w.macro("shop", "materialization_table_default", "{{ target.name }}") },
			want: everywhere("macro that dbt builds with, and that reads variables or the target: materialization_table_default"),
		},
		{
			name: "names of relations",
			both: func(w *world) { w.macro("dbt", "generate_schema_name", "x") },
			b:    func(w *world) { w.macro("shop", "generate_schema_name", "{{ target.name }}") },
		},
		{
			name: "what dbt builds with may read tags",
			both: func(w *world) { w.macro("shop", "create_table_as", "x") },
			b:    setting("tags", []any{"big"}),
			want: map[string][]string{"orders": {"tags: (none) → big"}, "top": {up}},
		},
		{
			name: "a package's materialization may read tags",
			both: func(w *world) { w.macro("utils", "materialization_period_default", "x") },
			b:    setting("tags", []any{"big"}),
			want: map[string][]string{"orders": {"tags: (none) → big"}, "top": {up}},
		},
		{
			name: "a package's macro that only has such a name",
			both: func(w *world) { w.macro("utils", "create_table_as", "x") },
			b:    setting("tags", []any{"big"}),
		},
		{
			name: "a materialization may read tags",
			both: func(w *world) { w.macro("shop", "materialization_table_default", "x") },
			b:    setting("tags", []any{"big"}),
			want: map[string][]string{"orders": {"tags: (none) → big"}, "top": {up}},
		},

		{
			name: "the macro of an incremental strategy",
			both: incremental("only+new"),
			a:    func(w *world) { w.macro("shop", "get_incremental_only_new_sql", "1") },
			b:    func(w *world) { w.macro("shop", "get_incremental_only_new_sql", "2") },
			want: map[string][]string{"orders": {"macro that dbt builds with: get_incremental_only_new_sql"}, "top": {up}},
		},
		{
			name: "what the macro of a strategy calls",
			both: func(w *world) {
				incremental("mine")(w)
				w.macro("utils", "get_incremental_mine_sql", "{{ insert() }}", "macro.shop.insert")
			},
			a:    func(w *world) { w.macro("shop", "insert", "1") },
			b:    func(w *world) { w.macro("shop", "insert", "2") },
			want: map[string][]string{"orders": {"macro that dbt builds with: insert"}, "top": {up}},
		},
		{
			name: "a strategy that asks for the target",
			both: func(w *world) {
				incremental("mine")(w)
				w.macro("shop", "get_incremental_mine_sql", "{{ target.name }}")
			},
			want: map[string][]string{"orders": {"macro that dbt builds with, and that reads variables or the target: get_incremental_mine_sql"}, "top": {up}},
		},
		{
			name: "a strategy may read tags",
			both: func(w *world) {
				incremental("mine")(w)
				w.macro("shop", "get_incremental_mine_sql", "x")
			},
			b:    setting("tags", []any{"big"}),
			want: map[string][]string{"orders": {"tags: (none) → big"}, "top": {up}},
		},
		{
			name: "a strategy of dbt's",
			both: func(w *world) {
				incremental("append")(w)
				w.macro("dbt", "get_incremental_append_sql", "x")
			},
		},
		{
			name: "the macro of a snapshot's strategy",
			both: func(w *world) {
				w.config("orders")["materialized"] = "snapshot"
				w.config("orders")["strategy"] = "utils.slow"
			},
			a:    func(w *world) { w.macro("utils", "snapshot_slow_strategy", "1") },
			b:    func(w *world) { w.macro("utils", "snapshot_slow_strategy", "2") },
			want: map[string][]string{"orders": {"macro that dbt builds with: snapshot_slow_strategy"}, "top": {up}},
		},

		// Seeds.
		{
			name: "a seed that dbt read on one side only",
			a: func(w *world) {
				w.nodes["seed.shop.raw"].(object)["checksum"] = object{"name": "path", "checksum": "seeds/raw.csv"}
				w.files["seeds/raw.csv"] = "id\n1\n"
			},
			b: func(w *world) { w.files["seeds/raw.csv"] = "id\n1\n" },
		},
		{
			name: "a large seed",
			both: func(w *world) {
				w.nodes["seed.shop.raw"].(object)["checksum"] = object{"name": "path", "checksum": "seeds/raw.csv"}
			},
			a: func(w *world) { w.files["seeds/raw.csv"] = "id\n1\n" },
			b: func(w *world) { w.files["seeds/raw.csv"] = "id\n2\n" },
			want: map[string][]string{
				"raw": {"seed's rows"}, "stg": {"upstream: raw"}, "orders": {"upstream: raw"}, "top": {"upstream: raw"},
			},
		},
		{
			name: "a large seed that can't be read",
			both: func(w *world) {
				w.nodes["seed.shop.raw"].(object)["checksum"] = object{"name": "path", "checksum": "seeds/raw.csv"}
			},
			b: func(w *world) { w.files["seeds/raw.csv"] = "id\n2\n" },
			want: map[string][]string{
				"raw": {"the baseline's seed is not known: file does not exist"},
				"stg": {"upstream: raw"}, "orders": {"upstream: raw"}, "top": {"upstream: raw"},
			},
		},
		{
			name: "a package's large seed",
			both: func(w *world) {
				raw := w.nodes["seed.shop.raw"].(object)
				raw["checksum"], raw["package_name"] = object{"name": "path", "checksum": "seeds/raw.csv"}, "other"
				w.files["seeds/raw.csv"] = "another seed, of the project's"
			},
			want: map[string][]string{
				"raw": {"the baseline's seed is not known: dbt gives no checksum of its rows"},
				"stg": {"upstream: raw"}, "orders": {"upstream: raw"}, "top": {"upstream: raw"},
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, b := worlds(tt.both, tt.a, tt.b)
			got := map[string][]string{}
			for name, n := range both(t, a, b) {
				if len(n.Differences) > 0 {
					got[name] = n.Differences
				}
			}
			want := map[string][]string{}
			maps.Copy(want, tt.want)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("differences (-want +got):\n%s", diff)
			}
		})
	}
}
