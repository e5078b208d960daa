// Package dbt knows dbt's command line: the flags of each of its commands, how to read a user's
// arguments, and the command line and environment for dbt.
//
// The packages below know the rest of dbt: [dot-for-dbt/internal/dbt/artifact] the files that dbt
// writes, [dot-for-dbt/internal/dbt/profile] the files that it reads,
// [dot-for-dbt/internal/dbt/adapter] how its adapters differ, [dot-for-dbt/internal/dbt/ask] how to
// ask a warehouse through it, [dot-for-dbt/internal/dbt/tool] which dbt there is, and
// [dot-for-dbt/internal/dbt/run] how to run it. None of them knows git, or dot's specs, builds,
// steps and records: the caller says which directories, environment and options to use.
//
// Facts about dbt are those of dbt-core 1.11.16 (a test checks them against the installed dbt).
// Comments say what 1.10 and 1.12 do differently, if it matters.
package dbt
