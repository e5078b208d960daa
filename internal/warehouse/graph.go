package warehouse

import (
	"cmp"
	"fmt"
	"slices"
)

// A graph is which objects hang on which.
type graph struct {
	roots map[Relation]string // the objects that the relations are
	nodes map[string]Dependent
	edges map[string][]edge
}

// An edge leads to an object that goes with another one.
type edge struct {
	to string
	// own says that it is a part of that other one, such as its type or an index,
	// which others may depend on.
	own bool
}

// newGraph reads rows of edges, see dependents.go.
func newGraph(rows [][]string, relations []Relation) (graph, error) {
	g := graph{roots: map[Relation]string{}, nodes: map[string]Dependent{}, edges: map[string][]edge{}}
	known := map[[3]string]bool{} // the queries overlap
	for _, row := range rows {
		if len(row) != 9 {
			return graph{}, fmt.Errorf("expected an edge of 9 values, found %d", len(row))
		}
		number, from, to := row[0], row[1], row[2]
		if number != "" {
			r, err := numbered(relations, number)
			if err != nil {
				return graph{}, err
			}
			g.roots[r] = to
			continue
		}
		e := edge{to: to, own: row[3] == "yes"}
		if key := [3]string{from, to, row[3]}; !known[key] {
			known[key] = true
			g.edges[from] = append(g.edges[from], e)
		}
		if !e.own {
			g.nodes[to] = Dependent{Kind: row[4], Relation: Relation{Schema: row[5], Name: row[6]}, Part: row[7], Owner: row[8]}
		}
	}
	return g, nil
}

// dependents returns what hangs on any of the relations, but for these themselves. The
// parts of an object come before what hangs on it: a foreign key from a relation to
// itself is one of its parts. Parts of a relation that goes as a whole aren't named.
func (g graph) dependents(relations []Relation) []Dependent {
	var out []Dependent
	var level []string
	seen := map[string]bool{}
	whole := map[Relation]bool{}
	for _, r := range relations {
		whole[r] = true
		if root, ok := g.roots[r]; ok && !seen[root] {
			seen[root] = true
			level = append(level, root)
		}
	}
	for depth := 1; len(level) > 0; depth++ {
		for i := 0; i < len(level); i++ {
			for _, e := range g.edges[level[i]] {
				if e.own && !seen[e.to] {
					seen[e.to] = true
					level = append(level, e.to)
				}
			}
		}
		var next []string
		for _, from := range level {
			for _, e := range g.edges[from] {
				if seen[e.to] {
					continue
				}
				seen[e.to] = true
				next = append(next, e.to)
				d := g.nodes[e.to]
				d.Database, d.Depth = relations[0].Database, depth // one database has them all
				out = append(out, d)
			}
		}
		level = next
	}
	for _, d := range out {
		if d.Part == "" {
			whole[d.Relation] = true
		}
	}
	out = slices.DeleteFunc(out, func(d Dependent) bool { return d.Part != "" && whole[d.Relation] })
	slices.SortFunc(out, func(a, b Dependent) int {
		return cmp.Or(
			cmp.Compare(a.Depth, b.Depth), cmp.Compare(a.Schema, b.Schema), cmp.Compare(a.Name, b.Name),
			cmp.Compare(a.Part, b.Part), cmp.Compare(a.Kind, b.Kind),
		)
	})
	return out
}
