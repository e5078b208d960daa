package tool

import (
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
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

// triedV2 is the release of dbt 2 that was tried.
const triedV2 = "2.0.0-alpha.4"

// Untried says what is assumed of a release of dbt 2 that was not tried; "" for nothing.
func (r Release) Untried() string {
	if !r.V2() || r.Version == triedV2 {
		return ""
	}
	return "not tried: dot takes it for " + triedV2
}

// Driver looks for dbt 2's driver of an adapter. It returns its path, "" if there is none, and the
// directories where it was looked for; none if dot doesn't know them. dbt looks on the library path, then in
// its cache, and then downloads the driver (2.0.0-alpha.4, Linux). home is the user's home directory:
// without HOME dbt takes the account's.
func (r Release) Driver(of, home string, env func(name string) (string, bool)) (path string, dirs []string) {
	if !r.V2() || runtime.GOOS != "linux" {
		return "", nil
	}
	libraries, _ := env("LD_LIBRARY_PATH")
	dirs = slices.DeleteFunc(filepath.SplitList(libraries), func(dir string) bool { return dir == "" })
	cache, _ := env("XDG_CACHE_HOME")
	if cache == "" {
		cache = filepath.Join(home, ".cache")
	}
	cache = filepath.Join(cache, "com.getdbt", "adbc")
	patterns := []string{filepath.Join(cache, "*", "*"+of+"*")}
	if name := adapter.Of(of).Driver; name != "" {
		for _, dir := range dirs {
			patterns = append(patterns, filepath.Join(dir, name))
		}
	}
	dirs = append(dirs, cache)
	for _, pattern := range patterns {
		if found, _ := filepath.Glob(pattern); len(found) > 0 {
			return found[0], dirs
		}
	}
	return "", dirs
}

// CanRead returns an error if this dbt could not use, as its --state, a manifest that the given
// version wrote ("" if unknown). dbt 2 reads no manifest of a dbt older than 1.8.
func (r Release) CanRead(manifest string) error {
	if !r.V2() || manifest == "" || version.AtLeast(manifest, "1.8") {
		return nil
	}
	return fmt.Errorf("it was written by dbt %s, and dbt %s only reads those of dbt 1.8 and newer", manifest, r.Version)
}
