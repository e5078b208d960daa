package artifact

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// smallManifest has models a to d and e, which is ephemeral, a test, a unit
// test, a function and a hook.
const smallManifest = `{
"metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json", "dbt_version": "1.11.16", "project_name": "p"},
"nodes": {
  "model.p.a": {"unique_id": "model.p.a", "resource_type": "model", "fqn": ["p", "a"], "database": "x", "schema": "main", "alias": "a", "relation_name": "\"x\".\"main\".\"a\"", "compiled_code": "select 1", "config": {"materialized": "table"}, "depends_on": {"nodes": ["source.p.s.t"]}},
  "model.p.e": {"unique_id": "model.p.e", "resource_type": "model", "config": {"materialized": "ephemeral"}, "depends_on": {"nodes": ["model.p.a", "function.p.f"]}},
  "model.p.b": {"unique_id": "model.p.b", "resource_type": "model", "config": {"materialized": "view"}, "depends_on": {"nodes": ["model.p.e", "seed.p.s"]}},
  "seed.p.s": {"unique_id": "seed.p.s", "resource_type": "seed", "config": {"materialized": "seed"}},
  "test.p.t": {"unique_id": "test.p.t", "resource_type": "test", "config": {"materialized": "test"}, "depends_on": {"nodes": ["model.p.b", "model.p.e"]}},
  "operation.p.h": {"unique_id": "operation.p.h", "resource_type": "operation", "depends_on": {"nodes": ["model.p.a"]}}
},
"functions": {"function.p.f": {"unique_id": "function.p.f", "resource_type": "function", "schema": "main", "name": "f", "alias": "f_prod"}},
"unit_tests": {"unit_test.p.b.u": {"unique_id": "unit_test.p.b.u", "resource_type": "unit_test", "depends_on": {"nodes": ["model.p.b"]}}},
"sources": {"source.p.s.t": {"unique_id": "source.p.s.t"}},
"docs": {}, "disabled": {"model.p.z": [{}]}
}`

