package tool

import (
	"fmt"
	"strings"

	"dot-for-dbt/internal/dbt/adapter"
	"dot-for-dbt/internal/dbt/version"
)

// V2 reports whether it is dbt 2 or later; false if that is unknown.
func (r Release) V2() bool { return version.IsV2(r.Version) && !r.Cloud }

// experimentalAdapters is the variable that lets dbt 2 use its experimental adapters.
const experimentalAdapters = "DBT_ALLOW_EXPERIMENTAL_ADAPTERS"

// AdapterWarning returns a warning for users whose dbt 2 may refuse their adapter; "" for nothing.
func (r Release) AdapterWarning(name string, env func(name string) (string, bool)) string {
	if !r.V2() || adapter.Of(name).V2 {
		return ""
	}
	if allowed, _ := env(experimentalAdapters); strings.EqualFold(allowed, "true") || allowed == "1" {
		return ""
	}
	return fmt.Sprintf("dbt %s may refuse the adapter %s, which is experimental in it: set %s=true", r.Version, name, experimentalAdapters)
}

// CanRead returns an error if this dbt could not use, as its --state, a manifest that the given
// version wrote ("" if unknown). dbt 2 reads no manifest of a dbt older than 1.8.
func (r Release) CanRead(manifest string) error {
	if !r.V2() || manifest == "" || version.AtLeast(manifest, "1.8") {
		return nil
	}
	return fmt.Errorf("it was written by dbt %s, and dbt %s only reads those of dbt 1.8 and newer", manifest, r.Version)
}
