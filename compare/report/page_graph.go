package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// The graph is drawn in levels from left to right, as in dbt's docs: a relation's
// parents stand left of it. It is drawn here, not by the script, so that the page has
// it without a script.

// drawing is a lineage graph with a position for each relation.
type drawing struct {
	Width, Height int
	Nodes         []*drawnNode
	Edges         []drawnEdge
	Note          string // says what is left out
}

// drawnNode is a relation in the drawing, or a point where a line passes a level.
type drawnNode struct {
	*pageRelation // nil where a line passes
	Label         string
	X, Y, Width   int // of the upper left corner
	Down          bool

	level  int
	center float64 // its vertical position while the drawing is arranged
	up     []*drawnNode
	down   []*drawnNode
}

// drawnEdge is a line from a relation to one of its children.
type drawnEdge struct {
	Path string
	Down bool // it starts at a changed relation, or downstream of one
}

// Sizes in the drawing.
const (
	drawAll     = 60  // up to this many relations, all are drawn
	drawMost    = 120 // more are never drawn
	labelRunes  = 28
	runeWidth   = 7 // in the labels' font
	nodeHeight  = 26
	nodeGap     = 10 // between the relations of a level
	passHeight  = 8  // of a line that passes a level
	levelGap    = 52
	drawMargin  = 8
	labelMargin = 38 // for the sign and the space around the label
)

// TextY is the label's baseline.
func (n *drawnNode) TextY() int { return n.Y + nodeHeight/2 + 4 }

// GlyphX is the left edge of the verdict's sign.
func (n *drawnNode) GlyphX() int { return n.X + 10 }

// TextX is the left edge of the label.
func (n *drawnNode) TextX() int { return n.X + 26 }

// Glyph is the verdict's sign.
func (n *drawnNode) Glyph() string { return glyphs[n.Verdict] }

// glyphs has a sign for each verdict, so that verdicts don't differ in colour alone.
// page.css has the same signs.
var glyphs = map[Verdict]string{
	Unknown: "?", Differs: "≠", ColumnsDiffer: "⊞", HistoryDiffers: "↺", Removed: "−", Added: "+",
	NotBuilt: "○", SameCounts: "#", SameColumns: "▤", WithinLimits: "≈", SameButSchema: "≅", Same: "=", SameCode: "≡", SameRelation: "⊜",
}

// draw draws the relations of a comparison; nil if there would be no line.
func draw(relations []*pageRelation) *drawing {
	chosen, note := chooseDrawn(relations)
	nodes := map[*pageRelation]*drawnNode{}
	var all []*drawnNode
	for _, r := range chosen {
		label := clipMiddle(r.Name, labelRunes)
		n := &drawnNode{pageRelation: r, Label: label, Width: utf8.RuneCountInString(label)*runeWidth + labelMargin}
		nodes[r] = n
		all = append(all, n)
	}
	for _, n := range all {
		for _, p := range n.pageRelation.Parents {
			if parent := nodes[p]; parent != nil && !slices.Contains(n.up, parent) {
				n.up = append(n.up, parent)
				parent.down = append(parent.down, n)
			}
		}
	}
	all = slices.DeleteFunc(all, func(n *drawnNode) bool {
		return len(n.up) == 0 && len(n.down) == 0 && !n.Interesting()
	})
	if !slices.ContainsFunc(all, func(n *drawnNode) bool { return len(n.up) > 0 }) {
		return nil
	}
	d := &drawing{Nodes: all, Note: note}
	cutCycles(all)
	setLevels(all)
	spreadChange(all)
	levels := splitLevels(all)
	order(levels)
	d.arrange(levels)
	d.connect()
	return d
}

// chooseDrawn chooses the relations to draw if there are many: the interesting ones,
// and those directly above and below them.
func chooseDrawn(relations []*pageRelation) (chosen []*pageRelation, note string) {
	if len(relations) <= drawAll {
		return relations, ""
	}
	seen := map[*pageRelation]bool{}
	full := false
	take := func(r *pageRelation) {
		switch {
		case seen[r]:
		case len(chosen) == drawMost:
			full = true
		default:
			seen[r] = true
			chosen = append(chosen, r)
		}
	}
	for _, r := range relations {
		if r.Interesting() {
			take(r)
		}
	}
	for _, r := range slices.Clone(chosen) {
		for _, near := range slices.Concat(r.Parents, r.Children) {
			take(near)
		}
	}
	of := fmt.Sprintf("%d of %s relations are drawn: ", len(chosen), number(int64(len(relations))))
	if full {
		return chosen, of + "the worst, and as many of those directly above and below them as there was room for."
	}
	return chosen, of + "those that changed, differ or could not be decided, and those directly above and below them."
}