func TestReads(t *testing.T) {
	g, err := ReadGraph("manifest.json", strings.NewReader(smallManifest))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name     string
		selected []string
		want     map[string][]string
	}{
		{"through an ephemeral model", []string{"model.p.b"}, map[string][]string{
			"model.p.a": {"model.p.b"}, "function.p.f": {"model.p.b"}, "seed.p.s": {"model.p.b"},
		}},
		{"what is selected isn't read", []string{"model.p.b", "model.p.a", "seed.p.s"}, map[string][]string{"function.p.f": {"model.p.b"}}},
		{"a test reads what it tests", []string{"test.p.t"}, map[string][]string{
			"model.p.b": {"test.p.t"}, "model.p.a": {"test.p.t"}, "function.p.f": {"test.p.t"},
		}},
		{"a unit test reads the parents of its model", []string{"unit_test.p.b.u"}, map[string][]string{
			"model.p.a": {"unit_test.p.b.u"}, "function.p.f": {"unit_test.p.b.u"}, "seed.p.s": {"unit_test.p.b.u"},
		}},
		{"sources are not read from a layer", []string{"model.p.a"}, map[string][]string{}},
		{"hooks", g.Hooks(), map[string][]string{"model.p.a": {"operation.p.h"}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, g.Reads(test.selected)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
	below := map[string]bool{"model.p.b": true, "test.p.t": true, "unit_test.p.b.u": true}
	if diff := cmp.Diff(below, g.Descendants([]string{"seed.p.s", "model.p.b"})); diff != "" {
		t.Errorf("descendants (-want +got)\n%s", diff)
	}
	want := []string{"function.p.f", "model.p.a", "model.p.b", "seed.p.s"}
	if diff := cmp.Diff(want, g.Relations()); diff != "" {
		t.Errorf("relations (-want +got)\n%s", diff)
	}
}

func TestCompose(t *testing.T) {
	at := map[string]RelationName{
		"model.p.a":    {Database: "y", Schema: "main_9b13827", Name: "A", SQL: `"y"."main_9b13827"."A"`},
		"function.p.f": {Schema: "main_9b13827", Name: "f_prod", SQL: "main_9b13827.f_prod"},
		"model.p.new":  {Schema: "s", Name: "new"},
	}
	var first, second bytes.Buffer
	base, err := ReadBase("manifest.json", strings.NewReader(smallManifest))
	if err != nil {
		t.Fatal(err)
	}
	if !base.Has("model.p.a") || !base.Has("function.p.f") || base.Has("model.p.new") || base.Has("source.p.s.t") {
		t.Error("the base has other nodes than the manifest")
	}
	if err := base.Compose(&first, at); err != nil {
		t.Fatal(err)
	}
	if err := base.Compose(&second, at); err != nil || first.String() != second.String() {
		t.Errorf("composed again it is another text (error: %v)", err)
	}
	var got map[string]map[string]any
	if err := json.Unmarshal(first.Bytes(), &got); err != nil {
		t.Fatalf("%v\n%s", err, first.Bytes())
	}
	a := got["nodes"]["model.p.a"].(map[string]any)
	if len(got["nodes"]) != 1 || a["relation_name"] != `"y"."main_9b13827"."A"` || a["database"] != "y" || a["alias"] != "A" || a["compiled_code"] != nil || a["fqn"] == nil {
		t.Errorf("nodes are %v", got["nodes"])
	}
	if f := got["functions"]["function.p.f"].(map[string]any); f["name"] != "f_prod" {
		t.Errorf("dbt would call the function %v", f["name"])
	}
	if len(got["sources"])+len(got["disabled"])+len(got["unit_tests"]) > 0 || got["metadata"]["dbt_version"] != "1.11.16" {
		t.Errorf("composed: %s", first.Bytes())
	}
	g, err := ReadGraph("composed", &first)
	if err != nil || !g.Has("function.p.f") {
		t.Errorf("read again: %v, %v", g, err)
	}
}

// TestComposeKeepsNumbers composes a manifest with numbers that Go can't represent. They stay as dbt
// wrote them.
func TestComposeKeepsNumbers(t *testing.T) {
	const meta = `{"a": [NaN, Infinity , -Infinity], "text": "NaN \"NaN", "big": 1e400, "long": 123456789012345678901234567890.10, "html": "<&>"}`
	text := `{"metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json", "x": NaN},
"nodes": {"model.p.z": {"meta": NaN}, "model.p.a": {"compiled_code": NaN, "number": -Infinity, "meta": ` + meta + `}}}`
	base, err := ReadBase("manifest.json", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := base.Compose(&out, map[string]RelationName{"model.p.a": {Schema: "s", Name: "a", SQL: "s.a"}}); err != nil {
		t.Fatal(err)
	}
	want := `{"metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json", "x": NaN},
"nodes": {"model.p.a": {"alias": "a", "meta": ` + meta + `, "number": -Infinity, "relation_name": "s.a", "schema": "s"}}}
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func FuzzCompose(f *testing.F) {
	f.Add(smallManifest)
	f.Add(`{"metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json"}, "nodes": null, "functions": {"function.p.f": {}}}`)
	f.Add(`{"nodes": []}`)
	f.Fuzz(func(t *testing.T, text string) {
		var out bytes.Buffer
		at := map[string]RelationName{"model.p.a": {Schema: "s", Name: "a", SQL: "s.a"}}
		base, err := ReadBase("manifest.json", strings.NewReader(text))
		if err != nil {
			return
		}
		if err := base.Compose(&out, at); err != nil {
			t.Fatal(err)
		}
		if !json.Valid(fromPython(bytes.Clone(out.Bytes()))) {
			t.Errorf("not JSON: %s", out.Bytes())
		}
	})
}

func TestGraphFiles(t *testing.T) {
	manifest := strings.NewReplacer(
		`"model.p.a", "resource_type": "model"`, `"model.p.a", "resource_type": "model", "package_name": "p", "original_file_path": "models/a.sql"`,
		`"model.p.b", "resource_type": "model"`, `"model.p.b", "resource_type": "model", "package_name": "p", "original_file_path": "models\\b.sql"`,
		`"model.p.e", "resource_type": "model"`, `"model.p.e", "resource_type": "model", "package_name": "other", "original_file_path": "models/a.sql"`,
	).Replace(smallManifest)
	g, err := ReadGraph("manifest.json", strings.NewReader(manifest))
	if err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string][]string{"models/a.sql": {"model.p.a"}, "models/b.sql": {"model.p.b"}, "models/e.sql": nil, "a.sql": nil} {
		if diff := cmp.Diff(want, g.InFile("p", file)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", file, diff)
		}
	}
	above := map[string]bool{"model.p.b": true, "model.p.e": true, "model.p.a": true, "function.p.f": true, "seed.p.s": true, "source.p.s.t": true}
	if diff := cmp.Diff(above, g.Ancestors([]string{"test.p.t"})); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if found := g.Ancestors([]string{"seed.p.s"}); len(found) != 0 {
		t.Errorf("a seed depends on %v", found)
	}
}
