// Package run runs dbt: as a process of its own ([Exec]), or in a child of a Python that has dbt imported
// already ([Launcher]). It hands on what dbt says as events.
//
// It is the only package that runs a dbt command. It does not know which command to run, or why.
package run
