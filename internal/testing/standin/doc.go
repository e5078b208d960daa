// Package standin is a stand-in for dbt: a small program that takes dbt's
// command lines, reads a dbt project and writes what dbt would write, without
// Python and without a warehouse. It is for tests of what happens around dbt;
// whether dbt itself would agree is for the tests with real dbt to say.
//
// It knows of dbt 1.11 what the project's tests need: the commands deps, list,
// parse, compile, build, run, seed, snapshot and test; seeds, models,
// snapshots and singular tests; ref, source, config, var, env_var and the
// project's own macros in Jinja; the selectors name, +name, name+,
// resource_type: and state:modified; manifests of version 12 and run results
// of version 6; with --log-format json the events of nodes. Anything else is an error, so that no test passes because
// something was silently left out. It must not know of dot.
//
// The "warehouse" is a directory, named by the path of a duckdb output:
// <schema>/<table> holds the compiled SQL of a model, or the CSV of a seed.
// Like a DuckDB file it is for one process at a time; another gets exit code 2.
//
// Environment variables make it misbehave, and tell what it did:
//
//	STANDIN_V2=1                  it stands in for dbt 2, as far as that differs
//	STANDIN_VERSION=1.7.19        the version it says it is, of dbt 1
//	STANDIN_LOG=file              each start appends its command line
//	STANDIN_PIDS=file             each start appends its process id
//	STANDIN_FAIL="a b"            the nodes a and b fail
//	STANDIN_EXIT="list 3"         the command list prints a complaint and exits with 3
//	STANDIN_HANG=build            the command build hangs after its first node, if it works
//	                              on any, until SIGINT or STANDIN_RELEASE
//	STANDIN_DEAF=1                who hangs doesn't hear SIGINT
//	STANDIN_DIE="build 9"         the command build kills itself with signal 9, after its
//	                              first node if it works on any
//	STANDIN_BINARY="list build"   these commands begin with what is no text
//	STANDIN_HUNG=fifo             is opened for writing, and closed, when it hangs
//	STANDIN_RELEASE=fifo          is read to its end by who hangs; then it goes on
package standin
