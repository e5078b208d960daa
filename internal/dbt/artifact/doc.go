// Package artifact reads what dbt leaves and says: manifest.json, run_results.json, the nodes that dbt list
// prints, dbt.log, and the events of its structured log. It runs nothing, and knows no flag of dbt.
package artifact
