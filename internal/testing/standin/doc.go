// Package standin is a stand-in for dbt: a small program that accepts dbt's command lines, reads a
// dbt project and writes dbt's artifacts, without Python and without a warehouse. It is for tests
// of the code around dbt. Tests with a real dbt must show whether dbt itself would agree.
//
// It knows as much of dbt 1.11 as the tests need: the commands deps, list, parse, compile, build,
// run, seed, snapshot and test; seeds, models, snapshots and singular tests; ref, source, config,
// var, env_var and the project's own macros in Jinja; the selectors name, +name, name+,
// resource_type: and state:modified; manifests of version 12 and run results of version 6; and,
// with --log-format json, the events of nodes. Anything else is an error, so that no test passes
// because something was ignored. It must not know of dot.
//
// The "warehouse" is a directory, named by the path of a duckdb output. <schema>/<table> holds the
// compiled SQL of a model, or the CSV of a seed. Like a DuckDB file it serves one process at a
// time; another process gets exit code 2.
//
// Environment variables make it misbehave, and record what it did:
//
//	STANDIN_V2=1                  it stands in for dbt 2, where that differs
//	STANDIN_VERSION=1.7.19        the version of dbt 1 that it reports
//	STANDIN_LOG=file              each start appends its command line
//	STANDIN_PIDS=file             each start appends its process id
//	STANDIN_FAIL="a b"            the nodes a and b fail
//	STANDIN_EXIT="list 3"         the command list prints an error and exits with 3
//	STANDIN_HANG=build            the command build hangs, after its first node if it has
//	                              any, until SIGINT or STANDIN_RELEASE
//	STANDIN_DEAF=1                a hanging command ignores SIGINT
//	STANDIN_DIE="build 9"         the command build kills itself with signal 9, after its
//	                              first node if it has any
//	STANDIN_MARKED=file           each schema has the mark in the file, and it stays
//	STANDIN_BINARY="list build"   the output of these commands begins with binary data
//	STANDIN_HUNG=fifo             a hanging command opens it for writing, and closes it
//	STANDIN_RELEASE=fifo          a hanging command reads it to its end, then goes on
package standin
