// Package lifecycle is the life of builds: which there are, what they are for and whether anybody
// still needs them.
//
//	list.go      the builds of a repository
//	choose.go    the builds that specs mean
//	build.go     the facts about a build
//	last.go      its last command
//	layers.go    its nodes, and those of the layers below it
//	size.go      its size on disk
//	check.go     what the warehouse says about them
//	drop.go      dropping builds: their schemas, worktrees and records
//	prune.go     dropping builds that are no longer needed; prunechoice.go: which these are, by rule
//	orphans.go   which schemas without a build are no longer needed
//	connect.go   connections to the databases of environments
//
// A list reads .dot and git, and runs neither dbt nor a query: what is in the warehouse it knows from
// the ledgers. Only dropping and a check ask the warehouse. The package knows nothing of the terminal.
package lifecycle
