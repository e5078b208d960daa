package workspace

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"dot-for-dbt/internal/durable"
)

// The builds of a working tree share one schema: each edit makes another build, which
// writes what has changed, and takes over from the build before it what hasn't. So a
// relation always belongs to the build that vouches for it, whichever wrote it.

// TreeName is the name of a working tree in schemas. It is as random as the workspace's key: another
// clone at the same path, on another machine, has another.
func (w *Workspace) TreeName(dir string) string { return "wt_" + w.Digest("working tree " + dir)[:7] }

// HasKey reports whether digests will be the same in later processes.
func (w *Workspace) HasKey() bool { return !w.unsaved }

// PlacesOfTree returns the places where builds of a build's working tree have written, by the ledgers.
// A ledger that can't be trusted, and that names the working tree, is an error.
func (w *Workspace) PlacesOfTree(b Build) (places []Place, err error) {
	files, err := filepath.Glob(w.file("places", "*.json"))
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil || !bytes.Contains(data, []byte(TreeMark+b.Tree)) {
			continue // another dot may remove it meanwhile
		}
		l, err := parseLedger(data)
		if err != nil {
			return nil, about(file, err)
		}
		for _, e := range l.Relations {
			if b.Shares(e.Build) {
				places = append(places, l.Place)
				break
			}
		}
	}
	return places, nil
}

// tipVersion is the version of the format.
const tipVersion = 1

// A tip names the build that was the last to take over a working tree's schema.
type tip struct {
	Version int      `json:"version"`
	Build   LayerRef `json:"build"`
}

func (w *Workspace) tipFile(p Place) string { return w.file("trees", p.ID()+".json") }

// Tip returns the layer of the build that was the last to take over the schema of a
// working tree. ok is false if there is none, or if it isn't known.
func (w *Workspace) Tip(p Place) (ref LayerRef, ok bool) {
	data, err := os.ReadFile(w.tipFile(p))
	if err != nil {
		return LayerRef{}, false
	}
	var t tip
	if durable.Unmarshal(data, &t) != nil || t.Version != tipVersion || t.Build.Place != p {
		return LayerRef{}, false
	}
	return t.Build, true
}

// Taken is what a build takes over from the build before it.
type Taken struct {
	Nodes  map[string]Basis
	Passed map[string]Pass // tests that need not run again
	// Outdated are nodes that have to be built again, from scratch, also if the build itself has them.
	Outdated []string
}

// TakeOver makes a build own nodes that another build of the same working tree, from,
// has in the same schema. The caller knows that the build would write them as they
// are, and holds the place's lock. It also makes the build the schema's tip.
//
// run is what the layer names as its run if it has none. Its Manifest is 0 if the manifest in the
// build's state stays as it is.
//
// TakeOver may be killed at any moment: then some of the nodes are nobody's.
func (w *Workspace) TakeOver(b, from Build, p Place, taken Taken, run Run, footing Footing) error {
	layer, err := w.layerOrNew(b, p)
	if err != nil {
		return err
	}
	var before *Layer // nil if there is no build before
	if from.Commit.Hash != "" && from.ID() != b.ID() {
		before, _ = w.Layer(from, p) // nothing can be taken over from one that can't be read
	}
	layer.Below, layer.Changed, layer.Passed = footing.Below, footing.Changed, taken.Passed
	switch {
	case layer.Run.ID == "":
		layer.Run = run
	case run.Manifest > 0:
		layer.Run.Nodes, layer.Run.Manifest = run.Nodes, run.Manifest
	}
	targets := map[string]Target{}
	if before != nil {
		for id := range taken.Nodes {
			if r, ok := before.Claimed(id); ok {
				layer.claim(id, r)
				delete(layer.Skipped, id)
				targets[id] = Target{Relation: r}
			}
		}
	}
	layer.rebase(taken.Outdated, func(string) Basis { return Basis{} })
	layer.rebase(slices.Collect(maps.Keys(targets)), func(id string) Basis { return taken.Nodes[id] })
	if err := w.saveLayer(b, layer); err != nil {
		return err
	}
	data, err := durable.Marshal(tip{tipVersion, b.Ref(p)})
	if err != nil {
		return err
	}
	if err := durable.Write(w.tipFile(p), data, 0o600); err != nil {
		return err
	}
	return w.eachPlace(targets, func(l *Ledger, ids []string) {
		for _, id := range ids {
			name := targets[id].Name
			if e, ok := l.Relations[name]; ok && e.Build == from.ID() && e.Node == id && e.Status == Written {
				e.Build = b.ID()
				l.Relations[name] = e
			}
		}
	})
}

// rebase sets what nodes were built from.
func (l *Layer) rebase(ids []string, from func(id string) Basis) {
	for _, id := range ids {
		if c, ok := l.Claims[id]; ok {
			c.Basis = from(id)
			l.Claims[id] = c
		}
	}
}

// NotePassed adds tests of a build that have passed.
func (w *Workspace) NotePassed(b Build, p Place, passed map[string]Pass) error {
	if len(passed) == 0 {
		return nil
	}
	layer, err := w.Layer(b, p)
	if err != nil {
		return err
	}
	if layer.Passed == nil {
		layer.Passed = map[string]Pass{}
	}
	maps.Copy(layer.Passed, passed)
	return w.saveLayer(b, layer)
}
