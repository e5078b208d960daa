package steps

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt/artifact"
)

// A Report is what a dbt step's record keeps of a run: what came of its nodes.
type Report struct {
	// Run names the run in the ledger; "" for a command that writes nothing.
	Run string `json:"run,omitempty"`
	// Written is how many nodes the run wrote whose results are the build's.
	Written int `json:"written"`
	// Nothing is set for a run that had nothing to do, since nothing differs from
	// its baseline: the build is a layer all the same.
	Nothing bool `json:"nothing,omitempty"`
	// Counts are how many nodes ended with each of dbt's statuses.
	Counts map[artifact.Status]int `json:"counts"`
	Schema string                  `json:"schema"`
	// History says what incremental models and snapshots were built on; ""
	// where there were none.
	History string `json:"history,omitempty"`
	// Invocation is dbt's id of the run, if it left results.
	Invocation string `json:"invocation,omitempty"`
	// Manifest tells the manifest.json that a command which builds nothing
	// left in the target path from later ones.
	Manifest string `json:"manifest,omitempty"`
}

// ParseReport reads the report in the record of a dbt step.
func ParseReport(r graph.Record) (Report, error) {
	var report Report
	err := r.Decode(&report)
	return report, err
}

// String lists the counts in dbt's words: 27 ok, 1 warn.
func (r Report) String() string {
	ok := r.Counts[artifact.StatusSuccess] + r.Counts[artifact.StatusPass]
	var parts []string
	if ok > 0 {
		parts = append(parts, fmt.Sprintf("%d ok", ok))
	}
	for _, status := range slices.Sorted(maps.Keys(r.Counts)) {
		if status != artifact.StatusSuccess && status != artifact.StatusPass {
			parts = append(parts, fmt.Sprintf("%d %s", r.Counts[status], status))
		}
	}
	if r.History != "" {
		parts = append(parts, r.History)
	}
	return strings.Join(parts, ", ")
}
