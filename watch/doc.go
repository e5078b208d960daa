// Package watch shows a run while it goes on, and what came of it at the end: to a person at a terminal,
// in a pipe, in CI, and to a program.
//
// It knows what happens in a graph and what dbt says. It must not know how any of that is done, and it
// decides nothing: with it and without it the run is the same.
package watch