// cutCycles removes lines that close a cycle. dbt allows no cycles, but a report is a
// file that may have been edited.
func cutCycles(nodes []*drawnNode) {
	const underWay, done = 1, 2
	state := map[*drawnNode]int{}
	var visit func(n *drawnNode)
	visit = func(n *drawnNode) {
		state[n] = underWay
		n.up = slices.DeleteFunc(n.up, func(p *drawnNode) bool {
			if state[p] == 0 {
				visit(p)
			}
			if state[p] == done {
				return false
			}
			p.down = slices.DeleteFunc(p.down, func(c *drawnNode) bool { return c == n })
			return true
		})
		state[n] = done
	}
	for _, n := range nodes {
		if state[n] == 0 {
			visit(n)
		}
	}
}

// setLevels puts each node right of all its parents, and a node without parents
// directly left of its first child.
func setLevels(nodes []*drawnNode) {
	set := map[*drawnNode]bool{}
	var deep func(n *drawnNode) int
	deep = func(n *drawnNode) int {
		if !set[n] {
			set[n] = true
			for _, p := range n.up {
				n.level = max(n.level, deep(p)+1)
			}
		}
		return n.level
	}
	for _, n := range nodes {
		deep(n)
	}
	for _, n := range nodes {
		if len(n.up) == 0 && len(n.down) > 0 {
			n.level = slices.MinFunc(n.down, func(a, b *drawnNode) int { return a.level - b.level }).level - 1
		}
	}
}

// spreadChange marks the changed nodes and everything downstream of them.
func spreadChange(nodes []*drawnNode) {
	var spread func(n *drawnNode)
	spread = func(n *drawnNode) {
		if !n.Down {
			n.Down = true
			for _, c := range n.down {
				spread(c)
			}
		}
	}
	for _, n := range nodes {
		if n.Changed() || n.Verdict == Added || n.Verdict == Removed {
			spread(n)
		}
	}
}

// splitLevels sorts nodes into levels. It adds a node to each level that a line
// passes.
func splitLevels(nodes []*drawnNode) [][]*drawnNode {
	var levels [][]*drawnNode
	put := func(n *drawnNode) {
		for len(levels) <= n.level {
			levels = append(levels, nil)
		}
		levels[n.level] = append(levels[n.level], n)
	}
	for _, n := range nodes {
		put(n)
	}
	for _, n := range nodes {
		for i, child := range n.down {
			from := n
			for at := n.level + 1; at < child.level; at++ {
				pass := &drawnNode{level: at, up: []*drawnNode{from}, Down: n.Down}
				if from == n {
					n.down[i] = pass
				} else {
					from.down = []*drawnNode{pass}
				}
				put(pass)
				from = pass
			}
			if from != n {
				from.down = []*drawnNode{child}
				child.up[slices.Index(child.up, n)] = from
			}
		}
	}
	return levels
}

// order sorts the nodes of each level so that few lines cross: each node moves to the
// mean position of its neighbours, several times in both directions.
func order(levels [][]*drawnNode) {
	index := func(l []*drawnNode) {
		for i, n := range l {
			n.center = float64(i)
		}
	}
	for _, l := range levels {
		index(l)
	}
	sweep := func(l []*drawnNode, near func(*drawnNode) []*drawnNode) {
		mean := map[*drawnNode]float64{}
		for _, n := range l {
			mean[n] = meanCenter(near(n), n.center)
		}
		slices.SortStableFunc(l, func(a, b *drawnNode) int { return cmp.Compare(mean[a], mean[b]) })
		index(l)
	}
	for range 12 {
		for _, l := range levels {
			sweep(l, func(n *drawnNode) []*drawnNode { return n.up })
		}
		for _, l := range slices.Backward(levels) {
			sweep(l, func(n *drawnNode) []*drawnNode { return n.down })
		}
	}
}

