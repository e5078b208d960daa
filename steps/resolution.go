package steps

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/durable"
	"dot-for-dbt/internal/layer"
)

// A job with a baseline reads each node that it doesn't write from its own relation
// or from a lower layer, or the node is missing; see internal/layer. A composed
// manifest tells dbt (--defer-state).

// A resolution says from which relation a job reads each node.
type resolution struct {
	below standing   // the baseline's
	reads []nodeRead // in the order of their IDs
	stack stack      // of below, with the build's own layer
	// job is the layer that the job reads through: the build's own, or that of below.
	job *layer.Layer
	// name is that of the build's own layer in digests, "" for none: it has the commit.
	name string
	// ownProblem says why the build's own layer can't be read, "" if it can.
	ownProblem string
}

// A nodeRead is a node that a job reads.
type nodeRead struct {
	layer.Result
	readers []string // the selected nodes that read it; nil if that isn't known
}

// resolve resolves the nodes that a job reads, according to its check. If the check
// doesn't know them, resolve resolves every node of the baseline.
func (ls *layers) resolve(job *job) (resolution, error) {
	if !job.readsKnown() {
		return ls.resolveReads(job, checkOutputs{})
	}
	checked, err := ls.checked(job)
	if err != nil {
		return resolution{}, fmt.Errorf("read which nodes %s reads: %w", job.Command.Name, err)
	}
	return ls.resolveReads(job, checked)
}

// deferredTo returns the standing of the build that a job defers to.
func (ls *layers) deferredTo(job *job) (standing, error) {
	if job.baseline == nil {
		return ls.standingOf(ls.ws.BuildOf(*job.below), job.below.Place)
	}
	return ls.standing(job.baseline.build, job.baseline.spec, toDefer)
}

// resolveReads resolves the nodes that a check has listed.
func (ls *layers) resolveReads(job *job, checked checkOutputs) (resolution, error) {
	below, err := ls.deferredTo(job)
	if err != nil {
		return resolution{}, err
	}
	res := resolution{below: below, stack: ls.stackOf(below)}
	top := res.stack.top
	res.job = top
	top.Knows = func(id string) (bool, error) {
		base, err := ls.baseOf(job, below)
		return err == nil && base.Has(id), err
	}
	readers := checked.Reads
	if !job.readsKnown() {
		known, err := writtenNodes(filepath.Join(below.state, "manifest.json"))
		if err != nil {
			return resolution{}, err
		}
		readers = map[string][]string{}
		for id := range known {
			readers[id] = nil
		}
	}
	find := func(id string) (layer.Result, error) { // for a job without relations of its own
		r := top.Resolve(id)
		if r.Kind == layer.Own {
			r.Kind = layer.Below
		}
		return r, nil
	}
	if job.build != nil && job.Command.Name != "clone" {
		var own standing
		own, res.ownProblem = ls.ownLayer(job.build)
		l := NewLayer(job.build.String(), own.Standing, checked.Changed)
		l.Below, res.stack.standings[l], res.job, res.name = top, own, l, job.build.Build.String()
		find = l.Read
	}
	connection := ls.connectionOf(job)
	for _, id := range slices.Sorted(maps.Keys(readers)) {
		r, err := find(id)
		if err != nil {
			return resolution{}, err
		}
		if r.Kind == layer.Below {
			if why := connection.cantRead(res.stack.standings[r.Layer].place()); why != "" {
				r.Kind, r.Why, r.Apart = layer.Missing, why, true
			}
		}
		res.reads = append(res.reads, nodeRead{r, readers[id]})
	}
	return res, nil
}

// ownLayer returns the standing of a build itself. It is empty if the build never
// ran, or if its files can't be read; then problem says so.
func (ls *layers) ownLayer(b *build) (own standing, problem string) {
	s, err := ls.standingOf(b.Build, b.place)
	if errors.As(err, new(*unreadable)) {
		return standing{}, err.Error()
	}
	if err != nil { // never built, or by another tool without usable artifacts
		return standing{}, ""
	}
	return s, ""
}

// missing returns the reads of missing nodes.
func (r resolution) missing() []nodeRead {
	return slices.DeleteFunc(slices.Clone(r.reads), func(r nodeRead) bool { return r.Kind != layer.Missing })
}

// digest is a digest of the resolution: each node, its layer, and the run that wrote
// the node.
func (r resolution) digest() string {
	h := sha256.New()
	for _, read := range r.reads {
		name := read.Layer.Name
		if read.Layer == r.job && r.name != "" {
			name = r.name
		}
		fmt.Fprintf(h, "%q %q %q %q\n", read.ID, read.Kind, name, read.Node.Run)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// resolveAndCompose writes the composed manifest when the job's step starts.
func (ls *layers) resolveAndCompose(job *job) error {
	res, err := ls.resolve(job)
	if err != nil {
		return err
	}
	return ls.compose(job, res)
}

// compose writes the manifest with the nodes of lower layers and their relations.
// dbt reads other nodes from the build's own schema.
func (ls *layers) compose(job *job, r resolution) error {
	at := map[string]artifact.RelationName{}
	for _, read := range r.reads {
		if read.Kind != layer.Below {
			continue
		}
		at[read.ID] = relationName(r.stack.entry(read.Result).Name)
	}
	base, err := ls.baseOf(job, r.below)
	if err != nil {
		return err
	}
	for id := range at {
		if !base.Has(id) {
			return fmt.Errorf("%s has no node %s, although a layer below has built it", r.below.build, id)
		}
	}
	var out bytes.Buffer
	if err := base.Compose(&out, at); err != nil {
		return err
	}
	return durable.Write(filepath.Join(job.deferState(), "manifest.json"), out.Bytes(), 0o600)
}
