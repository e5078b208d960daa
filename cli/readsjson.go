package cli

import (
	"time"

	"dot-for-dbt/graph"
	"dot-for-dbt/steps"
)

// jsonReads says for scripts where a command with a baseline reads the nodes that it
// doesn't build. docs/plan-json.md describes it.
type jsonReads struct {
	Unknown string `json:"unknown,omitempty"` // why the nodes aren't known
	*jsonReadCounts
	Nodes  []jsonRead      `json:"nodes,omitempty"`  // of an explanation
	Layers []jsonReadLayer `json:"layers,omitempty"` // of an explanation
}

// jsonReadCounts are missing if the nodes aren't known.
type jsonReadCounts struct {
	Total   int              `json:"total"`
	Own     int              `json:"own"`
	Below   []jsonReadsCount `json:"below"` // in the order of the layers
	Missing int              `json:"missing"`
}

type jsonReadsCount struct {
	Layer string `json:"layer"`
	Nodes int    `json:"nodes"`
}

type jsonRead struct {
	ID       string    `json:"unique_id"`
	From     string    `json:"from"` // own, below or missing
	Layer    string    `json:"layer"`
	Relation string    `json:"relation,omitempty"`
	Run      string    `json:"run,omitempty"`
	Built    time.Time `json:"built,omitzero"`
	Why      string    `json:"why"`
	Changed  bool      `json:"changed"`
	Readers  []string  `json:"readers"`
}

type jsonReadLayer struct {
	Name   string `json:"name"`
	Nodes  int    `json:"nodes"`
	Broken int    `json:"broken"`
	Gone   string `json:"gone,omitempty"` // why the layer below it can't be used
}

// newJSONReads returns what a build's command reads; nil without a baseline. The
// single nodes and layers belong to an explanation only.
func newJSONReads(b *steps.Built, plan *graph.Plan, explain bool) *jsonReads {
	reads, ok := b.Reads(plan)
	switch {
	case !ok:
		return nil
	case reads.Unknown != "":
		return &jsonReads{Unknown: reads.Unknown}
	}
	own, below, missing := reads.Count()
	out := &jsonReads{jsonReadCounts: &jsonReadCounts{Total: len(reads.Nodes), Own: own, Below: []jsonReadsCount{}, Missing: missing}}
	for _, l := range below {
		out.Below = append(out.Below, jsonReadsCount(l))
	}
	if !explain {
		return out
	}
	for _, n := range reads.Nodes {
		out.Nodes = append(out.Nodes, jsonRead{
			ID: n.ID, From: n.From, Layer: n.Layer, Relation: n.Relation, Run: n.Run, Built: n.Built,
			Why: n.Why, Changed: n.Changed, Readers: orEmpty(n.Readers),
		})
	}
	for _, l := range reads.Layers {
		out.Layers = append(out.Layers, jsonReadLayer(l))
	}
	return out
}
