package dbt

import (
	"dot-for-dbt/internal/dbt/artifact"
)

// Built says whether the results are of a command that builds nodes for real: compile, show and docs
// generate call every node a success though nothing was built.
func Built(r artifact.RunResults) bool {
	c, ok := LookupCommand(r.Args.Which)
	return ok && len(c.Builds) > 0 && !bool(r.Args.Empty)
}

// Retried says whether the results are of a command that somebody would retry, see [Command.Retried].
func Retried(r artifact.RunResults) bool {
	c, ok := LookupCommand(r.Args.Which)
	return ok && c.Retried()
}
