// Package steps turns an invocation into a graph: it resolves the specs to builds
// and lists the steps that make them.
//
// # Plan
//
// Compile makes a planner and goes through these phases. A later phase doesn't
// change the results of an earlier one.
//
//	request.go      the invocation
//	compile.go      the phases, in order; the planner, with contents for files of commits, finder
//	                for dbt, footprints for the directories of a worktree
//	open.go         the project, its configuration, dbt's arguments, the repository
//	resolve.go      the builds that the specs denote; variant.go: with several dbts
//	environment.go  the environment, and its output of the profile; dotenv.go: the .env
//	build.go        a build; searchpath.go: SQL without a schema in it;
//	                protected.go: schemas of production
//	tool.go         the dbt that runs; require.go: whether the project allows it
//	deferral.go     the baseline; reach.go: whether the job's connection can read it;
//	                elsewhere.go: a baseline that dbt built without dot
//	pull.go         builds of the team's store
//	scan.go         the environment variables that the commits read
//	job.go          the dbt command on a build
//	packages.go     the packages that a commit requires; packagevars.go: the vars in them
//	sparse.go       the directories that a worktree needs
//	inputs.go       the inputs of a result; values.go: those that differ from a baseline's
//	paths.go        relative paths that the user gives, for a dbt in the worktree
//	pools.go        the limits on parallel steps
//	list.go         the steps of a job
//	program.go      the result; built.go: a build of the program, reads.go: what it reads;
//	                pinned.go: names of its builds for other machines
//
// known.go is a cache of lookups that many builds share. moved.go finds the
// directory of a project at an old commit. These files use a planner without
// Compile:
//
//	locate.go      where the builds of a spec are
//	named.go       which builds a spec means, whether they exist or not
//	names.go       names that complete a command line
//	project.go     the project; mergebase.go: the merge base of two specs
//	envcheck.go    what is wrong with the environments
//	watched.go     which files to watch for a build of the working tree
//
// # Run
//
// Steps hold the runtime and the results of planning, but not the planner. Each
// step has its own file. In the order in which a build needs them:
//
//	worktree.go    checks the commit out; submodules.go, asmade.go
//	commitfile.go  writes the commit's full hash beside the worktree
//	profiles.go    writes a profile with the suffix in its schema
//	toolchain.go   installs the dbt that the commit pins, if the environment says so
//	deps.go        installs the project's packages
//	adopt.go       takes over a build that another tool made
//	baseline.go    stands for the baseline
//	check.go       checks where the command writes and what it reads; checked.go: its result,
//	               checklist.go: its dbt list; isolation.go, filesread.go, unseen.go,
//	               changes.go: what the commit changes, narrow.go: what compiles to other code, losses.go: what dbt would drop,
//	               leftout.go: the unit tests that dbt build leaves out
//	clone.go       copies the baseline's relations that the command adds to; reuse.go: views on the rest
//	command.go     runs dbt on a build
//	plain.go       runs dbt on the working tree
//	clean.go       removes dbt's files
//
// runcommand.go has the command's action. resume.go continues a stopped run, and
// results.go keeps the run results for dbt retry; retryv2.go: of dbt 2. ledger.go marks
// in the ledger what a run may write, and settle.go what it has written. promise.go
// checks that dbt did what it was run for. compiled.go keeps the SQL that dot compile
// has compiled. report.go is the summary in the command's record, and error.go the
// error of a dbt that failed. docs.go checks the documentation for dbt docs serve.
//
// Steps use these:
//
//	runtime.go     the services that steps share: layers says what builds have, dbts runs dbt,
//	               worktrees makes worktrees, marks marks schemas
//	rundbt.go      running dbt, and its output; host.go: in a host or not
//	tree.go        the schema of a working tree
//	takeover.go    what a build of a working tree takes over from the build before it;
//	               fresh.go: which nodes need not be built again
//	parsed.go      what dbt has parsed of the files of the build before
//	leftbehind.go  what earlier builds of a working tree have left is not read
//	standing.go    the relations that a build has; bases.go: the manifests of baselines
//	resolution.go  the relation that a job reads for each node; missing.go: of missing ones
//	relation.go    names of relations, as the ledger has them; secretnames.go: without secrets
//	question.go    questions to a build's warehouse; gone.go: what is not there any more
//	mark.go        marks the schemas that a run writes to
//	remains.go     what a build has left; drop.go: the steps that drop it; resting.go: the builds that rest on it
//	unused.go      toolchains that no build uses any more
//	survey.go      what databases say of marks and builds; orphans.go: marked schemas without a build
//	artifacts.go   dbt's artifacts of a run
//	push.go        makes a build's layers fit for the team's store
//	side.go        a build's relations and artifacts, for a comparison; sidetests.go: its tests,
//	               sidecode.go: its code, sidechange.go: what lies between the commits
//	pristine.go    whether a worktree matches its commit; outside.go: or leads out of it,
//	               runfiles.go: files that a run wrote
//	writers.go     which build of the invocation writes a relation
//	temporary.go   names of temporary directories; words.go: times and verbs in messages
//
// The package uses dbt through internal/dbt and git through internal/git. It knows
// nothing of the command line or the terminal.
package steps
