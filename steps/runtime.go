package steps

import (
	"sync"

	"dot-for-dbt/internal/dbt/run"
	"dot-for-dbt/internal/git"
	"dot-for-dbt/internal/workspace"
)

// A runtime has the services that steps need for deciding and running: the
// repository, the workspace, dbt, the clock and the environment. All steps share
// it, in many goroutines. After planning it is immutable, except for launcher, plugin, writers
// and bases, which are safe for concurrent use.
type runtime struct {
	world   World
	project string // the project's directory in the user's working tree

	repo *git.Repo            // nil outside of a repository
	ws   *workspace.Workspace // nil without a .dot directory
	// views returns the views on relations of other builds, as the ledgers have them at
	// the first call.
	views func() []workspace.Entry
	// identity says who works in the repository.
	identity func() git.Identity

	// cones has what the worktree of each commit, by its short hash, has to have for this invocation.
	cones map[string]git.Cone

	launcher *run.Launcher
	plugin   sync.Once // writes the module that dbt imports for comments
	writers  writers   // of each relation
	bases    bases     // the manifests of baselines
	// pulled are layers in the team's store that aren't here yet, by the build's ID and the place's.
	pulled map[string]standing

	noHost  bool // --no-dbt-host
	reports bool // report programs' output instead of writing it
}
