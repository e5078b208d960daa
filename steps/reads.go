package steps

import (
	"fmt"
	"strings"
	"time"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/layer"
	"dot-for-dbt/internal/text"
	"dot-for-dbt/internal/workspace"
)

// What a plan says about the nodes that a job with a baseline reads. The job's last
// check listed them; if that list may be out of date, the plan doesn't guess.

// Reads are the nodes that a job with a baseline reads but doesn't write, and where
// each comes from now.
type Reads struct {
	// Unknown says why the nodes aren't known, "" if they are.
	Unknown string
	Nodes   []Read       // in the order of their IDs
	Layers  []ReadsLayer // the build's own layer and those below it
}

// A Read is a node that a job reads.
type Read struct {
	ID   string // dbt's unique_id
	Name string // the name that is shown
	// From is own, below or missing.
	From string
	// Layer is the build that has the node or, if it is missing, should have it.
	Layer    string
	Relation string    // in SQL; "" if missing
	Run      string    // the run that wrote it
	Built    time.Time // when that was
	// Why is the reason why the node comes from there, or why it is missing.
	Why     string
	Changed bool     // see layer.Result
	Readers []string // the nodes that read it, by unique_id
}

// ReadBy names the first of the readers, and says how many more there are.
func (r Read) ReadBy() string {
	switch n := len(r.Readers); n {
	case 0:
		return ""
	case 1:
		return workspace.NodeName(r.Readers[0])
	default:
		return fmt.Sprintf("%s and %d more", workspace.NodeName(r.Readers[0]), n-1)
	}
}

// A ReadsLayer is a layer that a job reads from.
type ReadsLayer struct {
	Name string
	// Nodes is the number of nodes that can be read, and Broken the number of those
	// that can't: failed, interrupted or overwritten ones.
	Nodes, Broken int
	// Gone says why the layer below can't be used, "" if it can.
	Gone string
}

// Reads returns the nodes that the build's job reads, according to a plan. ok is
// false if the job has no baseline.
func (b *Built) Reads(plan *graph.Plan) (r Reads, ok bool) {
	job := b.job
	switch {
	case job.baseline == nil:
		return Reads{}, false
	case job.build == nil:
		return Reads{Unknown: "not known: dot doesn't check what the working tree reads"}, true
	case !job.readsKnown():
		return Reads{Unknown: fmt.Sprintf("not known: dot doesn't check what dbt %s reads", job.Command.Name)}, true
	}
	const notYet = "not known until the check has run"
	checked, ok := lastCheck(plan, job)
	if !ok {
		return Reads{Unknown: notYet}, true
	}
	res, err := b.runtime.resolveReads(job, checked)
	switch {
	case err != nil:
		return Reads{Unknown: "not known: " + err.Error()}, true
	case job.selectsByState() && checked.BaselineRun != res.below.Run.ID: // its nodes may have changed
		return Reads{Unknown: notYet}, true
	}
	for _, node := range res.reads {
		r.Nodes = append(r.Nodes, res.read(node))
	}
	r.Layers = res.layers()
	return r, true
}

// lastCheck returns the outputs of the job's last check. ok is false if the check has
// never run, or if its next run may find other nodes.
func lastCheck(plan *graph.Plan, job *job) (out checkOutputs, ok bool) {
	s, ok := plan.With("check", job.step())
	same := ok && s.Key() != "" && s.Record.Key == s.Key()
	return out, same && s.Record.Decode(&out) == nil
}

// read describes a node that the job reads.
func (r resolution) read(node nodeRead) Read {
	out := Read{
		ID: node.ID, Name: workspace.NodeName(node.ID), From: string(node.Kind), Layer: node.Layer.Name,
		Why: node.Why, Changed: node.Changed, Readers: node.readers,
	}
	if node.Kind == layer.Missing {
		return out
	}
	e := r.stack.entry(node.Result)
	out.Relation, out.Run, out.Built = node.Node.Relation, e.Run, e.Time
	out.Why = "built here"
	if node.Kind == layer.Below {
		out.Why = "not built here"
		if node.Changed {
			out.Why = "changed by this commit, but not built here"
		}
		var passed []string
		for at := r.stack.top; at != node.Layer; at = at.Below {
			passed = append(passed, at.Name)
		}
		if len(passed) > 0 {
			out.Why += ", and not changed by " + listNames(passed)
		}
	}
	return out
}

// layers lists the job's layers from the top.
func (r resolution) layers() []ReadsLayer {
	var out []ReadsLayer
	seen := map[*layer.Layer]bool{}
	for at := r.job; at != nil && !seen[at]; at = at.Below {
		seen[at] = true
		one := ReadsLayer{Name: at.Name, Gone: at.Gone}
		for _, n := range at.Nodes {
			if n.Problem == "" {
				one.Nodes++
			} else {
				one.Broken++
			}
		}
		out = append(out, one)
	}
	return out
}

// A ReadsCount is the number of nodes that a job reads from a layer.
type ReadsCount struct {
	Layer string
	Nodes int
}

// Count counts the nodes: the build's own, those of each layer below in the order of
// the layers, and the missing ones.
func (r Reads) Count() (own int, below []ReadsCount, missing int) {
	byLayer := map[string]int{}
	for _, n := range r.Nodes {
		switch layer.Kind(n.From) {
		case layer.Own:
			own++
		case layer.Below:
			byLayer[n.Layer]++
		case layer.Missing:
			missing++
		}
	}
	for _, l := range r.Layers {
		if n := byLayer[l.Name]; n > 0 {
			below = append(below, ReadsCount{l.Name, n})
			delete(byLayer, l.Name)
		}
	}
	return own, below, missing
}

// String is the plan's line: reads 3 nodes: 1 own, 2 of prod@4521a86.
func (r Reads) String() string {
	switch {
	case r.Unknown != "":
		return "reads: " + r.Unknown
	case len(r.Nodes) == 0:
		return "reads no other nodes"
	}
	own, below, missing := r.Count()
	var parts []string
	if own > 0 {
		parts = append(parts, fmt.Sprintf("%d own", own))
	}
	for _, l := range below {
		parts = append(parts, fmt.Sprintf("%d of %s", l.Nodes, l.Layer))
	}
	if missing > 0 {
		parts = append(parts, fmt.Sprintf("%d missing", missing))
	}
	return fmt.Sprintf("reads %s: %s", text.Plural(len(r.Nodes), "node"), strings.Join(parts, ", "))
}