// meanCenter is the mean of the nodes' centers, or otherwise if there are none.
func meanCenter(nodes []*drawnNode, otherwise float64) float64 {
	if len(nodes) == 0 {
		return otherwise
	}
	sum := 0.0
	for _, n := range nodes {
		sum += n.center
	}
	return sum / float64(len(nodes))
}

func (n *drawnNode) height() float64 {
	if n.pageRelation == nil {
		return passHeight
	}
	return nodeHeight
}

// apart is the least distance between the centers of two neighbours.
func apart(a, b *drawnNode) float64 { return (a.height()+b.height())/2 + nodeGap }

// arrange gives each node its coordinates.
func (d *drawing) arrange(levels [][]*drawnNode) {
	for _, l := range levels {
		y := 0.0
		for i, n := range l {
			if i > 0 {
				y += apart(l[i-1], n)
			}
			n.center = y
		}
	}
	for range 8 {
		for _, l := range levels {
			settle(l, func(n *drawnNode) float64 { return meanCenter(n.up, n.center) })
		}
		for _, l := range slices.Backward(levels) {
			settle(l, func(n *drawnNode) float64 { return meanCenter(n.down, n.center) })
		}
	}
	top, bottom := 0.0, 0.0
	for i, l := range levels {
		for j, n := range l {
			if i == 0 && j == 0 {
				top, bottom = n.center, n.center
			}
			top, bottom = min(top, n.center-n.height()/2), max(bottom, n.center+n.height()/2)
		}
	}
	x := drawMargin
	for _, l := range levels {
		width := 0
		for _, n := range l {
			width = max(width, n.Width)
		}
		for _, n := range l {
			n.X, n.Width = x, width
			n.Y = drawMargin + int(n.center-n.height()/2-top)
		}
		if width > 0 {
			x += width + levelGap
		}
	}
	d.Width = x - levelGap + drawMargin
	d.Height = int(bottom-top) + 2*drawMargin
}

// settle moves the nodes of a level as near to their wanted positions as their order
// and size allow. Neighbours that would overlap move as one block, to the mean of their
// wanted positions.
func settle(l []*drawnNode, want func(*drawnNode) float64) {
	type block struct {
		nodes int
		at    float64 // the sum of the block's starts that its nodes want
	}
	var blocks []block
	offsets := make([]float64, len(l)) // in a level where all nodes touch
	for i, n := range l {
		if i > 0 {
			offsets[i] = offsets[i-1] + apart(l[i-1], n)
		}
		blocks = append(blocks, block{nodes: 1, at: want(n) - offsets[i]})
		for last := len(blocks) - 1; last > 0; last-- {
			a, b := blocks[last-1], blocks[last]
			if a.at/float64(a.nodes) <= b.at/float64(b.nodes) {
				break
			}
			blocks = append(blocks[:last-1], block{nodes: a.nodes + b.nodes, at: a.at + b.at})
		}
	}
	i := 0
	for _, b := range blocks {
		for range b.nodes {
			l[i].center = b.at/float64(b.nodes) + offsets[i]
			i++
		}
	}
}

// connect draws the lines. Lines downstream of a change come first in the order.
func (d *drawing) connect() {
	for _, n := range d.Nodes {
		for _, next := range n.down {
			var path strings.Builder
			x, y := n.X+n.Width, n.middle()
			fmt.Fprintf(&path, "M%d %d", x, y)
			for at := next; ; at = at.down[0] {
				bend := (at.X - x) / 2
				fmt.Fprintf(&path, "C%d %d %d %d %d %d", x+bend, y, at.X-bend, at.middle(), at.X, at.middle())
				if at.pageRelation != nil {
					break
				}
				x, y = at.X+at.Width, at.middle()
				fmt.Fprintf(&path, "H%d", x)
			}
			d.Edges = append(d.Edges, drawnEdge{path.String(), n.Down})
		}
	}
	slices.SortStableFunc(d.Edges, func(a, b drawnEdge) int {
		switch {
		case a.Down == b.Down:
			return 0
		case b.Down:
			return -1
		}
		return 1
	})
}

// middle is the vertical position where lines end.
func (n *drawnNode) middle() int { return n.Y + int(n.height())/2 }
