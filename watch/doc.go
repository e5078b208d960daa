// Package watch shows a run's progress and its result: on a terminal, in a pipe, in CI, and as JSON for a
// program.
//
// It knows the events of a graph and of dbt. It must not know how steps work, and it decides nothing: a
// run is the same with it and without it.
package watch
