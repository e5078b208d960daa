// Package run runs dbt: as a process of its own ([Exec]), or as a child of a Python process that
// has imported dbt already ([Launcher]). It passes on dbt's messages as events.
//
// No other package runs dbt commands. This one does not know which command to run, or why.
package run
