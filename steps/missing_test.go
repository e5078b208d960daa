package steps

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dot-for-dbt/internal/layer"
	"dot-for-dbt/internal/workspace"
	"dot-for-dbt/spec"
)

// TestMissing compares the message and hints about missing nodes. They stay short,
// however many nodes are missing.
func TestMissing(t *testing.T) {
	many := func(n int) []string {
		var ids []string
		for i := range n {
			ids = append(ids, fmt.Sprintf("model.shop.m%04d", i))
		}
		return ids
	}
	changed := func(ids ...string) map[string]bool {
		all := map[string]bool{}
		for _, id := range ids {
			all[id] = true
		}
		return all
	}
	for _, test := range []struct {
		name    string
		arrange func(dev, thin, prod *layer.Layer)
		missing []string
		want    string
	}{
		{"one that the baseline changed", func(_, thin, _ *layer.Layer) { thin.Changed = changed("model.shop.a") }, []string{"model.shop.a"}, `
nothing was run, because dev@3 would read missing nodes:
a is changed by prod@2, and not built there (top reads it)
build it in prod@2: dot build prod@main --defer prod@1 -s a
build it here: dot build dev@HEAD --defer prod@main -s a+
`},
		{"10,000 that the baseline changed", func(_, thin, _ *layer.Layer) { thin.Changed = changed(many(10_000)...) }, many(10_000), `
nothing was run, because dev@3 would read missing nodes:
m0000 is changed by prod@2, and not built there (top reads it)
m0001 is changed by prod@2, and not built there (top reads it)
m0002 is changed by prod@2, and not built there (top reads it)
m0003 is changed by prod@2, and not built there (top reads it)
m0004 is changed by prod@2, and not built there (top reads it)
… and 9995 more
build them in prod@2: dot build prod@main --defer prod@1 --modified
build them here: dot build dev@HEAD
`},
		{"10,000 that the lowest layer lacks", func(_, _, _ *layer.Layer) {}, many(10_000), `
nothing was run, because dev@3 would read missing nodes:
m0000 was never built by prod@1 (top reads it)
m0001 was never built by prod@1 (top reads it)
m0002 was never built by prod@1 (top reads it)
m0003 was never built by prod@1 (top reads it)
m0004 was never built by prod@1 (top reads it)
… and 9995 more
build them in prod@1: dot build prod@1
build them here: dot build dev@HEAD
`},
		{"10,000 new ones", func(dev, thin, _ *layer.Layer) {
			dev.Changed = changed(many(10_000)...)
			thin.Knows = func(string) (bool, error) { return false, nil }
		}, many(10_000), `
nothing was run, because dev@3 would read missing nodes:
m0000 is new in dev@3, and not built (top reads it)
m0001 is new in dev@3, and not built (top reads it)
m0002 is new in dev@3, and not built (top reads it)
m0003 is new in dev@3, and not built (top reads it)
m0004 is new in dev@3, and not built (top reads it)
… and 9995 more
build them here: dot build dev@HEAD --defer prod@main --modified
`},
		{"layers that rest on each other", func(_, thin, prod *layer.Layer) { prod.Below = thin }, []string{"model.shop.a"}, `
nothing was run, because dev@3 would read missing nodes:
a can't be resolved: prod@1 rests on itself (top reads it)
build all of prod@1: dot build prod@1 --force
build it here: dot build dev@HEAD --defer prod@main -s a+
`},
		{"one that failed, and one that is new", func(dev, thin, prod *layer.Layer) {
			dev.Changed = changed("model.shop.b")
			thin.Knows = func(string) (bool, error) { return false, nil }
			prod.Nodes = map[string]layer.Node{"model.shop.a": {Problem: "failed in prod@1"}}
		}, []string{"model.shop.a", "model.shop.b"}, `
nothing was run, because dev@3 would read missing nodes:
a failed in prod@1 (top reads it)
b is new in dev@3, and not built (top reads it)
build it in prod@1: dot build prod@1 -s a
build them here: dot build dev@HEAD --defer prod@main -s 'a+ b+'
`},
		{"a layer that is gone", func(_, thin, _ *layer.Layer) {
			thin.Below, thin.Gone = nil, "prod@1, which it rests on, is gone"
		}, []string{"model.shop.a"}, `
nothing was run, because dev@3 would read missing nodes:
a was never built by prod@2, and prod@1, which it rests on, is gone (top reads it)
build prod@1 again: dot build prod@1
build it here: dot build dev@HEAD --defer prod@main -s a+
`},
	} {
		t.Run(test.name, func(t *testing.T) {
			prod := &layer.Layer{Name: "prod@1"}
			thin := &layer.Layer{Name: "prod@2", Below: prod}
			dev := &layer.Layer{Name: "dev@3", Below: thin}
			test.arrange(dev, thin, prod)
			below := workspace.LayerRef{Env: "prod", Short: "1"}
			e := &MissingError{
				job: &job{
					specs: []string{"dev@HEAD"}, baseline: &baseline{spec: spec.Spec{Env: "prod", Ref: "main"}},
					build: &build{Build: workspace.Build{Env: "dev", Commit: workspace.Commit{Short: "3"}}},
				},
				resolution: resolution{job: dev, stack: stack{top: thin, standings: map[*layer.Layer]standing{
					thin: {Standing: workspace.Standing{Layer: &workspace.Layer{Below: &below}}},
				}}},
			}
			for _, id := range test.missing {
				r, err := dev.Read(id)
				if err != nil || r.Kind != layer.Missing {
					t.Fatalf("%s is %s: %v", id, r.Kind, err)
				}
				e.missing = append(e.missing, nodeRead{r, []string{"model.shop.top"}})
			}
			got := "\n" + strings.Join(append([]string{e.Error()}, e.Hints()...), "\n") + "\n"
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("says (-want +got):\n%s", diff)
			}
		})
	}
}
