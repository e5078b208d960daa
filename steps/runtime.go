package steps

import (
	"sync"

	"dot-for-dbt/internal/dbt/run"
	"dot-for-dbt/internal/git"
	"dot-for-dbt/internal/workspace"
)

// A runtime has the services that steps need for deciding and running. All steps share
// it, in many goroutines. After planning it is immutable, except for what is said to be safe for
// concurrent use.
type runtime struct {
	*home
	*layers
	*dbts
	*worktrees
	*marks

	// views returns the views on relations of other builds, as the ledgers have them at
	// the first call.
	views   func() []workspace.Entry
	writers writers // of each relation; safe for concurrent use
}

// newRuntime returns the runtime of an invocation in a project, without a repository.
func newRuntime(world World, project string) *runtime {
	h := &home{world: world, project: project}
	d := &dbts{home: h, launcher: world.Launcher}
	if d.launcher == nil {
		d.launcher = new(run.Launcher)
	}
	return &runtime{
		home: h, layers: &layers{home: h, pulled: map[string]standing{}}, dbts: d,
		worktrees: &worktrees{home: h, cones: map[string]git.Cone{}}, marks: &marks{dbts: d},
	}
}

// A home is where dot works: the project, its repository and its workspace, with the clock and the
// environment.
type home struct {
	world   World
	project string               // the project's directory in the user's working tree
	repo    *git.Repo            // nil outside of a repository
	ws      *workspace.Workspace // nil without a .dot directory
}

// layers knows which relations each build has, and from which layer a job reads each node: by the
// ledgers, by the artifacts that other tools left, and by the team's store.
type layers struct {
	*home
	bases bases // the manifests of baselines; safe for concurrent use
	// pulled are layers in the team's store that aren't here yet, by the build's ID and the place's.
	pulled map[string]standing
}

// dbts runs dbt for jobs.
type dbts struct {
	*home
	launcher *run.Launcher // safe for concurrent use
	plugin   sync.Once     // writes the module that dbt imports for comments
	noHost   bool          // --no-dbt-host
	reports  bool          // report programs' output instead of writing it
}

// worktrees makes the worktrees of commits, and knows whether one still is its commit.
type worktrees struct {
	*home
	// cones has what the worktree of each commit, by its short hash, has to have for this invocation.
	cones map[string]git.Cone
}

// marks marks schemas in warehouses.
type marks struct {
	*dbts
	// identity says who works in the repository.
	identity func() git.Identity
}
