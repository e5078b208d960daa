// Package dbt is dbt as a library, and the only place that runs it: which dbt there is, the flags of
// each of its commands, reading what a user wants passed on to it, the command line and environment it
// runs with, its profiles, and the artifacts and listings it leaves.
//
// It knows dbt and nothing of dot's specs, builds, steps or records, and never git: whoever calls says
// which directories, environment and options to use. Facts about dbt were taken from dbt-core 1.11.16
// (and checked against the installed dbt by a test), with what 1.10 and 1.12 do differently noted where
// it matters.
package dbt
