//go:build unix

package e2e

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
)

// A randomProject is a small project as main has it, and as a branch has changed it.
type randomProject struct {
	main, branch map[string]string
	nodes        []randomNode // the branch's, each below its parents
	late         string       // the node that fails until late.arrival exists, "" for none
}

// A randomNode is a seed, a model or a snapshot. Its rows have a key k and a number x. The key says
// by which way a row got there, so that no two rows are equal. The number is below 100, unless the
// row has passed a node that the branch changed.
type randomNode struct {
	name, kind string
	parents    []string
	plus       int    // added to x
	late       bool   // it reads late.arrival
	test       string // "", or the severity of a test that wants each x below 100
}

// newRandomProject makes three to eight nodes, of which the branch changes a few.
func newRandomProject(random *rand.Rand) randomProject {
	p := randomProject{}
	for i := range 3 + random.IntN(6) {
		n := randomNode{name: fmt.Sprintf("n%d", i), kind: "seed", plus: 1 + random.IntN(9)}
		if i > 0 || random.IntN(2) == 0 {
			n.kind = pick(random, "table", "table", "view", "incremental", "incremental", "ephemeral", "snapshot")
		}
		for range min(i, random.IntN(3)) {
			n.parents = append(n.parents, p.nodes[random.IntN(i)].name)
		}
		if random.IntN(3) == 0 {
			n.test = pick(random, "error", "error", "warn")
		}
		p.nodes = append(p.nodes, n)
	}
	p.main = files(p.nodes)
	for range 1 + random.IntN(2) {
		p.nodes[random.IntN(len(p.nodes))].plus += 100
	}
	if random.IntN(3) == 0 {
		p.nodes = append(p.nodes, randomNode{
			name: "added", kind: pick(random, "table", "view", "incremental"), plus: 1,
			parents: []string{p.nodes[random.IntN(len(p.nodes))].name},
		})
	}
	for _, i := range random.Perm(len(p.nodes)) {
		if n := &p.nodes[i]; n.kind != "seed" && n.kind != "ephemeral" && random.IntN(2) == 0 {
			n.late, p.late = true, n.name
			break
		}
	}
	p.branch = files(p.nodes)
	return p
}

// files are the files of nodes.
func files(nodes []randomNode) map[string]string {
	all := map[string]string{}
	for _, n := range nodes {
		switch n.kind {
		case "seed":
			all["seeds/"+n.name+".csv"] = fmt.Sprintf("k,x\na,%d\nb,%d\n", n.plus, n.plus+1)
		case "snapshot":
			all["snapshots/"+n.name+".sql"] = fmt.Sprintf(
				"{%% snapshot %s %%}{{ config(unique_key='k', strategy='check', check_cols=['x']) }}\n%s\n{%% endsnapshot %%}\n", n.name, n.sql())
		default:
			all["models/"+n.name+".sql"] = fmt.Sprintf("{{ config(materialized='%s') }}\n%s\n", n.kind, n.sql())
		}
		if n.test != "" {
			all["tests/check_"+n.name+".sql"] = fmt.Sprintf("{{ config(severity='%s') }}\nselect k from {{ ref('%s') }} where x >= 100\n", n.test, n.name)
		}
	}
	return all
}

// sql selects the rows of all parents.
func (n randomNode) sql() string {
	var parts []string
	for i, parent := range n.parents {
		parts = append(parts, fmt.Sprintf("select '%s.%d ' || k as k, x + %d as x from {{ ref('%s') }}", n.name, i, n.plus, parent))
	}
	if len(parts) == 0 {
		parts = []string{fmt.Sprintf("select '%s' as k, %d as x", n.name, n.plus)}
	}
	sql := strings.Join(parts, " union all ")
	if n.late {
		sql = fmt.Sprintf("select k, x from (%s) as rows_of_parents join late.arrival on true", sql)
	}
	return sql
}

// String shows the branch's files, and those of main that it changed.
func (p randomProject) String() string {
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(p.branch)) {
		fmt.Fprintf(&text, "%s:\n%s", name, p.branch[name])
		if was, ok := p.main[name]; ok && was != p.branch[name] {
			fmt.Fprintf(&text, "in main:\n%s", was)
		}
	}
	return text.String()
}

// pick returns one of several texts.
func pick(random *rand.Rand, texts ...string) string { return texts[random.IntN(len(texts))] }
