package steps

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"dot-for-dbt/config"
	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/durable"
	"dot-for-dbt/internal/workspace"
)

// All builds of a working tree have one schema for each environment: each edit makes
// another build there. The check of a build finds out which relations the build before
// it has that are as this one would write them, and takes these over. The others are to
// be built. A relation belongs to the build that wrote it or took it over, by the ledger;
// what belongs to any other build is never read.

// treeName is the name of the working tree in schemas.
func (rt *runtime) treeName() string { return rt.ws.TreeName(rt.repo.Top) }

// unnamedTree stands for the name of the working tree before the first build of a clone: a plan can't
// know it.
const unnamedTree = "wt_unnamed"

// shownSchema is the build's schema in a plan.
func (b *build) shownSchema() string {
	if b.Tree == unnamedTree {
		return strings.Replace(b.schema, unnamedTree, "wt_…", 1)
	}
	return b.schema
}

// namedTree is the name of the working tree, as far as the planner knows it.
func (p *planner) namedTree() string {
	if p.req.Planning && !p.ws.HasKey() {
		return unnamedTree
	}
	return p.treeName()
}

// inPlace reports whether the job's build has the schema of a working tree.
func (job *job) inPlace() bool { return job.build != nil && job.build.Tree != "" }

// selectStale is the selection of what is to be built in the schema of a working tree: it
// compares with a state in which exactly these nodes are marked.
const selectStale = "state:modified"

// selectsStale reports whether a job has no selection of its own, in the schema of a working
// tree.
func (p *planner) selectsStale(job *job) bool {
	if !job.inPlace() || !slices.Contains([]string{"build", "run", "seed", "snapshot"}, job.Command.Name) {
		return false
	}
	selects := []string{"select", "selector"}
	return !slices.ContainsFunc(job.given.Options, func(o dbt.Option) bool { return slices.Contains(selects, o.Flag) }) &&
		!slices.ContainsFunc(job.env.Flags, func(f config.Flag) bool {
			option, ok, err := job.Command.Setting(f.Name, f.Value)
			return err != nil || ok && slices.Contains(selects, option.Flag)
		})
}

// treeState is the directory for what the check of a build knows of its project, for the
// check of the next build.
func treeState(b workspace.Build, p workspace.Place) string {
	return filepath.Join(b.Dir(), "state-tree", p.ID())
}

// A takeover is what a build takes over in the schema of its working tree.
type takeover struct {
	project artifact.Graph
	inputs  string
	wanted  map[string]bool            // the nodes that a build without a selection has of its own
	fresh   map[string]workspace.Basis // nodes that need not be built again
	passed  map[string]workspace.Pass  // tests that need not run again
	over    func(id string) string
	same    bool // the build before is that of the same files
	// whole are the nodes of the build before, tests too; nil if nothing can be taken over.
	// stale are those that have changed since, and all that depend on them.
	whole, stale map[string]bool
}

// why says why a node is to be built.
func (t *takeover) why(id string, changes map[string][]string) []string {
	switch {
	case t.whole == nil:
		return []string{"not built yet"}
	case changes[id] != nil:
		return changes[id]
	case t.stale[id]:
		return []string{"upstream"}
	case isTest(id):
		return []string{"has not passed yet"}
	}
	return []string{"not built as it is now"}
}

// takeOver takes over what the build before has, and marks the rest for the selection.
func (a *checkIsolation) takeOver(ctx context.Context, attempt *graph.Attempt, out *checkOutputs) (*takeover, error) {
	job, b := a.job, a.job.build
	from, changes, whole, err := a.before(ctx, attempt)
	if err != nil {
		return nil, err
	}
	manifest := filepath.Join(b.Target(), "manifest.json")
	t := &takeover{fresh: map[string]workspace.Basis{}, passed: map[string]workspace.Pass{}, wanted: map[string]bool{}, whole: whole}
	t.same = from.ID() == b.ID()
	if t.project, err = readGraph(manifest); err != nil {
		return nil, err
	}
	if t.inputs, err = a.inputsOf(job); err != nil {
		return nil, err
	}
	modified := make([]string, 0, len(out.Modified))
	for _, c := range out.Modified {
		modified = append(modified, c.ID)
		t.wanted[c.ID] = true
	}
	maps.Copy(t.wanted, t.project.Descendants(modified))
	if job.baseline == nil {
		for _, id := range t.project.IDs() {
			t.wanted[id] = true
		}
	}
	if t.whole != nil && from.Commit.Hash != b.Commit.Hash {
		all, err := a.changesAll(ctx, from, len(t.project.Hooks()) > 0)
		if err != nil {
			return nil, err
		}
		if all {
			t.whole = nil
		}
	}
	if err := a.findFresh(t, from, slices.Sorted(maps.Keys(changes))); err != nil {
		return nil, err
	}
	if job.stale {
		marks := map[string][]string{}
		for id := range t.wanted {
			_, fresh := t.fresh[id]
			_, passed := t.passed[id]
			// An ephemeral model that is as it was has nothing to build; dbt 2 would report it as skipped.
			nothing := t.whole != nil && !t.stale[id] && t.project.Materialized(id) == "ephemeral"
			if !fresh && !passed && !nothing {
				marks[id] = t.why(id, changes)
			}
		}
		for _, id := range slices.Sorted(maps.Keys(marks)) {
			out.Stale = append(out.Stale, Change{ID: id, Why: marks[id]})
		}
		if err := MarkChanged(job.state(), b.Target(), marks); err != nil {
			return nil, fmt.Errorf("write dbt's --state: %w", err)
		}
	}
	if !job.Command.WritesNodes() {
		return t, nil
	}
	kept := treeState(b.Build, b.place)
	if err := durable.Copy(filepath.Join(kept, "manifest.json"), manifest); err != nil {
		return nil, err
	}
	if err := keepPackagesIn(b, kept); err != nil {
		return nil, err
	}
	run := workspace.Run{ID: "check", Command: job.Command.Name, Time: a.world.Now(), Nodes: len(t.project.Relations())}
	if own, err := a.ws.Layer(b.Build, b.place); err != nil || own.Run.ID == "" || from.ID() != b.ID() {
		if run.Manifest, err = t.keepTaken(b, from); err != nil {
			return nil, err
		}
	}
	footing := workspace.Footing{Changed: out.Changed}
	if job.baseline != nil {
		s, err := a.standing(job.baseline.build, job.baseline.spec, toDefer)
		if err != nil {
			return nil, err
		}
		footing.Below = s.ref()
	}
	return t, a.ws.TakeOver(b.Build, from, b.place, workspace.Taken{Nodes: t.fresh, Passed: t.passed, Outdated: t.outdated()}, run, footing)
}

func isTest(id string) bool {
	return strings.HasPrefix(id, "test.") || strings.HasPrefix(id, "unit_test.")
}
