package steps

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/durable"
	"dot-for-dbt/internal/layer"
	"dot-for-dbt/internal/text"
)

// Where a job that defers reads the nodes that it doesn't write: its own
// relation, one of a layer below, or nowhere. The whole idea stands in
// internal/layer; dbt is told by a composed manifest (--defer-state).

// A resolution says where a job reads each node.
type resolution struct {
	below standing // what is deferred to
	reads []read   // in the order of their IDs
	stack stack    // of below, with the build's own layer
	doubt string   // why what the build has itself isn't known, "" where it is
}

// A read is a node that a job reads.
type read struct {
	layer.Result
	readers []string // the selected nodes that read it; none where that isn't known
}

// resolve finds out where a job reads the nodes that its check found. Where no
// check knows what the job reads, it is about every node of the baseline.
func (rt *runtime) resolve(job *job) (resolution, error) {
	if !job.readsKnown() {
		return rt.resolveFound(job, checkOutputs{})
	}
	checked, err := rt.checked(job)
	if err != nil {
		return resolution{}, fmt.Errorf("read what %s reads: %w", job.Command.Name, err)
	}
	return rt.resolveFound(job, checked)
}

// deferredTo is what a job defers to, as it stands now.
func (rt *runtime) deferredTo(job *job) (standing, error) {
	if job.baseline == nil {
		return rt.standingOf(rt.ws.BuildOf(*job.below), job.below.Place)
	}
	return rt.standing(job.baseline.build, job.baseline.spec, toDefer)
}

// resolveFound is resolve with what a check has found just now.
func (rt *runtime) resolveFound(job *job, checked checkOutputs) (resolution, error) {
	below, err := rt.deferredTo(job)
	if err != nil {
		return resolution{}, err
	}
	nodes := sync.OnceValues(func() (map[string]artifact.Node, error) { // of the commit that is deferred to
		return writtenNodes(filepath.Join(below.state, "manifest.json"))
	})
	res := resolution{below: below, stack: rt.stackOf(below)}
	top := res.stack.top
	top.Knows = func(id string) (bool, error) {
		known, err := nodes()
		_, ok := known[id]
		return ok, err
	}
	readers := checked.Reads
	if !job.readsKnown() {
		known, err := nodes()
		if err != nil {
			return resolution{}, err
		}
		readers = map[string][]string{}
		for id := range known {
			readers[id] = nil
		}
	}
	find := func(id string) (layer.Result, error) { // for whoever has nothing of its own
		r := top.Resolve(id)
		if r.Kind == layer.Own {
			r.Kind = layer.Below
		}
		return r, nil
	}
	if job.build != nil && job.Command.Name != "clone" {
		var own standing
		own, res.doubt = rt.ownLayer(job.build)
		l := newLayer(job.build.String(), own, checked.Changed)
		l.Below, res.stack.standings[l] = top, own
		find = l.Read
	}
	for _, id := range slices.Sorted(maps.Keys(readers)) {
		r, err := find(id)
		if err != nil {
			return resolution{}, err
		}
		res.reads = append(res.reads, read{r, readers[id]})
	}
	return res, nil
}

// ownLayer is what a build has by itself: nothing where it never ran, or where
// what dot keeps of it can't be read; doubt then says so.
func (rt *runtime) ownLayer(b *build) (own standing, doubt string) {
	s, err := rt.standingOf(b.Build, b.place)
	if errors.As(err, new(*unreadable)) {
		return standing{}, err.Error()
	}
	if err != nil { // never built, or by another tool that left nothing to go by
		return standing{}, ""
	}
	return s, ""
}

// missing are the reads that lead nowhere.
func (r resolution) missing() []read {
	return slices.DeleteFunc(slices.Clone(r.reads), func(r read) bool { return r.Kind != layer.Missing })
}

// digest tells one resolution from another: by each node that is read, the layer
// that has it and the run that wrote it.
func (r resolution) digest() string {
	h := sha256.New()
	for _, read := range r.reads {
		fmt.Fprintf(h, "%q %q %q %q\n", read.ID, read.Kind, read.Layer.Name, read.Node.Run)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// composeNow tells dbt where the nodes lie that a job reads, as things stand when
// the job's step starts.
func (rt *runtime) composeNow(job *job) error {
	res, err := rt.resolve(job)
	if err != nil {
		return err
	}
	return rt.compose(job, res)
}

// compose writes the manifest that tells dbt where the nodes of lower layers
// lie. What it doesn't have, dbt reads from the build's own schema.
func (rt *runtime) compose(job *job, r resolution) error {
	at := map[string]artifact.RelationName{}
	for _, read := range r.reads {
		if read.Kind != layer.Below {
			continue
		}
		at[read.ID] = relationName(r.stack.entry(read.Result).Name)
	}
	file := filepath.Join(r.below.state, "manifest.json")
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	var out bytes.Buffer
	found, err := artifact.Compose(&out, file, f, at)
	if err != nil {
		return err
	}
	for id := range at {
		if !found[id] {
			return fmt.Errorf("%s has no node %s, though a layer below has built it", r.below.build, id)
		}
	}
	return durable.Write(filepath.Join(job.deferState(), "manifest.json"), out.Bytes(), 0o600)
}

// A MissingError says which nodes a job would read that are nowhere.
type MissingError struct {
	job     *job
	missing []read
}

// mostMissing is how many missing nodes a person is told of by name.
const mostMissing = 5

func (e *MissingError) Error() string {
	var names []string
	for _, m := range e.missing[:min(mostMissing, len(e.missing))] {
		line := nodeName(m.ID) + " " + m.Why
		if len(m.readers) > 0 {
			line += " (" + nodeName(m.readers[0]) + " reads it)"
		}
		names = append(names, line)
	}
	if more := len(e.missing) - mostMissing; more > 0 {
		names = append(names, fmt.Sprintf("… and %d more", more))
	}
	return fmt.Sprintf("nothing was run, because %s would read what is not there:%s", e.job.build, lines(names))
}

// Hints are the commands that build what is missing.
func (e *MissingError) Hints() []string {
	var there, here []string // names
	own := false
	for _, m := range e.missing[:min(mostMissing, len(e.missing))] {
		here = append(here, nodeName(m.ID)+"+")
		if m.Layer.Name == e.job.build.String() && m.Node.Problem != "" {
			own = true
		} else if m.Layer.Name == e.job.baseline.build.String() {
			there = append(there, nodeName(m.ID))
		}
	}
	spec, base := e.job.specs[0], e.job.baseline.spec.String()
	var hints []string
	if own {
		hints = append(hints, "go on with the run that stopped: "+text.ShellQuote([]string{"dot", "build", spec, "--defer", base, "--resume"}))
	}
	if len(there) > 0 {
		hints = append(hints, "build it there: "+text.ShellQuote([]string{"dot", "build", base, "-s", joined(there)}))
	}
	return append(hints, "build it here: "+text.ShellQuote([]string{"dot", "build", spec, "--defer", base, "-s", joined(here)}))
}
