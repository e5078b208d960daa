package steps

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt/artifact"
)

// A Report is the summary of a run in the record of a dbt step.
type Report struct {
	// Run names the run in the ledger; "" for a command that writes nothing.
	Run string `json:"run,omitempty"`
	// Written is the number of nodes that the run wrote.
	Written int `json:"written"`
	// Sound is, in the schema of a working tree, how many relations the build had
	// afterwards, those that it took over too.
	Sound int `json:"sound,omitempty"`
	// Nothing means that the run had nothing to do, since no node differs from its
	// baseline. The build is a layer, too.
	Nothing bool `json:"nothing,omitempty"`
	// Unmatched says that the run had nothing to do, since its selection matched no
	// node: "-s nope selects nothing". Such a run is no baseline.
	Unmatched string `json:"unmatched,omitempty"`
	// Counts is the number of nodes with each of dbt's statuses.
	Counts map[artifact.Status]int `json:"counts"`
	Schema string                  `json:"schema"`
	// History says on what incremental models and snapshots were built; "" if the
	// run had none.
	History string `json:"history,omitempty"`
	// Interrupted means that dbt did not come to its end: after Ctrl-C, or a kill.
	Interrupted bool `json:"interrupted,omitempty"`
	// Invocation is dbt's ID of the run; "" if dbt left no results.
	Invocation string `json:"invocation,omitempty"`
	failed     bool   // the run itself had nodes that failed
	// Manifest identifies the manifest.json in the target path, for commands that
	// build nothing; see manifestMark.
	Manifest string `json:"manifest,omitempty"`
}

// ParseReport reads the report in the record of a dbt step.
func ParseReport(r graph.Record) (Report, error) {
	var report Report
	err := r.Decode(&report)
	return report, err
}

// String returns the counts in dbt's words: 27 ok, 1 warn.
func (r Report) String() string {
	if r.Nothing {
		return "nothing modified"
	}
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

// done returns how many nodes have finished without failing.
func (r Report) done() int {
	n := 0
	for status, count := range r.Counts {
		if status.Wrote() && !status.Failed() {
			n += count
		}
	}
	return n
}
