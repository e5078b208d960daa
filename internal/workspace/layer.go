package workspace

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"dot-for-dbt/internal/dbt/hidden"
	"dot-for-dbt/internal/durable"
)

// layerVersion is the version of the layer file's format.
const layerVersion = 1

// A Layer says which nodes a build has written, with the profile's schema at one
// place, and which layer it rests on. Others may have overwritten these nodes
// since; the ledgers say so, see Standing.
type Layer struct {
	Version int    `json:"version"`
	Build   string `json:"build"` // Build.ID
	Place   Place  `json:"place"` // the profile's
	// Run is the last run that wrote nodes, or that found nothing to write.
	Run Run `json:"run"`
	// Log is the size in bytes of dbt's log when the last run ended; 0 if it isn't known.
	// Later lines about nodes are those of another tool.
	Log int64 `json:"log,omitempty"`
	// Open is a run that has started and not ended. If nobody holds the build's
	// lock, the run was killed.
	Open *Run `json:"open,omitempty"`
	// Below is the layer that the build rests on: its last baseline. nil means
	// none.
	Below *LayerRef `json:"below,omitempty"`
	// Changed are the nodes that differ between the build's commit and Below, by
	// dbt's state:modified.
	Changed []string `json:"changed,omitempty"`
	// Skipped are the nodes that a run should have written but did not reach, by
	// unique_id, with the reason: "was skipped, since orders failed". Their
	// relations, if any, are out of date.
	Skipped map[string]string `json:"skipped,omitempty"`
	// Places are the schemas that the build has written to.
	Places []Place `json:"places"`
	// Claims are the nodes that the build has written, by unique_id.
	Claims map[string]Claim `json:"claims"`
	// Passed are, in the schema of a working tree, the tests that have passed, by unique_id.
	Passed map[string]Pass `json:"passed,omitempty"`
}

// A Run is one run of a command that writes.
type Run struct {
	ID      string    `json:"id"`
	Command string    `json:"command"`
	Time    time.Time `json:"time"`
	// Adopted is set for a run of another tool.
	Adopted bool `json:"adopted,omitempty"`
	// Nodes is the number of nodes in the project that a command could write.
	// Manifest is the size in bytes of the manifest copied to Build.State. Until
	// the run has ended, both are those of the run before.
	Nodes    int   `json:"nodes,omitempty"`
	Manifest int64 `json:"manifest,omitempty"`
	// Drops are relations in the ledgers that the warehouse drops when the run
	// replaces a node's relation, by the node's unique_id. They are known until the
	// run has ended.
	Drops map[string][]Relation `json:"drops,omitempty"`
	// Clones is set for a run that clones relations. dbt's log doesn't tell how far it got.
	Clones bool `json:"clones,omitempty"`
	// Log is the offset in bytes at which the run starts in dbt's log. After a
	// kill, the log says how far the run got.
	Log int64 `json:"log,omitempty"`
	// From is the digest of the archive that tells of the run, if another machine ran it; "" for a run
	// of this one.
	From string `json:"from,omitempty"`
}

// A LayerRef names a layer that another layer rests on.
type LayerRef struct {
	Hash    string `json:"hash"` // of its commit
	Short   string `json:"short"`
	Project string `json:"project,omitempty"`
	Env     string `json:"env"`
	Tree    string `json:"tree,omitempty"`   // see Build
	Origin  string `json:"origin,omitempty"` // see Build
	Place   Place  `json:"place"`
	// Adopted is set for a build that another tool made: its artifacts are in
	// dbt's target path.
	Adopted bool `json:"adopted,omitempty"`
}

// Ref names the build's layer at a place.
func (b Build) Ref(p Place) LayerRef {
	return LayerRef{Hash: b.Commit.Hash, Short: b.Commit.Short, Project: b.Project, Env: b.Env, Tree: b.Tree, Origin: b.Origin, Place: p}
}

// BuildOf returns the build that a layer belongs to.
func (w *Workspace) BuildOf(r LayerRef) Build { return r.build(w) }

// ID is that of the build that the layer belongs to.
func (r LayerRef) ID() string { return r.build(nil).ID() }

func (r LayerRef) build(w *Workspace) Build {
	b := Commit{Hash: r.Hash, Short: r.Short, w: w}.Build(r.Project, r.Env)
	b.Tree, b.Origin = r.Tree, r.Origin
	return b
}

// A Claim is the relation that a build wrote for a node.
type Claim struct {
	Place int    `json:"place"` // an index of Layer.Places
	Name  string `json:"name"`
	Basis
}

// A Basis says, for a relation in the schema of a working tree, what it was built from.
type Basis struct {
	// Inputs is a digest of what the run that wrote the relation depended on, apart from the files
	// and from other relations. It is "" if the relation has to be built again.
	Inputs string `json:"inputs,omitempty"`
	// Over is a digest of the relations below that this one was built on.
	Over string `json:"over,omitempty"`
}

