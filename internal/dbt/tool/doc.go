// Package tool finds the dbt to run: where it is, its version, and what a dbt of that version can do. It runs
// nothing but `dbt --version`.
package tool
