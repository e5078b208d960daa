package artifact

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// readCode reads a whole manifest.
func readCode(text []byte) (Metadata, map[string]NodeCode, map[string]Macro, error) {
	nodes, macros := map[string]NodeCode{}, map[string]Macro{}
	head, err := ReadManifestCode("manifest.json", bytes.NewReader(text),
		func(n NodeCode) error { nodes[n.UniqueID] = n; return nil },
		func(m Macro) error { macros[m.UniqueID] = m; return nil },
	)
	return head, nodes, macros, err
}

// The manifest of dbt 1.11.16 that TestReadManifest reads, too.
func TestReadManifestCode(t *testing.T) {
	head, nodes, macros, err := readCode(artifactFile(t, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	if head.Project != "shop" || head.Adapter != "duckdb" || head.DBTVersion != "1.11.16" {
		t.Errorf("head %+v", head)
	}
	if len(nodes) != 14 || len(macros) != 2 {
		t.Errorf("%d nodes and %d macros, want 14 and 2", len(nodes), len(macros))
	}
	orders := nodes["model.shop.orders"]
	if diff := cmp.Diff([]string{"model.shop.stg"}, orders.DependsOn.Nodes); diff != "" {
		t.Errorf("orders depends on (-want +got):\n%s", diff)
	}
	if orders.RawCode != "{{ config(post_hook='select 2') }} select * from {{ ref('stg') }}" || orders.Language != "sql" ||
		orders.Package != "shop" || orders.Checksum.Name != "sha256" || !strings.Contains(string(orders.Config), `"select 2"`) {
		t.Errorf("orders %+v", orders)
	}
	if columns := nodes["model.shop.stg"].Columns; len(columns) != 1 || columns[0].Name != "id" || string(columns[0].Fields["data_type"]) != "null" {
		t.Errorf("columns of stg %+v", columns)
	}
	unique := nodes["test.shop.unique_stg_id.fed989f6b1"]
	if unique.Test == nil || unique.Test.Name != "unique" || unique.ColumnName != "id" || unique.AttachedNode != "model.shop.stg" {
		t.Errorf("unique test %+v", unique)
	}
	if m := macros["macro.dbt_duckdb.duckdb__get_batch_size"]; m.Package != "dbt_duckdb" || !strings.Contains(m.SQL, "return(10000)") {
		t.Errorf("macro %+v", m)
	}
}

const codeHead = `{"metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json"}, `

// What dbt omits or writes as null is missing in the result.
func TestReadManifestCodeParts(t *testing.T) {
	_, nodes, _, err := readCode([]byte(codeHead + `"macros": null, "nodes": {
		"a": {"unique_id": "a", "compiled_code": null, "columns": null},
		"b": {"unique_id": "b", "compiled_code": "", "columns": {"z": {"quote": true}, "a": {}}, "version": 2}
	}}`))
	if err != nil {
		t.Fatal(err)
	}
	if n := nodes["a"]; n.CompiledCode != nil || n.Columns != nil || n.Test != nil || n.Config != nil {
		t.Errorf("a is %+v", n)
	}
	b := nodes["b"]
	if b.CompiledCode == nil || *b.CompiledCode != "" || string(b.Version) != "2" {
		t.Errorf("b is %+v", b)
	}
	if len(b.Columns) != 2 || b.Columns[0].Name != "z" || b.Columns[1].Name != "a" {
		t.Errorf("b's columns are %+v, want them in their order", b.Columns)
	}
}

func TestReadManifestCodeErrors(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"cut short", codeHead + `"nodes": {"a": {"unique_id": "a"`, "cut short"},
		{"another kind", `{"metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/catalog/v1.json"}}`, "expected a dbt manifest"},
		{"columns in a list", codeHead + `"nodes": {"a": {"columns": []}}}`, `expected "{"`},
		{"a column that is text", codeHead + `"nodes": {"a": {"columns": {"x": "y"}}}}`, `column "x"`},
		{"macros in a list", codeHead + `"macros": []}`, `expected "{"`},
		{"something behind it", codeHead + `"nodes": {}} x`, "manifest.json"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, _, _, err := readCode([]byte(tt.text))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}

// Both readers accept the same files, as far as they read the same parts.
func FuzzReadManifestCode(f *testing.F) {
	f.Add(artifactFile(f, "manifest.json"))
	f.Add([]byte(codeHead + `"nodes": {"a": {"columns": {"x": {}}, "version": "1"}}}`))
	f.Add([]byte(codeHead + `"nodes": {"a": null}, "macros": {"m": {}}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		head, nodes, _, err := readCode(text)
		if err != nil {
			return
		}
		if !json.Valid(text) {
			t.Fatalf("read what isn't JSON: %q", text)
		}
		plain, err := ReadManifest("manifest.json", bytes.NewReader(text), nil)
		if err != nil {
			t.Fatalf("ReadManifest: %v", err)
		}
		if diff := cmp.Diff(plain, head); diff != "" {
			t.Fatalf("head (-ReadManifest +ReadManifestCode):\n%s", diff)
		}
		for id, n := range nodes {
			if n.UniqueID != id {
				t.Fatalf("%q is filed as %q", n.UniqueID, id)
			}
		}
	})
}
