package compare

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"dot-for-dbt/compare/code"
	"dot-for-dbt/compare/ladder"
	"dot-for-dbt/steps"
)

// Values may have the name of the build's own schema, as in dbt_utils' column
// _dbt_source_relation, or the commit in it. That is no difference of the data.

// ownNames returns the names of the builds' schemas and commits, and what stands for
// them on both sides. Schemas in which the two sides have the same node share a mark.
func ownNames(a, b steps.Side, nodes []code.Node) []ladder.Name {
	groups := map[string][]string{} // of schemas, by each of their names
	for _, n := range nodes {
		in := []string{n.A.OwnSchema, n.B.OwnSchema}
		group := slices.Concat(in, groups[in[0]], groups[in[1]])
		slices.Sort(group)
		group = slices.DeleteFunc(slices.Compact(group), func(schema string) bool { return schema == "" })
		for _, schema := range group {
			groups[schema] = group
		}
	}
	commits := suffixes(a, b)
	var names []ladder.Name
	marks := map[string]string{} // by a group's first name
	for _, schema := range slices.Sorted(maps.Keys(groups)) {
		group := groups[schema]
		if sameStem(group, commits) {
			continue // the commit's mark does
		}
		if marks[group[0]] == "" {
			marks[group[0]] = "<schema>"
			if n := len(marks); n > 1 {
				marks[group[0]] = fmt.Sprintf("<schema %d>", n)
			}
		}
		names = append(names, ladder.Name{Word: schema, Mark: marks[group[0]]})
	}
	if len(commits) > 1 {
		for _, commit := range commits {
			names = append(names, ladder.Name{Word: commit, Mark: "<commit>"})
		}
	}
	return names
}

// sameStem reports whether schemas differ only in the commit at their end.
func sameStem(schemas, commits []string) bool {
	stems := map[string]bool{}
	for _, schema := range schemas {
		for _, commit := range commits {
			schema = strings.TrimSuffix(schema, commit)
		}
		stems[schema] = true
	}
	return len(stems) == 1
}

// suffixes returns the suffixes of the builds that have relations of the sides, sorted.
func suffixes(sides ...steps.Side) []string {
	found := map[string]bool{}
	for _, s := range sides {
		for _, state := range s.Nodes {
			if state.Layer != nil && state.Layer.Suffix != "" && state.Problem == "" {
				found[state.Layer.Suffix] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}
