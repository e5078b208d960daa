package steps

import (
	"encoding/json"
	"testing"

	"dot-for-dbt/internal/dbt/artifact"
)

// TestFullRefresh pins which nodes --full-refresh builds anew: a node's own configuration goes before the flag,
// and snapshots don't heed it.
func TestFullRefresh(t *testing.T) {
	for _, test := range []struct {
		node                     string
		refresh                  bool
		history, replaces, keeps bool
	}{
		{`{"resource_type": "model", "config": {"materialized": "incremental"}}`, false, true, false, false},
		{`{"resource_type": "model", "config": {"materialized": "incremental", "full_refresh": null}}`, true, false, true, false},
		{`{"resource_type": "model", "config": {"materialized": "incremental", "full_refresh": false}}`, true, true, false, true},
		{`{"resource_type": "model", "config": {"materialized": "incremental", "full_refresh": true}}`, false, false, true, false},
		{`{"resource_type": "model", "config": {"materialized": "table"}}`, true, false, true, false},
		{`{"resource_type": "snapshot", "config": {"materialized": "snapshot"}}`, true, true, false, true},
		{`{"resource_type": "snapshot", "config": {"materialized": "snapshot", "full_refresh": true}}`, true, true, false, true},
		{`{"resource_type": "seed", "config": {"materialized": "seed"}}`, true, false, true, false},
		{`{"resource_type": "seed", "config": {"materialized": "seed", "full_refresh": false}}`, true, false, false, true},
	} {
		var n artifact.Node
		if err := json.Unmarshal([]byte(test.node), &n); err != nil {
			t.Fatal(err)
		}
		got := newCheckedNode(n, test.refresh)
		if got.History != test.history || got.Replaces != test.replaces || got.Keeps != test.keeps {
			t.Errorf("%s, --full-refresh %t: history %t, replaces %t, keeps %t", test.node, test.refresh, got.History, got.Replaces, got.Keeps)
		}
	}
}
