// Package steps turns an invocation into a graph: it finds out which builds
// are meant, and lists the steps that bring them about.
//
// # Plan
//
// Compile goes through these phases with a planner, which ends with it. What a
// phase finds out is not changed by a later one.
//
//	request.go      what is asked for
//	compile.go      the phases, in order; the planner
//	open.go         the project, its configuration, dbt's arguments, the repository
//	resolve.go      which builds the specs denote
//	environment.go  which environment, and which output of the profile
//	build.go        what a build is
//	tool.go         which dbt runs; require.go: whether the project allows it
//	deferral.go     what is deferred to
//	scan.go         what the commits read from the environment
//	job.go          the dbt command on a build
//	packages.go     which packages a commit asks for
//	inputs.go       what a result depends on
//	pools.go        what may run at once
//	list.go         which steps a job needs
//	program.go      what comes of it; built.go: a build of the program
//
// known.go remembers what many builds ask for, and moved.go says where a project
// was at a commit that doesn't have it. Others than Compile ask a planner, too:
// locate.go, project.go and mergebase.go.
//
// # Run
//
// Steps hold the runtime and what planning found, and nothing of the planner. One
// file a step, in the order in which a build needs them:
//
//	worktree.go    the commit, checked out; submodules.go, asmade.go
//	commitfile.go  the commit's full hash beside it
//	profiles.go    a profile whose schema carries the suffix
//	toolchain.go   the dbt that the commit pins, where the environment asks for it
//	deps.go        the project's packages
//	adopt.go       what another tool built there, taken over before it is lost
//	baseline.go    what is deferred to, if anything is
//	check.go       that the command writes nowhere else; isolation.go, unseen.go
//	command.go     dbt: when it runs
//	plain.go       dbt on the working tree
//	clean.go       what dbt has written, removed
//
// The command's action is runcommand.go; resume.go goes on where a run failed, and
// results.go keeps what for. books.go settles the ledger afterwards, and report.go
// is what is remembered of the run. docs.go is what dbt docs serve needs.
//
// What they work with:
//
//	runtime.go    the services that steps share
//	rundbt.go     dbt, and where what it says goes; host.go: in a host or not
//	standing.go   what a build has in its place
//	artifacts.go  what dbt leaves of a run
//	side.go       both of these, for a comparison
//	pristine.go   whether a worktree is its commit; outside.go: and nothing else
//
// The package knows dbt's ways through internal/dbt and git's through internal/git,
// and nothing of the command line or the terminal.
package steps
