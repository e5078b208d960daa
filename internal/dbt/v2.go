package dbt

import (
	"fmt"
	"slices"
	"strings"
)

// What is different in dbt 2 (Rust; since 2026-09) stands in this file. None of it was seen by running
// dbt 2: it was read in dbt-core's source at 2.0.0-beta.2 and on docs.getdbt.com. Beside what is code here:
//
//   - Its exit code is 1 for any error, Ctrl-C and unknown flags included. Nothing in dot tells one failure
//     from another by the code.
//   - A variable DBT_ENGINE_* that it doesn't know is an error. dot sets none.
//   - It installs missing packages by itself.

// V2 says whether it is dbt 2 or later; false where that is not known.
func (r Release) V2() bool { return isV2(r.Version) && !r.Cloud }

// isV2 says whether a version is one of dbt 2 or later; false where it is not known.
func isV2(version string) bool { return majorMinor(version)[0] >= 2 }

// v2Everywhere are the flags that every subcommand of dbt 2 takes: directories, state and deferral,
// threads, vars and selection.
var v2Everywhere = []string{
	"project-dir", "profiles-dir", "target-path", "log-path", "state", "defer", "favor-state", "defer-state",
	"threads", "vars", "select", "exclude", "selector",
}

// v2Gone are the flags that dbt 2 no longer has.
var v2Gone = []string{"config-dir"}

// v2Adapters are the adapters that dbt 2 has built in and works with as they are.
var v2Adapters = []string{"snowflake", "bigquery", "databricks", "redshift", "duckdb", "salesforce", "clickhouse"}

// experimentalAdapters is the variable that lets dbt 2 use its other adapters.
const experimentalAdapters = "DBT_ALLOW_EXPERIMENTAL_ADAPTERS"

// AdapterWarning is what to tell a person whose dbt is 2 and whose adapter it may refuse; "" for nothing.
func (r Release) AdapterWarning(adapter string, env func(name string) (string, bool)) string {
	if !r.V2() || slices.Contains(v2Adapters, adapter) {
		return ""
	}
	if allowed, _ := env(experimentalAdapters); strings.EqualFold(allowed, "true") || allowed == "1" {
		return ""
	}
	return fmt.Sprintf("dbt %s may refuse the adapter %s, which is experimental in it: set %s=true", r.Version, adapter, experimentalAdapters)
}

// CanRead says in its error why this dbt could not use a manifest as its --state: dbt 2 reads none that is
// older than dbt 1.8.
func (r Release) CanRead(manifest Metadata) error {
	if !r.V2() || manifest.DBTVersion == "" || atLeast(manifest.DBTVersion, "1.8") {
		return nil
	}
	return fmt.Errorf("it is of dbt %s, and dbt %s reads those of dbt 1.8 and newer", manifest.DBTVersion, r.Version)
}
