package steps

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/text"
	"dot-for-dbt/internal/workspace"
)

// A build that dot knows nothing of may have been made by another tool with
// the same layout: then what dbt left in its target path tells what it built.
// Any command on the build would overwrite that, so it is taken over first.

var errNeverBuilt = errors.New("was never built")

// adopt reads what a build without a ledger has built. The error says why that
// can't be known.
func adopt(b *build) (workspace.Standing, error) {
	s := workspace.Standing{Nodes: map[string]workspace.Entry{}}
	nodes, err := countNodes(filepath.Join(b.Target(), "manifest.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return s, fmt.Errorf("%s %w", b, errNeverBuilt)
	}
	if err != nil {
		return s, fmt.Errorf("the manifest.json of %s can't be read: %w", b, err)
	}
	results, err := readResults(b.Target())
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return s, fmt.Errorf("%s %w", b, errNeverBuilt)
	case err != nil:
		return s, fmt.Errorf("what %s built is not known: %w", b, err)
	case !dbt.Built(results):
		return s, fmt.Errorf("what %s built is not known: the last command on it that left results was dbt %s", b, results.Args.Which)
	}
	s.Run = workspace.Run{
		ID: results.Metadata.InvocationID, Build: b.ID(), Command: results.Args.Which,
		Time: results.Metadata.GeneratedAt, Nodes: nodes,
	}
	for _, r := range results.Results {
		e := workspace.Entry{Relation: r.RelationName, Run: s.Run.ID, Build: b.ID(), Time: s.Run.Time, Status: workspace.Damaged}
		if r.Status.Wrote() {
			e.Status = workspace.Written
		}
		if r.Builds() && !r.Status.Untouched() {
			s.Nodes[r.UniqueID] = e
		}
	}
	if len(s.Nodes) == 0 {
		return s, fmt.Errorf("what %s built is not known: the last command on it, dbt %s, built nothing", b, results.Args.Which)
	}
	return s, nil
}

// adoptable returns what a build has that another tool made, if nobody has
// written to its place under dot.
func (rt *runtime) adoptable(b *build) (workspace.Standing, bool) {
	ledger, err := rt.ws.Ledger(b.place)
	if err != nil || ledger.LastRun().ID != "" {
		return workspace.Standing{}, false
	}
	s, err := adopt(b)
	return s, err == nil
}

// adoptStep takes over what another tool built: it copies dbt's artifacts to
// where nothing overwrites them, and writes the ledger. It is nil where there
// is nothing to take over.
func (rt *runtime) adoptStep(b *build) *graph.Step {
	if _, ok := rt.adoptable(b); !ok {
		return nil
	}
	return &graph.Step{
		Name: "adopt " + b.String(), Kind: "adopt", Version: 1,
		After: []string{"profiles " + b.String()}, // so that it is done where it stands in the plan
		Missing: func(context.Context, graph.Record) string {
			s, ok := rt.adoptable(b)
			if !ok {
				return ""
			}
			return "made by another tool: " + text.Plural(len(s.Nodes), "node")
		},
		Locks:  []graph.Lock{b.buildLock(), b.placeLock()},
		Action: adoptBuild{runtime: rt, build: b},
	}
}

type adoptBuild struct {
	*runtime
	build *build
}

func (adoptBuild) Describe(graph.Planned) []string { return nil }

func (a adoptBuild) Run(context.Context, *graph.Attempt) (any, error) {
	s, err := adopt(a.build)
	if err != nil {
		return nil, err
	}
	run := s.Run
	if err := keepState(a.build, &run); err != nil {
		return nil, err
	}
	end := workspace.Ending{Written: map[string]string{}, Failed: map[string]string{}, Complete: true}
	for id, e := range s.Nodes {
		if e.Status == workspace.Written {
			end.Written[id] = e.Relation
		} else {
			end.Failed[id] = e.Relation
		}
	}
	_, err = a.ws.EndRun(a.build.place, run, end)
	return nil, err
}
