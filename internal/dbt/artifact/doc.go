// Package artifact reads what dbt writes: manifest.json, run_results.json, the nodes that dbt list
// prints, dbt.log, and the events of its structured log. It runs nothing, and knows no flags of
// dbt.
package artifact
