package steps

import (
	"slices"
	"strings"
	"time"

	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/workspace"
)

// A TestState is the last known result of a test on a side.
type TestState struct {
	Name     string // without the digest that dbt adds to a generic test's
	Status   artifact.Status
	Failures int // as dbt counted them
}

// testsOf returns the last known results of a build's tests, by unique_id: those of its
// last run that wrote relations, and of a dbt test after it. Results of earlier runs don't
// count: they were of other data.
func testsOf(state, target string) map[string]TestState {
	tests := map[string]TestState{}
	var last time.Time
	for _, dir := range []string{state, target} {
		results, err := readResults(dir)
		if err != nil || results.Metadata.GeneratedAt.Before(last) || !slices.Contains([]string{"build", "test", "retry"}, results.Args.Which) {
			continue
		}
		last = results.Metadata.GeneratedAt
		for _, r := range results.Results {
			kind, _, _ := strings.Cut(r.UniqueID, ".")
			if (kind == "test" || kind == "unit_test") && !r.Status.Untouched() {
				name, _, _ := strings.Cut(workspace.NodeName(r.UniqueID), ".")
				tests[r.UniqueID] = TestState{name, r.Status, r.Failures}
			}
		}
	}
	return tests
}
