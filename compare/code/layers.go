package code

import (
	"cmp"
	"sync"

	"dot-for-dbt/internal/dbt/artifact"
)

// A side need not have built a node itself: then its relation is that of a build
// below, and so is the code that made it.

// resolve puts the relations and the code of both sides where the sides say that they
// are. The code of a relation that is the same on both sides is not needed.
func (c *comparer) resolve() {
	c.one = map[string]bool{}
	for id, a := range c.a.Nodes {
		b, ok := c.b.Nodes[id]
		c.one[id] = ok && a.SQL != "" && a.RelationName == b.RelationName && a.Run == b.Run
	}
	var group sync.WaitGroup
	for _, s := range []*parsedSide{c.a, c.b} {
		group.Go(func() { s.resolve(c.one) })
	}
	group.Wait()
}

func (s *parsedSide) resolve(one map[string]bool) {
	needed := map[*Side]map[string]bool{}
	for id, at := range s.Side.Nodes {
		if !hasRelation(s.nodes[id]) || at.Below == nil || one[id] {
			continue
		}
		if needed[at.Below] == nil {
			needed[at.Below] = map[string]bool{}
		}
		needed[at.Below][id] = true
	}
	for layer, ids := range needed {
		wanted := make(map[string]bool, len(ids))
		for id := range ids {
			wanted[cmp.Or(s.former[id], id)] = true
		}
		below, err := read(s.role, *layer, wanted)
		if err == nil {
			below.rename(s.renamed)
		}
		for id := range ids {
			switch {
			case err != nil:
				s.lost[id] = "the " + s.role + "'s code is not known: " + err.Error()
			case !hasRelation(below.nodes[id]):
				s.lost[id] = "the " + s.role + "'s code is not known: the build below that has it left none"
			default:
				s.nodes[id], s.from[id] = below.nodes[id], below
			}
		}
	}
	for id, at := range s.Side.Nodes {
		if n := s.nodes[id]; hasRelation(n) && at.SQL != "" {
			s.nodes[id] = moved(n, at.RelationName)
		}
	}
}

// moved returns a node with another relation.
func moved(n *artifact.NodeCode, to artifact.RelationName) *artifact.NodeCode {
	out := *n
	out.Schema, out.Alias, out.RelationName = to.Schema, to.Name, to.SQL
	if to.Database != "" {
		out.Database = to.Database
	}
	return &out
}

// A wideDifference is what differs for every node of two manifests.
type wideDifference struct {
	differences []string
	custom      bool // the project overrides how dbt builds nodes
}

// wide returns what differs for every node of two manifests.
func (c *comparer) wide(a, b *parsedSide) wideDifference {
	key := [2]*parsedSide{a, b}
	found, ok := c.wides[key]
	if !ok {
		found.differences, found.custom = wide(a, b)
		if c.wides == nil {
			c.wides = map[[2]*parsedSide]wideDifference{}
		}
		c.wides[key] = found
	}
	return found
}
