// Package elsewhere gets dbt's artifacts of a run that dot didn't start: the manifest.json, and the
// run_results.json beside it, from a directory, a file or an https URL.
package elsewhere