// A Pass is a test that has passed in the schema of a working tree.
type Pass struct {
	// Inputs is as for a relation. Over is a digest of the runs that wrote what the test reads.
	Basis
	Time time.Time `json:"time"` // when the run started
}

func (b Build) layerFile(p Place) string {
	return filepath.Join(b.Dir(), "layer", p.ID()+".json")
}

// Layer reads a build's layer at a place. If there is none, the error is
// fs.ErrNotExist. A layer that can't be trusted is another error.
func (w *Workspace) Layer(b Build, p Place) (*Layer, error) {
	file := b.layerFile(p)
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	l, err := parseLayer(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if l.Build != b.ID() || l.Place != p {
		return nil, fmt.Errorf("%s is not the layer of %s", file, b)
	}
	return l, nil
}

func parseLayer(data []byte) (*Layer, error) {
	var head struct {
		Version int `json:"version"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return nil, fmt.Errorf("the layer is damaged: %w", err)
	}
	if head.Version != layerVersion {
		return nil, fmt.Errorf("layer version %d, this dot reads %d", head.Version, layerVersion)
	}
	l := new(Layer)
	if err := durable.Unmarshal(data, l); err != nil {
		return nil, err
	}
	maps.DeleteFunc(l.Claims, func(id string, _ Claim) bool { return isPhantom(id) })
	maps.DeleteFunc(l.Skipped, func(id, _ string) bool { return isPhantom(id) })
	l.Changed = slices.DeleteFunc(l.Changed, isPhantom)
	for id, c := range l.Claims {
		if c.Place < 0 || c.Place >= len(l.Places) {
			return nil, fmt.Errorf("the layer is damaged: %s has no schema", id)
		}
	}
	return l, nil
}

// isPhantom reports whether an id belongs to no node. Earlier versions of dot took ids from the
// output of dbt list, in which dbt hides secrets.
func isPhantom(id string) bool { return hidden.In(id) }

func (w *Workspace) saveLayer(b Build, l *Layer) error {
	data, err := durable.Marshal(l)
	if err != nil {
		return err
	}
	return durable.Write(b.layerFile(l.Place), data, 0o600)
}

// layerOrNew reads a build's layer. If there is none, or if it can't be trusted,
// layerOrNew returns a new layer.
func (w *Workspace) layerOrNew(b Build, p Place) (*Layer, error) {
	l, err := w.Layer(b, p)
	var notThere *fs.PathError
	if err != nil && errors.As(err, &notThere) && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err != nil {
		l = &Layer{Version: layerVersion, Build: b.ID(), Place: p}
	}
	if l.Claims == nil {
		l.Claims = map[string]Claim{}
	}
	return l, nil
}

// Ran reports whether dot ever ran on a build, at any place.
func (b Build) Ran() bool {
	for _, dir := range []string{"layer", "state"} { // older versions of dot leave only state
		if entries, err := os.ReadDir(filepath.Join(b.Dir(), dir)); err == nil && len(entries) > 0 {
			return true
		}
	}
	return false
}

// Known returns the size in bytes of dbt's log up to which dot knows what it tells of
// the build, whose places share the log. It is 0 if dot doesn't know. now is the log's
// present size. If a run of dot is in progress, or was killed, everything is known: the
// run's end tells of it.
func (b Build) Known(now int64) int64 {
	dir := filepath.Join(b.Dir(), "layer")
	files, err := os.ReadDir(dir)
	if err != nil {
		return 0
	}
	var known int64
	for _, file := range files {
		data, err := os.ReadFile(filepath.Join(dir, file.Name()))
		if err != nil {
			continue
		}
		switch l, err := parseLayer(data); {
		case err != nil: // another place's: whoever needs it says so
		case l.Open != nil:
			return now
		case l.Log <= now:
			known = max(known, l.Log)
		}
	}
	return known
}

// claim records which relation the build writes for a node.
func (l *Layer) claim(id string, r Relation) {
	at := -1
	for i, p := range l.Places {
		if p == r.Place {
			at = i
		}
	}
	if at < 0 {
		at = len(l.Places)
		l.Places = append(l.Places, r.Place)
	}
	c := l.Claims[id]
	c.Place, c.Name = at, r.Name
	l.Claims[id] = c
}

// Claimed returns the relation that the build wrote for a node. ok is false if
// the build never wrote the node.
func (l *Layer) Claimed(id string) (r Relation, ok bool) {
	c, ok := l.Claims[id]
	if !ok {
		return Relation{}, false
	}
	return Relation{Place: l.Places[c.Place], Name: c.Name}, true
}
