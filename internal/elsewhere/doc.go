// Package elsewhere gets dbt's artifacts of a run that dot didn't start: the manifest.json, and the
// run_results.json beside it, from a directory, a file, an https URL or a bucket of a cloud.
package elsewhere
