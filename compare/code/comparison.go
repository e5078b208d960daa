package code

import (
	"maps"
	"slices"
	"strings"

	"dot-for-dbt/internal/dbt/artifact"
)

// A comparison is two projects, and what was found of their nodes so far.
type comparison struct {
	a, b   *project
	wide   []string // what keeps every node from being the same
	custom bool     // the project has a way of its own to build nodes
	found  map[string]*finding
}

// A finding is what is known of a node with a relation on at least one side.
type finding struct {
	Node
	a, b    *artifact.NodeCode
	reads   []string          // what it reads on either side, sorted
	shared  map[string]string // of those, what both sides read from one relation, and its name: one of them defers to the other
	changed map[string]bool   // the nearest reasons above it not to be the same
	order   int               // parents have a lower one
}

// nodes compares all nodes.
func (c *comparison) nodes() []Node {
	c.wide, c.custom = wide(c.a, c.b)
	c.found = map[string]*finding{}
	for _, p := range []*project{c.a, c.b} {
		for id, n := range p.nodes {
			if hasRelation(n) && c.found[id] == nil {
				c.found[id] = &finding{a: c.a.nodes[id], b: c.b.nodes[id]}
			}
		}
	}
	for _, f := range c.found {
		c.describe(f)
		c.own(f)
	}
	c.nameAll()
	c.upstream()
	c.sort()
	nodes := make([]Node, 0, len(c.found))
	for _, f := range slices.SortedFunc(maps.Values(c.found), byOrder) {
		nodes = append(nodes, f.Node)
	}
	return nodes
}

// latest is the candidate's node, or the baseline's where only that has it.
func (f *finding) latest() *artifact.NodeCode {
	if hasRelation(f.b) || !hasRelation(f.a) {
		return f.b
	}
	return f.a
}

// describe fills in what doesn't need both sides.
func (c *comparison) describe(f *finding) {
	n, p := f.latest(), c.b
	if n == f.a {
		p = c.a
	}
	f.ID, f.ResourceType, f.Materialized = n.UniqueID, n.ResourceType, materialized(n)
	f.File = file(n)
	f.A, f.B = relation(f.a), relation(f.b)
	f.History = keepsHistory(f.a) || keepsHistory(f.b)
	for _, id := range p.above(n) {
		switch parent := p.nodes[id]; {
		case hasRelation(parent):
			f.Parents = append(f.Parents, id)
		case parent != nil && parent.ResourceType == "source":
			f.Sources = true
		}
	}
	f.reads = slices.Concat(c.a.above(f.a), c.b.above(f.b))
	slices.Sort(f.reads)
	f.reads = slices.Compact(f.reads)
	if f.Key, f.KeyFrom = c.b.key(f.b); f.Key == nil {
		f.Key, f.KeyFrom = c.a.key(f.a)
	}
	if f.a != nil && f.b != nil {
		f.Diff = unified(file(f.a), file(f.b), f.a.RawCode, f.b.RawCode)
	}
}

// file is where a node is written, with slashes.
func file(n *artifact.NodeCode) string { return strings.ReplaceAll(n.File, `\`, "/") }

// rebuilt are the ways to materialize that begin anew each time.
var rebuilt = []string{"table", "view", "seed", "ephemeral", "materialized_view", "dynamic_table", "external", ""}

func keepsHistory(n *artifact.NodeCode) bool {
	return hasRelation(n) && !slices.Contains(rebuilt, materialized(n))
}

// upstream settles which nodes are the same, from the sources down.
func (c *comparison) upstream() {
	children := map[string][]*finding{}
	waits := map[*finding]int{}
	var ready []*finding
	for _, f := range c.found {
		for _, id := range f.reads {
			if c.found[id] != nil {
				children[id] = append(children[id], f)
				waits[f]++
			}
		}
		if waits[f] == 0 {
			ready = append(ready, f)
		}
	}
	for len(ready) > 0 {
		f := ready[len(ready)-1]
		ready = ready[:len(ready)-1]
		c.settle(f)
		for _, child := range children[f.ID] {
			if waits[child]--; waits[child] == 0 {
				ready = append(ready, child)
			}
		}
	}
	// What is left reads in one direction on one side, and in the other on the
	// other.
	for f, n := range waits {
		if n > 0 {
			c.circular(f)
		}
	}
}

// settle settles a node whose parents are.
func (c *comparison) settle(f *finding) {
	f.changed = map[string]bool{}
	for _, id := range f.reads {
		parent := c.found[id]
		if parent == nil {
			continue
		}
		f.HistoryAbove = f.HistoryAbove || parent.History || parent.HistoryAbove
		if relation, ok := f.shared[id]; ok {
			if parent.A.SQL == relation && slices.Contains(f.Parents, id) {
				f.Deferred = append(f.Deferred, id)
			}
			continue
		}
		if !parent.Own {
			f.changed[parent.ID] = true
		} else {
			maps.Copy(f.changed, parent.changed)
		}
	}
	above := ""
	if len(f.changed) > 0 {
		names := make([]string, 0, len(f.changed))
		for id := range f.changed {
			names = append(names, c.found[id].Name)
		}
		slices.Sort(names)
		above = "upstream: " + some(slices.Compact(names))
	}
	f.finish(above, c.wide)
}

// circular settles a node that is above and below another, or below such a one.
func (c *comparison) circular(f *finding) {
	f.changed = map[string]bool{}
	f.finish("upstream: in another order", c.wide)
}

// finish adds what lies above a node and around all of them to what differs. Of
// a node that only one side has there is nothing more to say.
func (f *finding) finish(above string, wide []string) {
	if f.a == nil || f.b == nil {
		return
	}
	if above != "" {
		f.Differences = append(f.Differences, above)
	}
	f.Differences = append(f.Differences, wide...)
	f.Same = len(f.Differences) == 0
}

// sort gives each node its place: parents first.
func (c *comparison) sort() {
	var depth func(f *finding, seen map[string]bool) int
	depth = func(f *finding, seen map[string]bool) int {
		if f.order > 0 || seen[f.ID] {
			return f.order
		}
		seen[f.ID] = true
		deepest := 0
		for _, id := range f.Parents {
			if parent := c.found[id]; parent != nil {
				deepest = max(deepest, depth(parent, seen))
			}
		}
		f.order = deepest + 1
		return f.order
	}
	for _, id := range slices.Sorted(maps.Keys(c.found)) {
		depth(c.found[id], map[string]bool{})
	}
}

func byOrder(a, b *finding) int {
	if a.order != b.order {
		return a.order - b.order
	}
	if d := strings.Compare(a.Name, b.Name); d != 0 {
		return d
	}
	return strings.Compare(a.ID, b.ID)
}

// nameAll names the nodes as a person does, with the package where two have the
// same name.
func (c *comparison) nameAll() {
	packages := map[string]map[string]bool{}
	for _, f := range c.found {
		n := f.latest()
		f.Name = plainName(n)
		if packages[f.Name] == nil {
			packages[f.Name] = map[string]bool{}
		}
		packages[f.Name][n.Package] = true
	}
	for _, f := range c.found {
		if len(packages[f.Name]) > 1 {
			f.Name = f.latest().Package + "." + f.Name
		}
	}
}

// plainName is a node's name and version.
func plainName(n *artifact.NodeCode) string {
	if version := strings.Trim(string(n.Version), `"`); version != "" && version != "null" {
		return n.Name + ".v" + version
	}
	return n.Name
}
