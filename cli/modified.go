package cli

import (
	"fmt"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/text"
	"dot-for-dbt/internal/ui"
	"dot-for-dbt/steps"
)

// mostModified is the number of nodes that a plan lists; an explanation lists all.
const mostModified = 20

// modifiedLines says which nodes a commit changes: a line with their number, and one for
// each of the first nodes, with its reasons.
func modifiedLines(m steps.Modified, most int) []string {
	switch {
	case m.Unknown != "":
		return []string{"modified: " + m.Unknown}
	case len(m.Nodes) == 0 && len(m.Same) == 0:
		return []string{"nothing modified"}
	}
	var rows [][]string
	for _, n := range m.Nodes[:min(most, len(m.Nodes))] {
		rows = append(rows, []string{n.Name(), n.String()})
	}
	lines := []string{fmt.Sprintf("modified: %s", text.Plural(len(m.Nodes), "node"))}
	if n := len(m.Same); n > 0 {
		lines[0] = fmt.Sprintf("modified: %s by dbt, %d by compiled code", text.Plural(len(m.Nodes)+n, "node"), len(m.Nodes))
	}
	for _, line := range ui.Columns(rows, nil) {
		lines = append(lines, "  "+line)
	}
	if more := len(m.Nodes) - len(rows); more > 0 {
		lines = append(lines, fmt.Sprintf("  and %d more: dot explain lists them", more))
	}
	return lines
}

// jsonModified says for scripts which nodes a commit changes. docs/plan-json.md describes it.
type jsonModified struct {
	Unknown string             `json:"unknown,omitempty"` // why the nodes aren't known
	Nodes   []jsonModifiedNode `json:"nodes"`
	// Same are, with --modified=compiled, the nodes that compile to the baseline's code.
	Same []string `json:"same,omitempty"`
}

type jsonModifiedNode struct {
	ID  string   `json:"unique_id"`
	Why []string `json:"why"`
}

// newJSONModified returns the nodes that a build's commit changes; nil if its selection
// doesn't compare with a baseline.
func newJSONModified(b *steps.Built, plan *graph.Plan) *jsonModified {
	m, ok := b.Modified(plan)
	if !ok {
		return nil
	}
	out := &jsonModified{Unknown: m.Unknown, Same: m.Same, Nodes: []jsonModifiedNode{}}
	for _, n := range m.Nodes {
		out.Nodes = append(out.Nodes, jsonModifiedNode(n))
	}
	return out
}
