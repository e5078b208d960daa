// Package layer decides which relation a build reads for a node. A build is a
// layer: it holds the nodes that it wrote itself. All other nodes come from the
// layers below it, as in an overlay file system.
//
// A node resolves to the build's own relation (Own), to the relation of a lower
// layer (Below), or to nothing (Missing, with the reason). The caller says what
// each layer holds: the package knows nothing of dbt, files or warehouses.
package layer

import "fmt"

// A Layer is what a build holds, according to its ledger.
type Layer struct {
	// Name is the build's display name: prod@9b13827.
	Name string
	// Nodes are the nodes that the build tried to write, by dbt's unique_id.
	Nodes map[string]Node
	// Changed are the nodes that differ between the build's commit and the layer
	// below, new nodes included: dbt's state:modified when the build last ran.
	Changed map[string]bool
	// Below is the layer that the build defers to, nil for none.
	Below *Layer
	// Gone says why the layer below can't be used ("prod@4521a86 was dropped").
	// It is "" if the layer can be used, or if there is none.
	Gone string
	// Knows reports whether the build's commit has a node. It is called only for
	// nodes that the layer above changed. nil means that it has every node.
	Knows func(id string) (bool, error)
}

// A Node is a node that a layer has written, or tried to write.
type Node struct {
	// Problem says why the relation can't be read, as "failed in prod@9b13827".
	// It is "" if the build completed the relation and it still exists.
	Problem string
	// Run is the ID of the run that wrote the node.
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
	// Layer has the relation. For a missing node, it is the layer that should
	// have the relation.
	Layer *Layer
	// Depth is how far Layer is below the build: 0 is the build itself.
	Depth int
	// Node is the node in Layer; zero if Layer never tried to write it.
	Node Node
	// Why says why a node is missing. The text follows the node's name.
	Why string
	// Apart is set for a missing node that Layer has in another database. The caller
	// sets it.
	Apart bool
	// Changed is set for a node that the reading build's commit changes but that
	// the build has not built, so that it reads the old version from below.
	Changed bool
}

// Read resolves a node for a command that runs on the build and does not write
// the node. A node that the build's commit changes but the build has not built
// is read from below: the user selected less than was changed.
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

// Resolve resolves a node for a build that defers to this one, or for a
// comparison. A node that the build's commit changes but the build has not
// built is missing: lower layers hold another version of it.
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

// own returns the result for a node that the layer wrote, or tried to write.
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

// nothingBelow says why neither the layer nor a lower one has a node.
func (l *Layer) nothingBelow() string {
	if l.Gone != "" {
		return fmt.Sprintf("was never built by %s, and %s", l.Name, l.Gone)
	}
	return "was never built by " + l.Name
}

// Depth is the number of layers below.
func (l *Layer) Depth() int {
	n := 0
	for at, seen := l, map[*Layer]bool{}; at.Below != nil && !seen[at]; at = at.Below {
		seen[at] = true
		n++
	}
	return n
}
