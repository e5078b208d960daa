package dbt

import (
	"dot-for-dbt/internal/dbt/artifact"
)

// Built reports whether the results are of a command that really builds nodes. compile, show and
// docs generate report success for every node, though they built nothing.
func Built(r artifact.RunResults) bool {
	c, ok := LookupCommand(r.Args.Which)
	return ok && len(c.Builds) > 0 && !bool(r.Args.Empty)
}

// Retried reports whether the results are of a command that a user would retry, see
// [Command.Retried].
func Retried(r artifact.RunResults) bool {
	c, ok := LookupCommand(r.Args.Which)
	return ok && c.Retried()
}
