package steps

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"dot-for-dbt/internal/workspace"
)

// Many candidates over one baseline read its manifest once, and a baseline that was built again
// is read again.
func TestBasesAreReadOnce(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "manifest.json")
	write := func(node string) {
		t.Helper()
		text := `{"metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json"}, "nodes": {"` + node + `": {}}}`
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	built := func(run string) standing {
		return standing{state: dir, Standing: workspace.Standing{Layer: &workspace.Layer{Run: workspace.Run{ID: run}}}}
	}
	var cache bases
	write("model.p.a")
	if base, err := cache.get(built("1")); err != nil || !base.Has("model.p.a") {
		t.Fatalf("%v, %v", base, err)
	}
	write("model.p.b") // that nobody looks at until there is another run
	var all sync.WaitGroup
	for range 1000 {
		all.Go(func() {
			if base, err := cache.get(built("1")); err != nil || !base.Has("model.p.a") {
				t.Errorf("it was read again: %v", err)
			}
		})
	}
	all.Wait()
	if base, err := cache.get(built("2")); err != nil || !base.Has("model.p.b") {
		t.Errorf("the next run's manifest was not read: %v", err)
	}
}
