// Package dbt knows dbt's command line: the flags of each of its commands, how a user's arguments are
// read, and the command line and environment that dbt runs with.
//
// The packages below know the rest of dbt: [dot-for-dbt/internal/dbt/artifact] the files that dbt leaves,
// [dot-for-dbt/internal/dbt/profile] those that it reads, [dot-for-dbt/internal/dbt/adapter] how its adapters
// differ, [dot-for-dbt/internal/dbt/tool] which dbt there is, and [dot-for-dbt/internal/dbt/run] how it is run. None knows dot's specs, builds, steps or records,
// or git: the caller says which directories, environment and options to use.
//
// Facts about dbt are those of dbt-core 1.11.16 (a test checks them against the installed dbt). Comments
// say what 1.10 and 1.12 do differently, if it matters.
package dbt
