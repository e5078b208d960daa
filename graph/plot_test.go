package graph_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"dot-for-dbt/graph"

	"pgregory.net/rapid"
)

// A plot is a random graph as plain data. The products of its steps depend only on their inputs and
// on the products of the steps below.
type plot struct {
	Nodes []node
	Given []int // the order in which the nodes are passed to New
	Pools map[string]int
}

// A node is a step of a plot. Other nodes refer to it by its index.
type node struct {
	Deps, After []int // earlier nodes
	Pools       []string
	NoRecord    bool // its product alone decides
	Late        bool // the products below are a late input
	Input       int
	Fails       bool // also an input
	Force       bool
}

func drawPlot(t *rapid.T) plot {
	poolNames := rapid.SampledFrom([]string{"jobs", "file", "worktree"})
	var p plot
	for i := range rapid.IntRange(1, 8).Draw(t, "nodes") {
		var n node
		if i > 0 {
			earlier := rapid.IntRange(0, i-1)
			n.Deps = rapid.SliceOfNDistinct(earlier, 0, 3, rapid.ID[int]).Draw(t, "deps")
			n.After = rapid.SliceOfNDistinct(earlier, 0, 1, rapid.ID[int]).Draw(t, "after")
		}
		n.Pools = rapid.SliceOfNDistinct(poolNames, 0, 2, rapid.ID[string]).Draw(t, "pools")
		n.NoRecord = oneIn(t, 5, "no record")
		n.Late = rapid.Bool().Draw(t, "late")
		p.Nodes = append(p.Nodes, n)
		p.Given = append(p.Given, i)
	}
	p.Given = rapid.Permutation(p.Given).Draw(t, "given")
	p.Pools = rapid.MapOf(poolNames, rapid.IntRange(1, 3)).Draw(t, "pool sizes")
	return p
}

func oneIn(t *rapid.T, n int, label string) bool { return rapid.IntRange(1, n).Draw(t, label) == n }

// drawHistory returns a world in which p may have run before, and the present p. Inputs may have
// changed, so that some steps fail; steps may be forced; products may be lost.
func drawHistory(t *rapid.T, p plot) (*world, plot) {
	w := newWorld()
	known := oneIn(t, 2, "run before")
	if known {
		if err := p.runUndisturbed(w); err != nil {
			t.Fatal(err)
		}
	}
	p.Nodes = slices.Clone(p.Nodes)
	for i := range p.Nodes {
		n := &p.Nodes[i]
		n.Fails = oneIn(t, 6, "fails")
		n.Force = oneIn(t, 8, "forced")
		if known && oneIn(t, 5, "changed") {
			n.Input++
		}
		if known && oneIn(t, 6, "lost") {
			delete(w.made, p.name(i))
		}
	}
	return w, p
}

func (p plot) name(i int) string { return fmt.Sprintf("n%d", i) }

// number returns the node of a step.
func (p plot) number(step *graph.Step) int {
	i, err := strconv.Atoi(strings.TrimPrefix(step.Name, "n"))
	if err != nil {
		panic(err) // all names come from name
	}
	return i
}

func (p plot) record(i int) string {
	if p.Nodes[i].NoRecord {
		return ""
	}
	return "records/" + p.name(i)
}

// below returns the dependencies of node i that have records, whose products go into its own.
func (p plot) below(i int) []int {
	return slices.DeleteFunc(slices.Clone(p.Nodes[i].Deps), func(j int) bool { return p.Nodes[j].NoRecord })
}

// reaches returns the nearest nodes below node i that have records.
func (p plot) reaches(i int) []int {
	var out []int
	for _, j := range p.Nodes[i].Deps {
		if p.Nodes[j].NoRecord {
			out = append(out, p.reaches(j)...)
		} else {
			out = append(out, j)
		}
	}
	return out
}

// product returns what node i makes in w.
func (p plot) product(w *world, i int) string {
	if p.Nodes[i].NoRecord {
		return "made"
	}
	text := fmt.Sprint(i, p.Nodes[i].Input)
	for _, j := range p.below(i) {
		text += " " + w.product(p.name(j))
	}
	return fmt.Sprintf("%x", sha256.Sum256([]byte(text)))[:12]
}

