package steps

import (
	"context"
	"os"
	"path/filepath"

	"github.com/dustin/go-humanize"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/workspace"
)

// Removing toolchains that no build uses any more.

// UnusedSteps returns the steps that remove the toolchains which neither a build nor one of the
// program's has any use for. A step's record names the toolchain that it ran with.
func (c Cleanup) UnusedSteps() ([]*graph.Step, error) {
	all, err := c.program.Workspace.Toolchains()
	if err != nil {
		return nil, err
	}
	wanted := map[string]bool{}
	for _, b := range c.program.Builds {
		if t := b.job.toolchain; t != nil {
			wanted[t.Key] = true
		}
	}
	var names []string
	for _, t := range all {
		names = append(names, nameInRecords(t))
	}
	named, err := c.program.Workspace.RecordsNaming(names)
	if err != nil {
		return nil, err
	}
	var steps []*graph.Step
	for _, t := range all {
		if wanted[t.Key] || named[nameInRecords(t)] {
			continue
		}
		chain := &toolchain{Toolchain: t}
		steps = append(steps, &graph.Step{
			Name: chain.step(), Kind: "toolchain", Version: 1, Always: "no build uses it",
			Detail: func(graph.Record) string { return humanize.IBytes(uint64(workspace.DiskUsage(t.Dir()))) },
			Locks:  []graph.Lock{chain.lock()},
			Action: &dropToolchain{c.program.runtime.home, t},
		})
	}
	return steps, nil
}

// nameInRecords is how the records of steps name a toolchain below them.
func nameInRecords(t workspace.Toolchain) string {
	chain := &toolchain{Toolchain: t}
	return `"` + chain.step() + `"`
}

// dropToolchain removes a toolchain.
type dropToolchain struct {
	*home
	toolchain workspace.Toolchain
}

func (a *dropToolchain) Describe(graph.Planned) []string { return nil }

// Run removes the record first: what is left of an installation that is removed in part is none.
func (a *dropToolchain) Run(context.Context, *graph.Attempt) (any, error) {
	if err := os.RemoveAll(filepath.Join(a.toolchain.Dir(), "records")); err != nil {
		return nil, err
	}
	return nil, os.RemoveAll(a.toolchain.Dir())
}
