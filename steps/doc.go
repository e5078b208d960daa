// Package steps turns an invocation into a graph: it finds out which builds
// are meant, and lists the steps that bring them about. One file a step; in
// the order in which a build needs them:
//
//	worktree.go    the commit, checked out
//	commitfile.go  the commit's full hash beside it
//	profiles.go    a profile whose schema carries the suffix
//	toolchain.go   the dbt that the commit pins, where the environment asks for it
//	deps.go        the project's packages
//	adopt.go       what another tool built there, taken over before it is lost
//	baseline.go    what is deferred to, if anything is
//	check.go       that the command writes nowhere else
//	command.go     dbt: when it runs; runcommand.go runs it, books.go keeps the
//	               ledger about it, report.go is what is remembered of it; docs.go
//	               is what dbt docs serve needs
//
// request.go is what is asked for, program.go what that is compiled to. open.go
// reads what there is to go by, specs.go says which builds the specs denote,
// build.go what a build is, job.go what dbt's command line is and inputs.go what
// its result depends on; compile.go goes through all that in order, list.go lists
// the steps, pools.go says what may run at once, and known.go remembers what many
// builds ask for. rundbt.go runs dbt and passes on what it says, in the host of
// host.go or not; resume.go goes on where it failed, and results.go keeps what for.
//
// It knows dbt's ways through internal/dbt and git's through internal/git, and
// nothing of the command line or the terminal.
package steps
