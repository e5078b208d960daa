package workspace

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"dot-for-dbt/internal/durable"
)

// layerVersion is the version of the form in which layers are written.
const layerVersion = 1

// A Layer is what a build has by itself at one place of its profile, over what
// it was deferred to. The ledgers say whether it still has it: see Standing.
type Layer struct {
	Version int    `json:"version"`
	Build   string `json:"build"` // Build.ID
	Place   Place  `json:"place"` // the profile's
	// Run is the last run that wrote, or that found nothing to write.
	Run Run `json:"run"`
	// Open is a run that has begun and not ended; found by whoever holds the
	// build's lock, it was killed.
	Open *Run `json:"open,omitempty"`
	// Below is what the build was deferred to last; nil for a build that rests
	// on nothing.
	Below *LayerRef `json:"below,omitempty"`
	// Changed are the nodes that the build's commit changes against Below, by
	// dbt's state:modified.
	Changed []string `json:"changed,omitempty"`
	// Skipped are the nodes that the build's last run on them did not come to,
	// by unique_id, with why: "was skipped, since orders failed". They are not
	// what the build would have made of them.
	Skipped map[string]string `json:"skipped,omitempty"`
	// Places are where the build has written, and Claims what.
	Places []Place          `json:"places"`
	Claims map[string]Claim `json:"claims"` // by unique_id
}

// A Run is one run of a command that writes.
type Run struct {
	ID      string    `json:"id"`
	Command string    `json:"command"`
	Time    time.Time `json:"time"`
	// Nodes is how many nodes the build has that a command could write, and
	// Manifest the size in bytes of the manifest copied to Build.State; both
	// are those of the run before until the run has ended.
	Nodes    int   `json:"nodes,omitempty"`
	Manifest int64 `json:"manifest,omitempty"`
	// Log is where in dbt's log the run starts, in bytes: after a kill the log
	// tells how far it got.
	Log int64 `json:"log,omitempty"`
}

// A LayerRef names the layer that another one rests on.
type LayerRef struct {
	Hash    string `json:"hash"` // of its commit
	Short   string `json:"short"`
	Project string `json:"project,omitempty"`
	Env     string `json:"env"`
	Place   Place  `json:"place"`
	// Adopted is set for a build that another tool made: its state is what dbt
	// left in its target path.
	Adopted bool `json:"adopted,omitempty"`
}

// Ref names the build's layer at a place.
func (b Build) Ref(p Place) LayerRef {
	return LayerRef{Hash: b.Commit.Hash, Short: b.Commit.Short, Project: b.Project, Env: b.Env, Place: p}
}

// BuildOf returns the build that a layer is of.
func (w *Workspace) BuildOf(r LayerRef) Build {
	return Commit{Hash: r.Hash, Short: r.Short, w: w}.Build(r.Project, r.Env)
}

// A Claim is where a build wrote a node: a name in one of its layer's Places.
type Claim struct {
	Place int    `json:"place"`
	Name  string `json:"name"`
}

func (b Build) layerFile(p Place) string {
	return filepath.Join(b.Dir(), "layer", p.ID()+".json")
}

// Layer reads a build's layer at a place. Where it has none, the error is
// fs.ErrNotExist; one that can't be trusted is another error.
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
		return nil, fmt.Errorf("not a whole layer: %w", err)
	}
	if head.Version != layerVersion {
		return nil, fmt.Errorf("layer version %d, this dot reads %d", head.Version, layerVersion)
	}
	l := new(Layer)
	if err := durable.Unmarshal(data, l); err != nil {
		return nil, err
	}
	for id, c := range l.Claims {
		if c.Place < 0 || c.Place >= len(l.Places) {
			return nil, fmt.Errorf("not a whole layer: %s lies nowhere", id)
		}
	}
	return l, nil
}

func (w *Workspace) saveLayer(b Build, l *Layer) error {
	data, err := durable.Marshal(l)
	if err != nil {
		return err
	}
	return durable.Write(b.layerFile(l.Place), data, 0o600)
}

// layerOrNew reads a build's layer; without one, or with one that can't be
// trusted, it is a new one.
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

// Ran reports whether dot ever ran on a build, wherever it wrote.
func (b Build) Ran() bool {
	for _, dir := range []string{"layer", "state"} { // the latter is what dot 0.x left
		if entries, err := os.ReadDir(filepath.Join(b.Dir(), dir)); err == nil && len(entries) > 0 {
			return true
		}
	}
	return false
}

// claim notes where the build writes a node.
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
	l.Claims[id] = Claim{Place: at, Name: r.Name}
}

// Claimed is the relation that the build wrote a node to; ok is false where it
// never did.
func (l *Layer) Claimed(id string) (r Relation, ok bool) {
	c, ok := l.Claims[id]
	if !ok {
		return Relation{}, false
	}
	return Relation{Place: l.Places[c.Place], Name: c.Name}, true
}
