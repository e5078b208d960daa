package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// The graph is drawn in layers from left to right, as dbt's own is: what a
// relation is made of stands left of it. It is made here rather than by the
// script, so that it is there without one.

// drawing is a lineage graph with a place for each relation.
type drawing struct {
	Width, Height int
	Nodes         []*drawnNode
	Edges         []drawnEdge
	Note          string // what is not in it
}

// drawnNode is a relation in the drawing, or a place where a line passes a
// layer.
type drawnNode struct {
	*pageRelation // nil where a line passes
	Label         string
	X, Y, Width   int // of its left upper corner
	Down          bool

	layer int
	place float64 // its middle, while places are sought
	up    []*drawnNode
	down  []*drawnNode
}

// drawnEdge is a line from a relation to one that is made of it.
type drawnEdge struct {
	Path string
	Down bool // what stands at its beginning was changed, or is made of what was
}

// Sizes in the drawing.
const (
	drawAll     = 60  // up to as many relations, all are drawn
	drawMost    = 120 // never are more
	labelRunes  = 28
	runeWidth   = 7 // of the type used for labels
	nodeHeight  = 26
	nodeGap     = 10 // between the relations of a layer
	passHeight  = 8  // that a line which passes takes
	layerGap    = 52
	drawMargin  = 8
	labelMargin = 38 // for what stands beside the label
)

// TextY is where the line is that the label stands on.
func (n *drawnNode) TextY() int { return n.Y + nodeHeight/2 + 4 }

// GlyphX is where the verdict's sign begins.
func (n *drawnNode) GlyphX() int { return n.X + 10 }

// TextX is where the label begins.
func (n *drawnNode) TextX() int { return n.X + 26 }

// Glyph is the verdict's sign.
func (n *drawnNode) Glyph() string { return glyphs[n.Verdict] }

// glyphs are the signs of the verdicts, which tell them apart without colour;
// page.css has the same.
var glyphs = map[Verdict]string{
	Unknown: "?", Differs: "≠", ColumnsDiffer: "⊞", HistoryDiffers: "↺", Removed: "−", Added: "+",
	NotBuilt: "○", SameCounts: "#", SameColumns: "▤", WithinLimits: "≈", Same: "=", SameCode: "≡",
}

