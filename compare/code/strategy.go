package code

import (
	"slices"
	"strings"
)

// strategyMacro returns the name of the macro that implements a node's incremental or snapshot
// strategy, "" if its configuration names none. dbt looks the macro up when it builds the node: no
// manifest lists the call.
func strategyMacro(settings map[string]any) string {
	named := func(key string) string {
		name, _ := settings[key].(string)
		return name
	}
	switch {
	case settings["materialized"] == "incremental" && named("incremental_strategy") != "":
		return "get_incremental_" + strings.ReplaceAll(named("incremental_strategy"), "+", "_") + "_sql"
	case settings["materialized"] == "snapshot" && named("strategy") != "":
		name := named("strategy")
		if _, rest, ofPackage := strings.Cut(name, "."); ofPackage {
			name = rest
		}
		return "snapshot_" + name + "_strategy"
	}
	return ""
}

// strategy returns the IDs of the macros with a strategy's name. It returns none if dbt has such a
// macro: one that replaces it counts for every node.
func (s *parsedSide) strategy(name string) []string {
	var ids []string
	for id, m := range s.macros {
		switch {
		case name == "" || m.name != name:
		case s.ofDBT(m):
			return nil
		default:
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// strategies returns the differences between the macros of a node's strategy. custom is set if the
// strategy is not one of dbt's: its macro may then read all of the configuration.
func (d *nodeDiff) strategies(configA, configB map[string]any) (differences []string, custom bool) {
	idsA, idsB := d.fromA.strategy(strategyMacro(configA)), d.fromB.strategy(strategyMacro(configB))
	reachA, reachB := reachBoth(d.fromA, d.fromB, slices.Concat(idsA, idsB)...)
	if names := differing(reachA, reachB); len(names) > 0 {
		differences = append(differences, "macro that dbt builds with: "+firstFew(names))
	}
	if names := readingContext(reachB); len(names) > 0 && !otherRelease(d.fromA, d.fromB) {
		differences = append(differences, "macro that dbt builds with, and that reads variables or the target: "+firstFew(names))
	}
	return differences, len(idsB) > 0
}
