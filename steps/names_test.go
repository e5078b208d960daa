package steps

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dot-for-dbt/internal/dbt/artifact"
)

// What may select a node, by the manifest.
func TestNodeNames(t *testing.T) {
	for _, tt := range []struct {
		name, node string
		want       []string
	}{
		{
			"a model, with its files", `{"unique_id": "model.shop.orders", "resource_type": "model", "name": "orders", "package_name": "shop", "original_file_path": "models/marts/orders.sql"}`,
			[]string{"orders", "path:models", "path:models/marts", "path:models/marts/orders.sql"},
		},
		{
			"on Windows", `{"unique_id": "seed.shop.s", "resource_type": "seed", "name": "s", "package_name": "shop", "original_file_path": "seeds\\s.csv"}`,
			[]string{"path:seeds", "path:seeds/s.csv", "s"},
		},
		{
			"a version of a model", `{"unique_id": "model.shop.orders.v2", "resource_type": "model", "name": "orders"}`,
			[]string{"orders", "orders.v2"},
		},
		{
			"a package's model: path: means the project's own files", `{"unique_id": "model.utils.days", "resource_type": "model", "name": "days", "package_name": "utils", "original_file_path": "models/days.sql"}`,
			[]string{"days"},
		},
		{
			"tags", `{"unique_id": "snapshot.shop.s", "resource_type": "snapshot", "name": "s", "config": {"tags": ["nightly", "pii"]}}`,
			[]string{"s", "tag:nightly", "tag:pii"},
		},
		{
			"a tag", `{"unique_id": "snapshot.shop.s", "resource_type": "snapshot", "name": "s", "config": {"tags": "nightly"}}`,
			[]string{"s", "tag:nightly"},
		},
		{
			"a source", `{"unique_id": "source.shop.raw.orders", "resource_type": "source", "name": "orders", "source_name": "raw"}`,
			[]string{"source:raw", "source:raw.orders"},
		},
		{"a test in a file", `{"unique_id": "test.shop.positive", "resource_type": "test", "name": "positive"}`, []string{"positive"}},
		{"a generic test", `{"unique_id": "test.shop.not_null_x", "resource_type": "test", "name": "not_null_x", "test_metadata": {"name": "not_null"}}`, nil},
		{"a hook", `{"unique_id": "operation.shop.start", "resource_type": "operation", "name": "start"}`, nil},
		{"no line of its own", `{"unique_id": "model.shop.a", "resource_type": "model", "name": "a\nb"}`, nil},
	} {
		var n artifact.NodeCode
		if err := json.Unmarshal([]byte(tt.node), &n); err != nil {
			t.Fatal(err)
		}
		names := nodeNames{}
		names.add(n, "shop")
		if diff := cmp.Diff(tt.want, names.sorted()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}
