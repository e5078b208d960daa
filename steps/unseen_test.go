package steps

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/workspace"
)

// D.8: dot warns of a source in the build's schemas that no seed of the build fills,
// and once of a hook.
func TestUnseen(t *testing.T) {
	ws, err := workspace.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	commit, err := ws.Finder().Commit(strings.Repeat("abc1234def", 4), "abc1234", false)
	if err != nil {
		t.Fatal(err)
	}
	b := &build{Build: commit.Build("", "dev"), suffix: "abc1234"}
	if err := os.MkdirAll(b.Target(), 0o755); err != nil {
		t.Fatal(err)
	}
	const manifest = `{
"metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json"},
"nodes": {
	"seed.shop.orders": {"unique_id": "seed.shop.orders", "resource_type": "seed", "schema": "raw_abc1234", "alias": "Orders"},
	"model.shop.m": {"unique_id": "model.shop.m", "resource_type": "model", "config": {"pre-hook": [{"sql": "secret CANARY"}, {"sql": "x"}], "post-hook": ["secret CANARY"], "grants": {"select": ["CANARY"], "insert": []}}},
	"operation.shop.start": {"unique_id": "operation.shop.start", "resource_type": "operation", "raw_code": "select\n  1"}
},
"sources": {
	"source.shop.raw.orders": {"unique_id": "source.shop.raw.orders", "resource_type": "source", "schema": "raw_abc1234", "identifier": "orders"},
	"source.shop.raw.people": {"unique_id": "source.shop.raw.people", "resource_type": "source", "schema": "raw_abc1234", "identifier": "people"},
	"source.shop.lake.rain": {"unique_id": "source.shop.lake.rain", "resource_type": "source", "schema": "lake", "identifier": "rain"}
}}`
	if err := os.WriteFile(filepath.Join(b.Target(), "manifest.json"), []byte(manifest), 0o644); err != nil {
		t.Fatal(err)
	}
	found, err := findUnseen(b, []artifact.Node{{UniqueID: "model.shop.m"}})
	if err != nil {
		t.Fatal(err)
	}
	hooks := "dot can't check where hooks and grants write; make sure that these stay in the build's schema (shown once, until they change):\nmodel.shop.m grants: insert, select\nmodel.shop.m: 1 post-hook\nmodel.shop.m: 2 pre-hooks\noperation.shop.start: select 1"
	sources := "these sources are in this build's schemas, but no seed of the build fills them:\nsource.shop.raw.people: raw_abc1234.people"
	if diff := cmp.Diff([]string{hooks, sources}, found.warnings(false)); diff != "" {
		t.Errorf("at first (-want +got):\n%s", diff)
	}
	if !strings.Contains(found.sql, "CANARY") {
		t.Errorf("a change of a hook would not be noticed: %q", found.sql)
	}
	if diff := cmp.Diff([]string{sources}, found.warnings(true)); diff != "" {
		t.Errorf("the next time (-want +got):\n%s", diff)
	}
}
