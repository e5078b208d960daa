package steps

import (
	"context"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/durable"
)

// commitStep writes the commit's full hash beside the worktree: the directory's name
// has the short one.
func commitStep(b *build) *graph.Step {
	name, text := b.Commit.File()
	return &graph.Step{
		Name: "commit " + b.Commit.Short, Kind: "commit", Version: 1,
		Deps:   []string{"worktree " + b.Commit.Short},
		Inputs: []graph.Input{{Label: "commit", Value: b.Commit.Hash}},
		Record: b.Commit.Record("commit"), Exact: true,
		Missing: func(context.Context, graph.Record) string {
			if !durable.Holds(name, []byte(text)) {
				return "the file is missing or differs"
			}
			return ""
		},
		Locks:  []graph.Lock{b.commitLock()},
		Action: writeFile{name: name, data: []byte(text)},
	}
}

// writeFile writes a small file that only its owner can read.
type writeFile struct {
	name string
	data []byte
}

func (w writeFile) Describe(graph.Planned) []string { return nil }

func (w writeFile) Run(context.Context, *graph.Attempt) (any, error) {
	return nil, durable.Write(w.name, w.data, 0o600)
}
