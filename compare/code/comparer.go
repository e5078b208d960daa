package code

import (
	"maps"
	"slices"
	"strings"

	"dot-for-dbt/internal/dbt/artifact"
)

// A comparer compares the nodes of two sides.
type comparer struct {
	a, b  *parsedSide
	one   map[string]bool // the nodes that have one relation on both sides
	wides map[[2]*parsedSide]wideDifference
	diffs map[string]*nodeDiff
}

// A nodeDiff is a node with a relation on at least one side, while it is compared.
type nodeDiff struct {
	Node
	a, b *artifact.NodeCode
	// fromA and fromB are the manifests that a and b are from.
	fromA, fromB *parsedSide
	reads        []string          // the IDs of the nodes that it reads on either side, sorted
	shared       map[string]string // those of them that both sides read from one relation, with its name: one side defers to the other
	changed      map[string]bool   // the nearest ancestors whose own code differs
	order        int               // parents have a lower one
}

// nodes compares all nodes.
func (c *comparer) nodes() []Node {
	c.diffs = map[string]*nodeDiff{}
	for _, s := range []*parsedSide{c.a, c.b} {
		for id, n := range s.nodes {
			if hasRelation(n) && c.diffs[id] == nil {
				d := &nodeDiff{a: c.a.nodes[id], b: c.b.nodes[id], fromA: c.a.of(id), fromB: c.b.of(id)}
				d.One = c.one[id] && hasRelation(d.a) && hasRelation(d.b)
				c.diffs[id] = d
			}
		}
	}
	for _, d := range c.diffs {
		c.describe(d)
		c.own(d)
	}
	c.nameAll()
	c.upstream()
	c.sort()
	nodes := make([]Node, 0, len(c.diffs))
	for _, d := range slices.SortedFunc(maps.Values(c.diffs), byOrder) {
		nodes = append(nodes, d.Node)
	}
	return nodes
}

// latest returns the candidate's node, or the baseline's if only that side has it.
func (d *nodeDiff) latest() *artifact.NodeCode {
	if hasRelation(d.b) || !hasRelation(d.a) {
		return d.b
	}
	return d.a
}

// describe fills in the fields that need no comparison of the sides.
func (c *comparer) describe(d *nodeDiff) {
	n, s := d.latest(), c.b
	if n == d.a {
		s = c.a
	}
	d.ID, d.ResourceType, d.Materialized = n.UniqueID, n.ResourceType, materialized(n)
	d.File = file(n)
	if old := c.a.former[d.ID]; old != "" {
		d.OldID, d.OldName = old, plainName(d.a)
	}
	d.A, d.B = relation(d.a), relation(d.b)
	d.A.OwnSchema, d.B.OwnSchema = d.fromA.ownSchema(d.A.Schema), d.fromB.ownSchema(d.B.Schema)
	d.History = keepsHistory(d.a) || keepsHistory(d.b)
	d.Snapshot = d.snapshot()
	for _, id := range s.above(n) {
		switch parent := s.nodes[id]; {
		case hasRelation(parent):
			d.Parents = append(d.Parents, id)
		case parent != nil && parent.ResourceType == "source":
			d.Sources = true
		}
	}
	d.reads = slices.Concat(c.a.above(d.a), c.b.above(d.b))
	slices.Sort(d.reads)
	d.reads = slices.Compact(d.reads)
	if d.Key, d.KeyFrom = c.b.key(d.b); d.Key == nil {
		d.Key, d.KeyFrom = c.a.key(d.a)
	}
	d.Diff = d.source()
}

