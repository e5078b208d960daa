package standin

import (
	"maps"
	"slices"
	"strings"
)

// order returns all nodes, each after those it depends on, and otherwise ordered by id.
func (s *session) order() []*node {
	var out []*node
	var visit func(id string)
	visit = func(id string) {
		n := s.nodes[id]
		if slices.Contains(out, n) {
			return
		}
		for _, below := range n.Depends.Nodes {
			visit(below)
		}
		out = append(out, n)
	}
	for _, id := range slices.Sorted(maps.Keys(s.nodes)) {
		if s.nodes[id].Type != "test" {
			visit(id)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(s.nodes)) {
		visit(id)
	}
	return out
}

// selected returns the nodes that the command works on, in order.
func (s *session) selected(types []string) ([]*node, error) {
	if s.line.text("selector") != "" {
		return nil, usage("the stand-in has no selectors")
	}
	chosen := maps.Clone(s.nodes)
	if words := s.line.words("select"); len(words) > 0 {
		var err error
		if chosen, err = s.match(words); err != nil {
			return nil, err
		}
	}
	excluded, err := s.match(s.line.words("exclude"))
	if err != nil {
		return nil, err
	}
	var out []*node
	for _, n := range s.order() {
		if chosen[n.ID] != nil && excluded[n.ID] == nil && slices.Contains(types, n.Type) {
			out = append(out, n)
		}
	}
	return out, nil
}

// match returns the nodes that any of the selectors selects, and their tests.
func (s *session) match(selectors []string) (map[string]*node, error) {
	out := map[string]*node{}
	for _, text := range selectors {
		name, children := strings.CutSuffix(text, "+")
		name, parents := strings.CutPrefix(name, "+")
		matched, err := s.matchName(name)
		if err != nil {
			return nil, err
		}
		for _, n := range matched {
			out[n.ID] = n
		}
		for _, n := range s.order() {
			for _, m := range matched {
				if children && s.above(n, m.ID) || parents && s.above(m, n.ID) {
					out[n.ID] = n
				}
			}
		}
	}
	for _, n := range s.nodes {
		if n.Type == "test" && slices.ContainsFunc(n.Depends.Nodes, func(id string) bool { return out[id] != nil }) {
			out[n.ID] = n
		}
	}
	return out, nil
}

func (s *session) matchName(name string) ([]*node, error) {
	matches := func(n *node) bool { return n.Name == name }
	switch method, value, ok := strings.Cut(name, ":"); {
	case !ok:
	case method == "resource_type":
		matches = func(n *node) bool { return n.Type == value }
	case name == "state:modified":
		if s.state == nil {
			return nil, usage("Got a state selector method, but no comparison manifest")
		}
		matches = func(n *node) bool {
			was := s.state[n.ID]
			return was == nil || was.Checksum != n.Checksum
		}
	default:
		return nil, usage("the stand-in does not know the selector %q", name)
	}
	var out []*node
	for _, n := range s.order() {
		if matches(n) {
			out = append(out, n)
		}
	}
	if len(out) == 0 {
		s.printf("The selection criterion '%s' does not match any enabled nodes", name)
	}
	return out, nil
}

// above reports whether a node depends, directly or not, on the one with that id.
func (s *session) above(n *node, id string) bool {
	return slices.ContainsFunc(n.Depends.Nodes, func(below string) bool {
		return below == id || s.above(s.nodes[below], id)
	})
}
