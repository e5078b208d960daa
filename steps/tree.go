package steps

import (
	"path/filepath"
	"slices"
	"strings"

	"dot-for-dbt/config"
	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/workspace"
)

// All builds of a working tree have one schema for each environment: each edit makes
// another build there. The check of a build finds out which relations the build before
// it has that are as this one would write them, and takes these over. The others are to
// be built. A relation belongs to the build that wrote it or took it over, by the ledger;
// what belongs to any other build is never read.

// treeName is the name of the working tree in schemas.
func (h *home) treeName() string { return h.ws.TreeName(h.repo.Top) }

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

func isTest(id string) bool {
	return strings.HasPrefix(id, "test.") || strings.HasPrefix(id, "unit_test.")
}
