package code

import (
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/lazy"
)

// Compiled SQL shows what no text does: macros and vars whose names are computed, and what
// models read of the project's metadata. It also shows the target, the time and the
// warehouse's data, if the code asks for them. So a difference is a reason to build a node,
// and no difference doesn't prove that nothing changed.

// A Compiled is both sides of a commit's change, with manifests that have compiled code.
type Compiled struct{ Baseline, Candidate Side }

// differences returns the models, snapshots and tests whose compiled SQL is known on both
// sides and differs, the names of the builds' own relations and schemas aside. a and b are
// sides that were read already; differences uses them up.
func (sides Compiled) differences(a, b *parsedSide) (map[string]bool, error) {
	var (
		c     comparer
		group errgroup.Group
	)
	group.Go(func() (err error) { c.a, err = a.as(sides.Baseline); return err })
	group.Go(func() (err error) { c.b, err = b.as(sides.Candidate); return err })
	if err := group.Wait(); err != nil {
		return nil, err
	}
	c.resolve()
	differ := map[string]bool{}
	for id, b := range c.b.nodes {
		a := c.a.nodes[id]
		if a == nil || c.a.lost[id] != "" || c.b.lost[id] != "" || !c.comparable(a, b) {
			continue
		}
		codeA, codeB := c.withoutNames(c.a, a), c.withoutNames(c.b, b)
		if otherRelease(c.a.of(id), c.b.of(id)) {
			codeA, codeB = folded(codeA), folded(codeB)
		}
		if codeA != codeB {
			differ[id] = true
		}
	}
	return differ, nil
}

// as returns another side. If that has the same manifest, its content is not read again.
func (s *parsedSide) as(other Side) (*parsedSide, error) {
	if s.Manifest != other.Manifest {
		return readAll(s.role, other)
	}
	s.Side = other
	return s, nil
}

// asksForRows matches a call that asks whether an incremental model has rows already.
var asksForRows = lazy.Regexp(`\bis_incremental\b`)

// comparable reports whether a node's compiled SQL is known on both sides, and was made in
// the same situation: an incremental model is compiled differently once it has rows.
func (c *comparer) comparable(a, b *artifact.NodeCode) bool {
	switch {
	case a.CompiledCode == nil, b.CompiledCode == nil, a.Language == "python", b.Language == "python", isMicrobatch(a), isMicrobatch(b):
		return false
	case !slices.Contains([]string{"model", "snapshot", "test"}, b.ResourceType):
		return false
	case materialized(a) != "incremental" || materialized(b) != "incremental":
		return true
	}
	for _, s := range []struct {
		side *parsedSide
		node *artifact.NodeCode
	}{{c.a, a}, {c.b, b}} {
		texts := []string{s.node.RawCode}
		for _, m := range s.side.of(s.node.UniqueID).reach(s.node.DependsOn.Macros) {
			texts = append(texts, m.sql)
		}
		if slices.ContainsFunc(texts, asksForRows().MatchString) {
			return false
		}
	}
	return true
}

// withoutNames returns a node's compiled SQL with marks in place of the names that its
// build gives relations and schemas, in strings, too: no commit changes those.
func (c *comparer) withoutNames(s *parsedSide, n *artifact.NodeCode) string {
	names := c.readable(s, n)
	slices.SortStableFunc(names, func(a, b name) int { return len(b.text) - len(a.text) })
	code := *n.CompiledCode
	for _, name := range names {
		if name.text != "" {
			code = strings.ReplaceAll(code, name.text, name.mark)
		}
	}
	return s.of(n.UniqueID).withoutOwnSchema(code, n.Schema)
}
