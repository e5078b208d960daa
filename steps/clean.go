package steps

import (
	"context"
	"errors"
	"fmt"
	"os"

	"dot-for-dbt/graph"
)

// cleanStep removes a build's target path and logs. It doesn't run dbt clean, which
// deletes the project's clean-targets in the worktree and not the target path (dbt
// 1.11.16). dot's own files of the build stay, so that others can defer to it.
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

// removeDirs removes directories with their contents.
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
