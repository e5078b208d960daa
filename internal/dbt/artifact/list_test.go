package artifact

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dot-for-dbt/internal/testing/dbttest"
)

func readListFile(t *testing.T) []Node {
	t.Helper()
	f, err := os.Open("testdata/list.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	nodes, err := ReadList(f, nil)
	if err != nil {
		t.Fatal(err)
	}
	return nodes
}

// Real output of dbt 1.11.16, with log lines before and after.
func TestReadList(t *testing.T) {
	nodes := readListFile(t)
	i := slices.IndexFunc(nodes, func(n Node) bool { return n.UniqueID == "model.shop.orders" })
	if len(nodes) != 14 || i < 0 {
		t.Fatalf("read %d nodes, want 14, and one of them model.shop.orders", len(nodes))
	}
	want := Node{
		UniqueID: "model.shop.orders", ResourceType: "model", Name: "orders", Database: "x", Schema: "main_abc",
		Alias: "orders", RelationName: `"x"."main_abc"."orders"`, File: "models/orders.sql",
		Config: NodeConfig{Materialized: "table", PreHook: []Hook{}, PostHook: []Hook{{SQL: "select 2"}}, Grants: map[string]any{}},
	}
	if diff := cmp.Diff(want, nodes[i]); diff != "" {
		t.Errorf("node (-want +got):\n%s", diff)
	}
}

func TestReadListOfNothing(t *testing.T) {
	for _, text := range []string{"", "\n\n", "12:00:00  The selection criterion 'x' does not match\n12:00:00  No nodes selected!\n"} {
		if nodes, err := ReadList(strings.NewReader(text), nil); err != nil || len(nodes) > 0 {
			t.Errorf("%q: %v, %v; want no nodes", text, nodes, err)
		}
	}
}

func TestReadListErrors(t *testing.T) {
	var golden dbttest.Errors
	for _, tt := range []struct{ name, text string }{
		{"keys with commas", "{}\n"},
		{"half a line", `{"unique_id": "model.a`},
		{"events", `{"data": {"msg": "x"}, "info": {}}`},
		{"only warnings", "12:00:00  Something is deprecated\n12:00:01  shop.orders\n"},
	} {
		_, err := ReadList(strings.NewReader(tt.text), nil)
		golden.Add(t, tt.name, err)
	}
	golden.Compare(t, "list_errors")
}

func FuzzReadList(f *testing.F) {
	data, err := os.ReadFile("testdata/list.txt")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte("{}\n"))
	f.Add([]byte(`{"unique_id":"model.a","config":{"pre-hook":["x",{"sql":"y"}]}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		nodes, err := ReadList(bytes.NewReader(data), func(Node) ([]Node, error) { return nil, nil })
		if err != nil {
			return
		}
		for _, n := range nodes {
			if n.UniqueID == "" {
				t.Errorf("a node without an id: %+v", n)
			}
		}
	})
}
