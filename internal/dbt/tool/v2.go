package tool

import (
	"fmt"
	"strings"

	"dot-for-dbt/internal/dbt/adapter"
	"dot-for-dbt/internal/dbt/version"
)

// V2 says whether it is dbt 2 or later; false where that is not known.
func (r Release) V2() bool { return version.IsV2(r.Version) && !r.Cloud }

// experimentalAdapters is the variable that lets dbt 2 use its other adapters.
const experimentalAdapters = "DBT_ALLOW_EXPERIMENTAL_ADAPTERS"

// AdapterWarning is what to tell a person whose dbt is 2 and may refuse their adapter; "" for nothing.
func (r Release) AdapterWarning(name string, env func(name string) (string, bool)) string {
	if !r.V2() || adapter.Of(name).V2 {
		return ""
	}
	if allowed, _ := env(experimentalAdapters); strings.EqualFold(allowed, "true") || allowed == "1" {
		return ""
	}
	return fmt.Sprintf("dbt %s may refuse the adapter %s, which is experimental in it: set %s=true", r.Version, name, experimentalAdapters)
}

// CanRead returns an error if this dbt could not use as its --state a manifest that was written by the given
// version ("" if that is not known): dbt 2 reads none of a dbt older than 1.8.
func (r Release) CanRead(manifest string) error {
	if !r.V2() || manifest == "" || version.AtLeast(manifest, "1.8") {
		return nil
	}
	return fmt.Errorf("it is of dbt %s, and dbt %s reads those of dbt 1.8 and newer", manifest, r.Version)
}