// file is the path of a node's source file, with slashes.
func file(n *artifact.NodeCode) string { return strings.ReplaceAll(n.File, `\`, "/") }

// rebuilt has the materializations that start from scratch each time.
var rebuilt = []string{"table", "view", "seed", "ephemeral", "materialized_view", "dynamic_table", "external", ""}

func keepsHistory(n *artifact.NodeCode) bool {
	return hasRelation(n) && !slices.Contains(rebuilt, materialized(n))
}

// upstream finds the nodes that are the same including their ancestors, parents first.
func (c *comparer) upstream() {
	children := map[string][]*nodeDiff{}
	waits := map[*nodeDiff]int{}
	var ready []*nodeDiff
	for _, d := range c.diffs {
		for _, id := range d.reads {
			if c.diffs[id] != nil {
				children[id] = append(children[id], d)
				waits[d]++
			}
		}
		if waits[d] == 0 {
			ready = append(ready, d)
		}
	}
	for len(ready) > 0 {
		d := ready[len(ready)-1]
		ready = ready[:len(ready)-1]
		c.settle(d)
		for _, child := range children[d.ID] {
			if waits[child]--; waits[child] == 0 {
				ready = append(ready, child)
			}
		}
	}
	// The remaining nodes form a circle, since they depend on each other in opposite
	// directions on the two sides.
	for d, n := range waits {
		if n > 0 {
			c.circular(d)
		}
	}
}

// settle finishes a node whose parents are finished.
func (c *comparer) settle(d *nodeDiff) {
	d.changed = map[string]bool{}
	for _, id := range d.reads {
		parent := c.diffs[id]
		if parent == nil {
			continue
		}
		d.HistoryAbove = d.HistoryAbove || parent.History || parent.HistoryAbove
		if relation, ok := d.shared[id]; ok {
			if parent.A.SQL == relation && slices.Contains(d.Parents, id) {
				d.Deferred = append(d.Deferred, id)
			}
			continue
		}
		if !parent.Own {
			d.changed[parent.ID] = true
		} else {
			maps.Copy(d.changed, parent.changed)
		}
	}
	above := ""
	if len(d.changed) > 0 {
		names := make([]string, 0, len(d.changed))
		for id := range d.changed {
			names = append(names, c.diffs[id].Name)
		}
		slices.Sort(names)
		above = "upstream: " + firstFew(slices.Compact(names))
	}
	c.finish(d, above)
}

// circular finishes a node of such a circle, or below one.
func (c *comparer) circular(d *nodeDiff) {
	d.changed = map[string]bool{}
	c.finish(d, "upstream: in another order")
}

// finish adds the differences above the node, and those that apply to every node. A
// node that only one side has needs neither, nor does one relation.
func (c *comparer) finish(d *nodeDiff, above string) {
	if d.One {
		d.Same, d.changed = true, nil
		return
	}
	if d.a == nil || d.b == nil {
		return
	}
	if above != "" {
		d.Differences = append(d.Differences, above)
	}
	d.Differences = append(d.Differences, c.wide(d.fromA, d.fromB).differences...)
	d.Same = len(d.Differences) == 0
}

// sort numbers the nodes, parents first.
func (c *comparer) sort() {
	var depth func(d *nodeDiff, seen map[string]bool) int
	depth = func(d *nodeDiff, seen map[string]bool) int {
		if d.order > 0 || seen[d.ID] {
			return d.order
		}
		seen[d.ID] = true
		deepest := 0
		for _, id := range d.Parents {
			if parent := c.diffs[id]; parent != nil {
				deepest = max(deepest, depth(parent, seen))
			}
		}
		d.order = deepest + 1
		return d.order
	}
	for _, id := range slices.Sorted(maps.Keys(c.diffs)) {
		depth(c.diffs[id], map[string]bool{})
	}
}

func byOrder(a, b *nodeDiff) int {
	if a.order != b.order {
		return a.order - b.order
	}
	if d := strings.Compare(a.Name, b.Name); d != 0 {
		return d
	}
	return strings.Compare(a.ID, b.ID)
}

// nameAll gives the nodes their display names: with the package if two nodes have the
// same name.
func (c *comparer) nameAll() {
	packages := map[string]map[string]bool{}
	for _, d := range c.diffs {
		n := d.latest()
		d.Name = plainName(n)
		if packages[d.Name] == nil {
			packages[d.Name] = map[string]bool{}
		}
		packages[d.Name][n.Package] = true
	}
	for _, d := range c.diffs {
		if len(packages[d.Name]) > 1 {
			d.Name = d.latest().Package + "." + d.Name
		}
	}
}

// plainName is a node's name with its version, if it has one.
func plainName(n *artifact.NodeCode) string {
	if version := strings.Trim(string(n.Version), `"`); version != "" && version != "null" {
		return n.Name + ".v" + version
	}
	return n.Name
}
