//go:build unix

package main

import (
	"fmt"
	"slices"

	"dot-for-dbt/test/bench/measure"
)

// goals compares dot compare's CPU time on DuckDB with that of other tools, and with the goals.
func (s *study) goals(t *measure.Table) []string {
	if s.w.db != nil {
		return nil
	}
	index := func(name string) int {
		return slices.IndexFunc(t.Sides, func(side measure.Side) bool { return side.Name == name })
	}
	var lines []string
	for _, g := range []struct {
		data, peer string
		most       float64
	}{
		{"a", auditHelper, 0.4},
		{"b", auditHelper, 0.6},
		{"b", sqlmesh, 0.6},
		{"c", auditHelper, 0.5},
		{"c", sqlmesh, 0.5},
		{"e", recce, 0.08},
	} {
		mine, theirs := index(dotAll), index(g.peer)
		if g.data != s.data.name || mine < 0 || theirs < 0 {
			continue
		}
		ratio := measure.Ratio(t.Costs[mine], t.Costs[theirs], measure.OfCPU)
		lines = append(lines, goal(dotAll, g.peer, ratio, g.most))
	}
	return lines
}

// goal reports whether a ratio of CPU times meets its goal.
func goal(mine, theirs string, ratio measure.Ratios, most float64) string {
	verdict := "reached"
	if ratio.Median > most {
		verdict = "MISSED"
	}
	return fmt.Sprintf("%s to %s, CPU: %.3f (%.3f–%.3f). The goal, %.2f or less: %s.", mine, theirs, ratio.Median, ratio.Least, ratio.Most, most, verdict)
}
