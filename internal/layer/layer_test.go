package layer_test

import (
	"testing"

	"dot-for-dbt/internal/layer"
)

// chain returns three layers: dev on thin on prod. prod has a, b and c. thin
// changes a and b and has built only a. dev changes c and new.
func chain() (dev, thin, prod *layer.Layer) {
	ok := func(run string) layer.Node { return layer.Node{Run: run} }
	prod = &layer.Layer{Name: "prod@1", Nodes: map[string]layer.Node{
		"a": ok("p"), "b": ok("p"), "c": ok("p"), "d": ok("p"), "bad": {Problem: "failed in prod@1"},
	}}
	thin = &layer.Layer{
		Name: "prod@2", Below: prod,
		Nodes:   map[string]layer.Node{"a": ok("t")},
		Changed: map[string]bool{"a": true, "b": true},
		Knows:   func(id string) (bool, error) { return id != "new" && id != "removed", nil },
	}
	dev = &layer.Layer{
		Name: "dev@3", Below: thin, Nodes: map[string]layer.Node{"d": ok("d"), "half": {Problem: "was interrupted in dev@3"}},
		Changed: map[string]bool{"c": true, "new": true, "d": true, "removed": true},
	}
	return dev, thin, prod
}

func TestRead(t *testing.T) {
	for _, test := range []struct {
		id      string
		kind    layer.Kind
		layer   string
		changed bool
		why     string
	}{
		{"d", layer.Own, "dev@3", false, ""},
		{"half", layer.Missing, "dev@3", false, "was interrupted in dev@3"},
		{"a", layer.Below, "prod@2", false, ""},
		{"b", layer.Missing, "prod@2", false, "is changed by prod@2, and not built there"},
		{"c", layer.Below, "prod@1", true, ""},
		{"new", layer.Missing, "dev@3", false, "is new in dev@3, and not built"},
		{"removed", layer.Missing, "dev@3", false, "is new in dev@3, and not built"},
		{"bad", layer.Missing, "prod@1", false, "failed in prod@1"},
		{"nowhere", layer.Missing, "prod@1", false, "was never built by prod@1"},
	} {
		t.Run(test.id, func(t *testing.T) {
			dev, _, _ := chain()
			r, err := dev.Read(test.id)
			if err != nil {
				t.Fatal(err)
			}
			if r.Kind != test.kind || r.Layer.Name != test.layer || r.Changed != test.changed || r.Why != test.why {
				t.Errorf("%s resolves to %s of %s, changed %t, because it %q", test.id, r.Kind, r.Layer.Name, r.Changed, r.Why)
			}
		})
	}
}

// TestResolve resolves nodes of a layer that another one defers to: a node that
// it changed but did not build is never read from below.
func TestResolve(t *testing.T) {
	dev, thin, _ := chain()
	if r := dev.Resolve("c"); r.Kind != layer.Missing || r.Layer != dev {
		t.Errorf("c, which dev changes, resolves to %s of %s", r.Kind, r.Layer.Name)
	}
	if r := thin.Resolve("c"); r.Kind != layer.Below || r.Depth != 1 {
		t.Errorf("c of the thin build resolves to %s at depth %d", r.Kind, r.Depth)
	}
	if r := thin.Resolve("a"); r.Kind != layer.Own {
		t.Errorf("a of the thin build resolves to %s", r.Kind)
	}
	if n := dev.Depth(); n != 2 {
		t.Errorf("dev has depth %d", n)
	}
}

func TestResolveThroughDroppedLayer(t *testing.T) {
	dev, thin, _ := chain()
	thin.Below, thin.Gone = nil, "prod@1, which it rests on, was dropped"
	r, err := dev.Read("c")
	if err != nil {
		t.Fatal(err)
	}
	if want := "was never built by prod@2, and prod@1, which it rests on, was dropped"; r.Kind != layer.Missing || r.Why != want {
		t.Errorf("c resolves to %s: %s", r.Kind, r.Why)
	}
}

func TestResolveInCircle(t *testing.T) {
	dev, thin, prod := chain()
	prod.Below = thin
	if r := dev.Resolve("nowhere"); r.Kind != layer.Missing || r.Why != "can't be resolved: prod@1 rests on itself" {
		t.Errorf("resolves to %s: %s", r.Kind, r.Why)
	}
	if n := dev.Depth(); n != 3 {
		t.Errorf("depth %d", n)
	}
}
