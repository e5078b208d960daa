package steps

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/text"
	"dot-for-dbt/internal/workspace"
)

// Another tool with the same directory layout may have made a build. Then dbt's
// artifacts in the target path say what was built. Any command on the build would
// overwrite them, so dot first copies them and writes the ledger.

var errNeverBuilt = errors.New("was never built")

func isNeverBuilt(err error) bool { return errors.Is(err, errNeverBuilt) }

// An adoption is a build that another tool made.
type adoption struct {
	run    workspace.Run
	nodes  map[string]workspace.Spelling // by unique_id
	ending workspace.Ending
}

// adopt reads the artifacts of a build without a layer. The error says why they
// don't tell what was built.
func adopt(b workspace.Build) (adoption, error) {
	file := filepath.Join(b.Target(), "manifest.json")
	nodes, err := writtenNodes(file)
	if errors.Is(err, fs.ErrNotExist) {
		return adoption{}, fmt.Errorf("%s %w", b, errNeverBuilt)
	}
	if err != nil {
		return adoption{}, fmt.Errorf("the manifest.json of %s can't be read: %w", b, err)
	}
	results, err := readResults(b.Target())
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return adoption{}, fmt.Errorf("%s %w", b, errNeverBuilt)
	case err != nil:
		return adoption{}, fmt.Errorf("dot doesn't know what %s built: %w", b, err)
	case !dbt.Built(results):
		return adoption{}, fmt.Errorf("dot doesn't know what %s built: the last run results are those of dbt %s", b, results.Args.Which)
	}
	a := adoption{
		run: workspace.Run{
			ID: results.Metadata.InvocationID, Command: results.Args.Which,
			Time: results.Metadata.GeneratedAt, Nodes: len(nodes),
		},
		nodes:  map[string]workspace.Spelling{},
		ending: workspace.Ending{Complete: true, Succeeded: true},
	}
	for _, r := range results.Results {
		node, known := nodes[r.UniqueID]
		if !known || !r.Builds() || r.Status.Untouched() {
			continue
		}
		a.nodes[r.UniqueID] = spelling(node)
		if r.Status.Wrote() {
			a.ending.Written = append(a.ending.Written, r.UniqueID)
		} else {
			a.ending.Failed = append(a.ending.Failed, r.UniqueID)
		}
	}
	if len(a.nodes) == 0 {
		return adoption{}, fmt.Errorf("dot doesn't know what %s built: its last command, dbt %s, built nothing", b, results.Args.Which)
	}
	return a, nil
}

// standing returns the adoption as a standing.
func (a adoption) standing(b workspace.Build, p workspace.Place) workspace.Standing {
	s := workspace.Standing{
		Layer: &workspace.Layer{Build: b.ID(), Place: p, Run: a.run},
		Nodes: map[string]workspace.Entry{}, Lost: map[string]string{},
	}
	add := func(ids []string, status workspace.Status) {
		for _, id := range ids {
			s.Nodes[id] = workspace.Entry{
				Node: id, Name: a.nodes[id], Build: b.ID(), Run: a.run.ID, Status: status, Time: a.run.Time,
			}
		}
	}
	add(a.ending.Written, workspace.Written)
	add(a.ending.Failed, workspace.Damaged)
	return s
}

// adoptable returns the adoption of a build that another tool made. ok is false if
// dot has run on the build, or if there is nothing to adopt.
func (rt *runtime) adoptable(b *build) (a adoption, ok bool) {
	if _, err := os.Stat(filepath.Join(b.Target(), "manifest.json")); err != nil { // as for most builds that never ran
		return adoption{}, false
	}
	if _, err := rt.ws.Standing(b.Build, b.place); !errors.Is(err, fs.ErrNotExist) || b.Ran() {
		return adoption{}, false
	}
	found, err := adopt(b.Build)
	return found, err == nil
}

// adoptStep takes over a build that another tool made: it copies dbt's artifacts,
// and writes the ledger. It is nil if there is nothing to take over.
func (rt *runtime) adoptStep(b *build) *graph.Step {
	if _, ok := rt.adoptable(b); !ok {
		return nil
	}
	return &graph.Step{
		Name: "adopt " + b.String(), Kind: "adopt", Version: 1,
		After: []string{"profiles " + b.String()}, // so that it runs in the order of the plan
		Missing: func(context.Context, graph.Record) string {
			found, ok := rt.adoptable(b)
			if !ok {
				return ""
			}
			return "made by another tool: " + text.Plural(len(found.nodes), "node")
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
	found, err := adopt(a.build.Build)
	if err != nil {
		return nil, err
	}
	b, run := a.build, found.run
	targets := make(map[string]workspace.Target, len(found.nodes))
	for id, name := range found.nodes {
		targets[id] = b.target(name)
	}
	if err := keepState(b, &run); err != nil {
		return nil, err
	}
	if err := a.ws.Begin(b.Build, b.place, run, targets); err != nil {
		return nil, err
	}
	_, err = a.ws.End(b.Build, b.place, run, targets, found.ending)
	return nil, err
}
