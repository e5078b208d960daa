package steps

import (
	"context"
	"errors"
	"fmt"
	"os"

	"dot-for-dbt/graph"
)

// cleanStep removes what dbt has written to a build's target path and logs.
// dbt's own clean is not asked: it deletes the project's clean-targets, which
// lie in the worktree, not the target path (dbt 1.11.16). What dot keeps of the
// build, the copies that others defer to among it, stays.
func cleanStep(b *build) *graph.Step {
	dirs := []string{b.Target(), b.Logs()}
	return &graph.Step{
		Name: "clean " + b.String(), Kind: "clean", Version: 1,
		Missing: func(context.Context, graph.Record) string {
			for _, dir := range dirs {
				if _, err := os.Stat(dir); err == nil {
					return "asked for"
				}
			}
			return ""
		},
		Summary: func(graph.Record) string { return "nothing to remove" },
		Locks:   []graph.Lock{b.buildLock()},
		Action:  removeDirs(dirs),
	}
}

// removeDirs removes directories and what is in them.
type removeDirs []string

func (r removeDirs) Describe(graph.Planned) []string {
	var lines []string
	for _, dir := range r {
		lines = append(lines, fmt.Sprintf("remove %s", dir))
	}
	return lines
}

func (r removeDirs) Run(context.Context, *graph.Attempt) (any, error) {
	var errs []error
	for _, dir := range r {
		errs = append(errs, os.RemoveAll(dir))
	}
	return nil, errors.Join(errs...)
}
