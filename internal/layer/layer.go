// Package layer decides what a build reads. A build is a layer: it has the
// nodes that it wrote itself, and everything else is what lies below it, which
// may be a layer, too. Think of an overlay file system, or of a git tree over
// its parent.
//
// A node resolves to the build's own relation (Own), to that of a layer below
// (Below), or to nothing (Missing). A result always says why. The package is
// told what each layer holds; it knows nothing of dbt, of files or of a
// warehouse.
package layer

import "fmt"

// A Layer is one build, as its ledger tells.
type Layer struct {
	// Name is the build as a person calls it: prod@9b13827.
	Name string
	// Nodes is what is known of the nodes that the build tried to write, by
	// dbt's unique_id. A node that was never tried is absent.
	Nodes map[string]Node
	// Changed are the nodes that the build's commit changes against the layer
	// below, new ones included: dbt's state:modified when the build last ran.
	Changed map[string]bool
	// Below is what the build was deferred to; nil for a build that rests on
	// nothing.
	Below *Layer
	// Gone says why the layer below can't be used ("prod@4521a86 was dropped");
	// "" where it can, or where there is none.
	Gone string
	// Knows reports whether the build's commit has a node. It is asked only
	// about nodes that the layer above changed. nil knows every node.
	Knows func(id string) (bool, error)
}

// A Node is what a layer holds of one node.
type Node struct {
	// Problem says why the relation can't be read, as "failed in prod@9b13827";
	// "" where the build wrote it to its end and it is still there.
	Problem string
	// Run is the run that wrote it.
	Run string
	// Relation is the relation's name in SQL.
	Relation string
}

// Kind says where a node's relation lies.
type Kind string

// The kinds of a result.
const (
	Own     Kind = "own"
	Below   Kind = "below"
	Missing Kind = "missing"
)

// A Result says what a node resolves to.
type Result struct {
	ID   string // dbt's unique_id
	Kind Kind
	// Layer has the relation. Where it is missing, Layer is the layer that
	// should have it.
	Layer *Layer
	// Depth is how many layers lie between the build and Layer: 0 is the build.
	Depth int
	// Node is what Layer holds; zero where nothing is known.
	Node Node
	// Why says why a node is missing, in words that follow its name.
	Why string
	// Changed is set for a node that the reading build's commit changes, and
	// which is read from below all the same, since it isn't built here.
	Changed bool
}

// Read resolves a node for a command that runs on the build and does not write
// the node. A node that the build's commit changes and has not built is read
// from below: whoever selects less than was changed asks for that.
func (l *Layer) Read(id string) (Result, error) {
	if r, ok := l.own(id, 0); ok {
		return r, nil
	}
	r := Result{ID: id, Kind: Missing, Layer: l, Why: l.nothingBelow()}
	if l.Below == nil {
		return r, nil
	}
	changed := l.Changed[id]
	if changed && l.Below.Knows != nil {
		known, err := l.Below.Knows(id)
		if err != nil {
			return Result{}, err
		}
		if !known {
			r.Why = fmt.Sprintf("is new in %s, and not built", l.Name)
			return r, nil
		}
	}
	r = l.Below.resolve(id, 1)
	r.Changed = changed && r.Kind == Below
	return r, nil
}

// Resolve resolves a node for whoever rests on the build, or compares it. A
// node that the build's commit changes and has not built is missing: what lies
// below is another version of it.
func (l *Layer) Resolve(id string) Result { return l.resolve(id, 0) }

func (l *Layer) resolve(id string, depth int) Result {
	seen := map[*Layer]bool{}
	for at := l; ; at, depth = at.Below, depth+1 {
		if r, ok := at.own(id, depth); ok {
			return r
		}
		seen[at] = true
		why := ""
		switch {
		case at.Changed[id]:
			why = fmt.Sprintf("is changed by %s, and not built there", at.Name)
		case at.Below == nil:
			why = at.nothingBelow()
		case seen[at.Below]:
			why = fmt.Sprintf("can't be resolved: %s rests on itself", at.Name)
		default:
			continue
		}
		return Result{ID: id, Kind: Missing, Layer: at, Depth: depth, Why: why}
	}
}

// own is the result for a node that the layer wrote, or tried to.
func (l *Layer) own(id string, depth int) (Result, bool) {
	n, tried := l.Nodes[id]
	if !tried {
		return Result{}, false
	}
	r := Result{ID: id, Kind: Below, Layer: l, Depth: depth, Node: n}
	switch {
	case n.Problem != "":
		r.Kind, r.Why = Missing, n.Problem
	case depth == 0:
		r.Kind = Own
	}
	return r, true
}

// nothingBelow says why a node that the layer doesn't have is nowhere.
func (l *Layer) nothingBelow() string {
	if l.Gone != "" {
		return fmt.Sprintf("was never built by %s, and %s", l.Name, l.Gone)
	}
	return "was never built by " + l.Name
}

// Depth is how many layers lie below.
func (l *Layer) Depth() int {
	n := 0
	for at, seen := l, map[*Layer]bool{}; at.Below != nil && !seen[at]; at = at.Below {
		seen[at] = true
		n++
	}
	return n
}