// draw draws the relations of a comparison; nil where no line would be in it.
func draw(relations []*pageRelation) *drawing {
	chosen, note := chooseDrawn(relations)
	nodes := map[*pageRelation]*drawnNode{}
	var all []*drawnNode
	for _, r := range chosen {
		label := clip(r.Name, labelRunes)
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
	setLayers(all)
	spreadChange(all)
	layers := layer(all)
	order(layers)
	d.place(layers)
	d.connect()
	return d
}

// chooseDrawn is what is drawn of many relations: those that a reader looks for, and
// what stands directly above and below them.
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

// cutCycles turns off lines that lead back. dbt allows none; a report is only a
// file.
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

// setLayers puts each node right of all that it is made of, and what is made of
// nothing directly left of what needs it first.
func setLayers(nodes []*drawnNode) {
	set := map[*drawnNode]bool{}
	var deep func(n *drawnNode) int
	deep = func(n *drawnNode) int {
		if !set[n] {
			set[n] = true
			for _, p := range n.up {
				n.layer = max(n.layer, deep(p)+1)
			}
		}
		return n.layer
	}
	for _, n := range nodes {
		deep(n)
	}
	for _, n := range nodes {
		if len(n.up) == 0 && len(n.down) > 0 {
			n.layer = slices.MinFunc(n.down, func(a, b *drawnNode) int { return a.layer - b.layer }).layer - 1
		}
	}
}

// spreadChange marks what was changed and all that is made of it.
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

// layer sorts nodes into layers, with a place in each layer that a line passes.
func layer(nodes []*drawnNode) [][]*drawnNode {
	var layers [][]*drawnNode
	put := func(n *drawnNode) {
		for len(layers) <= n.layer {
			layers = append(layers, nil)
		}
		layers[n.layer] = append(layers[n.layer], n)
	}
	for _, n := range nodes {
		put(n)
	}
	for _, n := range nodes {
		for i, child := range n.down {
			from := n
			for at := n.layer + 1; at < child.layer; at++ {
				pass := &drawnNode{layer: at, up: []*drawnNode{from}, Down: n.Down}
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
	return layers
}

// order orders the nodes of each layer such that few lines cross: each goes to the
// mean of those that it is connected with, a few times there and back.
func order(layers [][]*drawnNode) {
	index := func(l []*drawnNode) {
		for i, n := range l {
			n.place = float64(i)
		}
	}
	for _, l := range layers {
		index(l)
	}
	sweep := func(l []*drawnNode, near func(*drawnNode) []*drawnNode) {
		mean := map[*drawnNode]float64{}
		for _, n := range l {
			mean[n] = meanPlace(near(n), n.place)
		}
		slices.SortStableFunc(l, func(a, b *drawnNode) int { return cmp.Compare(mean[a], mean[b]) })
		index(l)
	}
	for range 12 {
		for _, l := range layers {
			sweep(l, func(n *drawnNode) []*drawnNode { return n.up })
		}
		for _, l := range slices.Backward(layers) {
			sweep(l, func(n *drawnNode) []*drawnNode { return n.down })
		}
	}
}

// meanPlace is the mean of the nodes' places, or otherwise if there are none.
func meanPlace(nodes []*drawnNode, otherwise float64) float64 {
	if len(nodes) == 0 {
		return otherwise
	}
	sum := 0.0
	for _, n := range nodes {
		sum += n.place
	}
	return sum / float64(len(nodes))
}

func (n *drawnNode) height() float64 {
	if n.pageRelation == nil {
		return passHeight
	}
	return nodeHeight
}

// apart is how far the middles of two neighbours have to be apart.
func apart(a, b *drawnNode) float64 { return (a.height()+b.height())/2 + nodeGap }

// place gives each node its coordinates.
func (d *drawing) place(layers [][]*drawnNode) {
	for _, l := range layers {
		y := 0.0
		for i, n := range l {
			if i > 0 {
				y += apart(l[i-1], n)
			}
			n.place = y
		}
	}
	for range 8 {
		for _, l := range layers {
			settle(l, func(n *drawnNode) float64 { return meanPlace(n.up, n.place) })
		}
		for _, l := range slices.Backward(layers) {
			settle(l, func(n *drawnNode) float64 { return meanPlace(n.down, n.place) })
		}
	}
	top, bottom := 0.0, 0.0
	for i, l := range layers {
		for j, n := range l {
			if i == 0 && j == 0 {
				top, bottom = n.place, n.place
			}
			top, bottom = min(top, n.place-n.height()/2), max(bottom, n.place+n.height()/2)
		}
	}
	x := drawMargin
	for _, l := range layers {
		width := 0
		for _, n := range l {
			width = max(width, n.Width)
		}
		for _, n := range l {
			n.X, n.Width = x, width
			n.Y = drawMargin + int(n.place-n.height()/2-top)
		}
		if width > 0 {
			x += width + layerGap
		}
	}
	d.Width = x - layerGap + drawMargin
	d.Height = int(bottom-top) + 2*drawMargin
}

// settle moves the nodes of a layer to where they want to be, as near as their
// order and the room that each needs allow: neighbours that push each other
// move as one, to the mean of what they want.
func settle(l []*drawnNode, want func(*drawnNode) float64) {
	type block struct {
		nodes int
		at    float64 // the sum of where its nodes want it to begin
	}
	var blocks []block
	offsets := make([]float64, len(l)) // within a layer without gaps
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
			l[i].place = b.at/float64(b.nodes) + offsets[i]
			i++
		}
	}
}

// connect draws the lines, those that matter above the others.
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

// middle is where lines end.
func (n *drawnNode) middle() int { return n.Y + int(n.height())/2 }
