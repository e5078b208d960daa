package steps

import (
	"slices"

	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/workspace"
)

// checkOutputs are the outputs in the check's record: the nodes that the command may
// write, and those that it reads.
type checkOutputs struct {
	Nodes []checkedNode `json:"nodes"`
	// Others are the selected tests, by unique_id: no other node reads their
	// relations.
	Others []string `json:"others,omitempty"`
	// LeftOut are the selected unit tests that the command does not run, by name.
	LeftOut []string `json:"left_out,omitempty"`
	// Reads are, for a job with a baseline, the nodes that it reads but doesn't
	// write, by unique_id, each with its readers.
	Reads map[string][]string `json:"reads,omitempty"`
	// Changed are the nodes with a relation that differ between the commit and the
	// baseline's. Modified has all such nodes, with the reasons.
	Changed  []string `json:"changed,omitempty"`
	Modified []Change `json:"modified,omitempty"`
	// Same are, with --modified=compiled, the nodes that would be in Modified, and that compile to the
	// baseline's code.
	Same []string `json:"same,omitempty"`
	// Reused are, with --reuse, the nodes that the command doesn't build and that lie below.
	Reused []checkedNode `json:"reused,omitempty"`
	// Drops are the relations in the ledgers that are dropped with a node's relation
	// when the job replaces it, by the node's unique_id.
	Drops map[string][]workspace.Relation `json:"drops,omitempty"`
	// Rows are about how many rows the relations have that the job clones as tables, by the node's
	// unique_id, if the warehouse was asked and knows.
	Rows map[string]int64 `json:"rows,omitempty"`
	// BaselineRun is the baseline's last run before the check.
	BaselineRun string `json:"run,omitempty"`
	// ServerPath are the environments' schemas of the server's search path that the user
	// was warned of.
	ServerPath []string `json:"server_path,omitempty"`
	// Outside are the files out of the worktree that the user was warned of.
	Outside []string `json:"outside,omitempty"`
	// Hooks is a digest of the hooks and grants that the user was warned of.
	Hooks string `json:"hooks_digest,omitempty"`
	// Marked is set if the check's dbt has marked the schemas, as far as that was needed.
	Marked bool `json:"marked,omitempty"`
	// Stale are, in the schema of a working tree, the nodes that a job without a selection
	// builds, with the reasons.
	Stale []Change `json:"stale,omitempty"`
	// Inputs and Over are, in the schema of a working tree, what the nodes are built from; see
	// [workspace.Basis].
	Inputs string            `json:"inputs,omitempty"`
	Over   map[string]string `json:"over,omitempty"`
}

// count returns the number of selected nodes.
func (o checkOutputs) count() int {
	n := len(o.Others)
	for _, node := range o.Nodes {
		if node.Type != "test" { // which is among Others, too
			n++
		}
	}
	return n
}

// add adds the listed nodes to the outputs, and returns those that the job writes.
func (o *checkOutputs) add(job *job, listed []artifact.Node) (writes []artifact.Node) {
	_, refresh := job.Lookup("full-refresh")
	for _, n := range listed {
		if job.Command.Writes(n, job.AllOptions()) {
			writes = append(writes, n)
			o.Nodes = append(o.Nodes, newCheckedNode(n, refresh))
		}
		if n.ResourceType == "test" || n.ResourceType == "unit_test" {
			o.Others = append(o.Others, n.UniqueID)
		}
	}
	return writes
}

// refreshed returns the nodes that a run with --full-refresh builds from scratch.
func (o checkOutputs) refreshed() map[string]bool {
	ids := map[string]bool{}
	for _, n := range o.Nodes {
		if !n.Keeps {
			ids[n.ID] = true
		}
	}
	return ids
}

// A checkedNode is a node that the command may write.
type checkedNode struct {
	ID   string             `json:"id"`
	Type string             `json:"type"`
	Name workspace.Spelling `json:"name"`
	// History is set for nodes that add to the existing relation: snapshots, and
	// incremental models without --full-refresh.
	History bool `json:"history,omitempty"`
	// Keeps is set for nodes whose relation --full-refresh does not build anew.
	Keeps bool `json:"keeps,omitempty"`
	// Appends is set for incremental models that add the same rows again when they run again.
	Appends bool `json:"appends,omitempty"`
	// Replaces is set for nodes whose existing relation dbt drops.
	Replaces bool `json:"replaces,omitempty"`
	// View is set for views: they depend on the relations that they read.
	View bool `json:"view,omitempty"`
	// On are the relations of other builds that a view reads.
	On []workspace.Relation `json:"on,omitempty"`
}

// incremental reports whether the node is an incremental model that adds to the existing relation.
func (n checkedNode) incremental() bool { return n.History && n.Type == "model" }

// history reports whether any of the nodes adds to an existing relation.
func (o checkOutputs) history() bool {
	return slices.ContainsFunc(o.Nodes, func(n checkedNode) bool { return n.History })
}

// targets returns the nodes that the job may write, by unique_id, with the ledger's
// relations. Stored test failures are left out: no result depends on them.
func (o checkOutputs) targets(job *job) map[string]workspace.Target {
	out := make(map[string]workspace.Target, len(o.Nodes))
	partial := job.partial()
	for _, n := range o.Nodes {
		if n.Type != "test" {
			t := job.build.target(n.Name)
			t.Partial, t.Adds, t.On = partial, n.incremental(), n.On // a snapshot finds all rows that it lacks
			out[n.ID] = t
		}
	}
	return out
}

// newCheckedNode returns a node that the job writes, with --full-refresh or without. As in dbt's macro
// should_full_refresh, the node's own configuration goes before the flag.
func newCheckedNode(n artifact.Node, refresh bool) checkedNode {
	c := checkedNode{ID: n.UniqueID, Type: n.ResourceType, Name: spelling(n), View: n.Config.Materialized == "view"}
	if own := n.Config.FullRefresh; own.Set {
		refresh, c.Keeps = own.On, !own.On
	}
	switch {
	case n.ResourceType == "snapshot":
		c.History, c.Keeps = true, true
	case n.ResourceType == "function": // dbt changes it in place
	case n.ResourceType == "seed", n.Config.Materialized == "materialized_view":
		c.Replaces = refresh // otherwise dbt loads or refreshes the existing relation
	case n.Config.Materialized == "incremental":
		c.History, c.Replaces = !refresh, refresh
		c.Appends = c.History && n.Config.UniqueKey == nil && !slices.Contains([]string{"insert_overwrite", "microbatch"}, n.Config.Strategy)
	default:
		c.Replaces = true
	}
	return c
}

// checked returns the outputs of the job's check.
func (h *home) checked(job *job) (checkOutputs, error) {
	var out checkOutputs
	record, err := h.ws.Load(job.build.CheckRecord(job.slot))
	if err == nil {
		err = record.Decode(&out)
	}
	out = out.mapNames(h.ws.Reveal)
	return out, err
}
