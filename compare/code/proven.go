package code

import (
	"reflect"
	"slices"

	"golang.org/x/sync/errgroup"

	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/lazy"
)

// Proven returns the candidate's nodes, by unique_id, that dbt would certainly build with the baseline's code:
// compiled code, configuration and sources are the same. The nodes that they read may differ. Both sides need
// manifests with compiled code. Some nodes are never proven: Python and microbatch models, nodes with hooks,
// nodes whose code may ask the warehouse or the project's metadata, nodes that are not compiled on both sides,
// ephemeral models and tests. If a difference concerns all nodes, why names it, and none is proven.
func Proven(baseline, candidate Side) (proven map[string]bool, why []string, err error) {
	var (
		c     comparer
		group errgroup.Group
	)
	group.Go(func() (err error) { c.a, err = read("baseline", baseline, nil); return err })
	group.Go(func() (err error) { c.b, err = read("candidate", candidate, nil); return err })
	if err := group.Wait(); err != nil {
		return nil, nil, err
	}
	c.resolve()
	c.nodes()
	if why := c.wide(c.a, c.b).differences; len(why) > 0 {
		return nil, why, nil
	}
	proven = map[string]bool{}
	for id, d := range c.diffs {
		if d.Own && !d.One && d.a != nil && d.b != nil && len(c.wide(d.fromA, d.fromB).differences) == 0 && c.proven(d) {
			proven[id] = true
		}
	}
	return proven, nil, nil
}

// asking matches Jinja whose result may depend on the warehouse, the project's metadata or on what Jinja hides.
var asking = lazy.Regexp(`\b(?:run_query|statement|load_result|load_relation|load_cached_relation|get_columns_in_query|get_columns_in_relation|` +
	`execute|adapter|graph|context|builtins|is_incremental|selected_resources|set_sql_header|invocation_args_dict)\b`)

// notAsking matches calls of the adapter that only choose a macro or quote a name.
var notAsking = lazy.Regexp(`\badapter\s*\.\s*(?:dispatch|quote|quote_as_configured)\s*\(`)

// mayAsk reports whether Jinja may ask the warehouse or for the project's metadata.
func mayAsk(text string) bool { return asking().MatchString(notAsking().ReplaceAllString(text, "")) }

// Provable returns the nodes of a side, by unique_id, whose compiled code would show all that is built: only
// these can be proven.
func Provable(candidate Side) (map[string]bool, error) {
	s, err := read("candidate", candidate, nil)
	if err != nil {
		return nil, err
	}
	found := map[string]bool{}
	for id, n := range s.nodes {
		if hasRelation(n) && s.provable(n, s) {
			found[id] = true
		}
	}
	return found, nil
}

// provable reports whether a node's compiled code shows all that is built. from is the manifest that the
// node is from.
func (s *parsedSide) provable(n *artifact.NodeCode, from *parsedSide) bool {
	settings := config(n)
	switch {
	case n.ResourceType == "seed":
		return summed(n)
	case n.Language == "python", isMicrobatch(n):
		return false
	case slices.ContainsFunc(hookKeys, func(key string) bool { return value(settings[key]) != nil }):
		return false
	}
	texts, macros := []string{n.RawCode}, slices.Clone(n.DependsOn.Macros)
	for _, inlined := range s.inlined(n) {
		texts, macros = append(texts, inlined.RawCode), append(macros, inlined.DependsOn.Macros...)
	}
	for _, m := range from.reach(macros) {
		texts = append(texts, m.sql)
	}
	return !slices.ContainsFunc(texts, mayAsk)
}

// proven reports whether a node is built with the same code as the baseline's. Its own code is the same.
func (c *comparer) proven(d *nodeDiff) bool {
	if !c.a.provable(d.a, d.fromA) || !c.b.provable(d.b, d.fromB) || d.b.ResourceType != "seed" && notKnown(d.a, d.b) != "" {
		return false
	}
	configA, configB := config(d.a), config(d.b)
	for _, key := range locationKeys {
		if !reflect.DeepEqual(d.fromA.normalized(configA[key], d.a), d.fromB.normalized(configB[key], d.b)) {
			return false
		}
	}
	return d.A.Identifier == d.B.Identifier && len(d.configuration(configA, configB, true)) == 0 && len(columns(d.a, d.b, configA, configB, true)) == 0
}
