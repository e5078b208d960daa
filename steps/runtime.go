package steps

import (
	"dot-for-dbt/internal/dbt/run"
	"dot-for-dbt/internal/git"
	"dot-for-dbt/internal/workspace"
)

// A runtime is what steps work with while they are decided upon and run: the
// repository, what dot keeps, dbt, the clock and the environment. All steps share
// it, from many goroutines at once. Nothing in it changes once planning is over,
// but for what guards itself.
type runtime struct {
	world   World
	project string // the project's directory in the user's working tree: dbt runs there

	repo *git.Repo            // nil outside of a repository
	ws   *workspace.Workspace // nil where dot keeps nothing

	launcher run.Launcher
	// writers is which build of the invocation writes each relation. It guards
	// itself, too.
	writers writers
	noHost  bool // --no-dbt-host
	reports bool // what programs say is reported, rather than written out
}