// lost reports whether the product of node i is missing. For a node without a record, half of a
// product counts as missing.
func (p plot) lost(w *world, i int) bool {
	product := w.product(p.name(i))
	return product == "" || p.Nodes[i].NoRecord && product != p.product(w, i)
}

// graph returns p's graph in w. The action of node i calls gate halfway, and fails with its error.
// gate may be nil.
func (p plot) graph(w *world, gate func(ctx context.Context, i int) error) (*graph.Graph, error) {
	var steps []*graph.Step
	for _, i := range p.Given {
		n := p.Nodes[i]
		step := &graph.Step{
			Name: p.name(i), Kind: "node", Version: 1, Record: p.record(i), Pools: n.Pools, Force: n.Force,
			Inputs: []graph.Input{{Label: "input", Value: fmt.Sprint(n.Input, n.Fails)}},
			Missing: func(context.Context, graph.Record) string {
				if p.lost(w, i) {
					return "its product is gone"
				}
				return ""
			},
		}
		for _, j := range n.Deps {
			step.Deps = append(step.Deps, p.name(j))
		}
		for _, j := range n.After {
			step.After = append(step.After, p.name(j))
		}
		if n.Late {
			step.Late = func(context.Context) ([]graph.Input, error) {
				var late []graph.Input
				for _, j := range p.below(i) {
					late = append(late, graph.Input{Label: "product of " + p.name(j), Value: w.product(p.name(j))})
				}
				return late, nil
			}
		}
		step.Action = action(func(ctx context.Context, _ *graph.Attempt) (any, error) {
			w.act(step.Record, true)
			defer w.act(step.Record, false)
			w.make(step.Name, "half of it")
			if gate != nil {
				if err := gate(ctx, i); err != nil {
					return nil, err
				}
			}
			if n.Fails {
				return nil, errors.New("it fails")
			}
			w.make(step.Name, p.product(w, i))
			return map[string]int{"node": i}, nil
		})
		steps = append(steps, step)
	}
	return graph.New(steps...)
}

// runUndisturbed runs p in w to its end.
func (p plot) runUndisturbed(w *world) error {
	g, err := p.graph(w, nil)
	if err != nil {
		return err
	}
	opts := w.options()
	opts.Pools = p.Pools
	_, err = g.Run(context.Background(), opts)
	return err
}

// toRun computes, from the drawn data rather than with the engine, which nodes must run in w: those
// that are new, changed, forced or lost, and those above them.
func (p plot) toRun(w *world, before plot) []bool {
	runs := make([]bool, len(p.Nodes))
	for i, n := range p.Nodes {
		if n.NoRecord {
			runs[i] = p.lost(w, i)
			continue
		}
		_, known := w.records[p.record(i)]
		was := before.Nodes[i]
		runs[i] = !known || p.lost(w, i) || n.Force || n.Input != was.Input || n.Fails != was.Fails ||
			slices.ContainsFunc(p.reaches(i), func(j int) bool { return runs[j] })
	}
	return runs
}

// above reports for each node whether it depends on node i, directly or not.
func (p plot) above(i int) []bool {
	out := make([]bool, len(p.Nodes))
	for j, n := range p.Nodes {
		out[j] = slices.ContainsFunc(n.Deps, func(k int) bool { return k == i || out[k] })
	}
	return out
}

// The plots themselves are deterministic: two runs of a plot give the same.
func TestPlotsAreReproducible(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPlot(t)
		a, b := newWorld(), newWorld()
		if err := errors.Join(p.runUndisturbed(a), p.runUndisturbed(b)); err != nil {
			t.Fatal(err)
		}
		if len(a.made) != len(p.Nodes) || fmt.Sprint(a.made) != fmt.Sprint(b.made) {
			t.Errorf("two runs made\n%v and\n%v", a.made, b.made)
		}
	})
}
