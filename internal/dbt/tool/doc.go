// Package tool finds the dbt to run: its path, its version, and what that version can do. It runs
// nothing but `dbt --version`.
package tool
