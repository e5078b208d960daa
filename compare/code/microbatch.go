package code

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/lazy"
)

// dbt compiles a microbatch model once for each batch, and keeps none of that SQL in the
// manifest. So the code is compared as it was written, with the macros that it calls.

// isMicrobatch reports whether dbt builds a model in batches.
func isMicrobatch(n *artifact.NodeCode) bool {
	c := config(n)
	return n.Language != "python" && c["materialized"] == "incremental" && c["incremental_strategy"] == "microbatch"
}

// asks matches Jinja that has another result although its text is the same: it reads
// variables or the target, asks the warehouse, or names a relation in its own way.
var asks = lazy.Regexp(`\b(?:(?:var|env_var)\s*\(|(?:target|this|model|schema|database|schemas|run_query|statement|adapter|load_result|load_relation|modules|api)\b)`)

// asWritten returns the differences between the code of two microbatch models.
func (c *comparer) asWritten(d *nodeDiff) []string {
	d.shared = c.readByBoth(d)
	if d.a.RawCode != d.b.RawCode {
		return []string{"SQL"}
	}
	if why := c.elsewhere("SQL", d); why != "SQL" {
		return []string{why}
	}
	if !slices.Equal(c.a.above(d.a), c.b.above(d.b)) {
		return []string{"what it reads"}
	}
	written := []string{d.b.RawCode}
	macros := slices.Clone(d.b.DependsOn.Macros)
	for _, ephemeral := range c.b.inlined(d.b) {
		written = append(written, ephemeral.RawCode)
		macros = append(macros, ephemeral.DependsOn.Macros...)
	}
	called := slices.Collect(maps.Values(d.fromB.reach(macros)))
	switch {
	case slices.ContainsFunc(written, asksSomething), slices.ContainsFunc(called, func(m *macro) bool { return asksSomething(m.sql) }):
		return []string{"it reads variables, the target or the warehouse, so its code is not known"}
	case slices.ContainsFunc(written, quotesName):
		return []string{"the name of a relation in a string"}
	}
	if d.fromA.Batches != d.fromB.Batches {
		return []string{"batches: " + cmp.Or(d.fromA.Batches, "all") + " → " + cmp.Or(d.fromB.Batches, "all")}
	}
	return nil
}

// asksSomething reports whether the result of code is more than its text and the
// relations that it reads.
func asksSomething(code string) bool {
	return slices.ContainsFunc(jinja().FindAllString(code, -1), func(segment string) bool {
		inside := strings.TrimLeft(strings.TrimLeft(segment, "{%-"), " \t\n")
		switch {
		case strings.HasPrefix(inside, "config("): // the manifest has its result
			return false
		case onlyNames().MatchString(segment):
			return strings.HasPrefix(inside, "target")
		}
		return asks().MatchString(segment) || readsContext(segment)
	})
}

// readByBoth returns the nodes that a microbatch model has read from one relation on
// both sides, and these relations' names.
func (c *comparer) readByBoth(d *nodeDiff) map[string]string {
	found := map[string]string{}
	for _, id := range c.b.above(d.b) {
		a, b := c.a.readFrom(id, d.ID), c.b.readFrom(id, d.ID)
		if a.SQL != "" && a.SQL == b.SQL && a.Run == b.Run {
			found[id] = a.SQL
		}
	}
	return found
}

// readFrom returns the relation that a node's last run has read for one of its parents;
// zero if that isn't known.
func (s *parsedSide) readFrom(parent, reader string) Resolved {
	if at, ok := s.Nodes[parent]; ok {
		return at
	}
	if s.Nodes[reader].Run != s.LastRun {
		return Resolved{} // that run may have had another baseline
	}
	return s.Reads[parent]
}
