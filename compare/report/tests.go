package report

import (
	"fmt"
	"slices"
	"strings"

	"dot-for-dbt/internal/text"
)

// Tests are the results of the sides' tests, from the last runs that ran them.
type Tests struct {
	// Ran and BaselineRan are the numbers of tests whose results are known.
	Ran         int `json:"ran"`
	BaselineRan int `json:"baseline_ran"`
	// Failed are the tests that failed in the candidate: those that didn't fail in the
	// baseline first, then by name.
	Failed []FailedTest `json:"failed,omitempty"`
}

// A FailedTest is a test that failed in the candidate.
type FailedTest struct {
	Node   string `json:"node"`   // dbt's unique_id
	Name   string `json:"name"`   // for display
	Status string `json:"status"` // dbt's: fail, error, runtime error
	// Failures is the number of failures that dbt counted; 0 if it counted none.
	Failures int `json:"failures,omitempty"`
	// Baseline is dbt's status of the test in the baseline: pass, fail, …; "" if it isn't
	// known to have run there.
	Baseline string `json:"baseline_status,omitempty"`
	// New means that it isn't known to have failed in the baseline.
	New bool `json:"new,omitempty"`
}

// how says how the test ended.
func (t FailedTest) how() string {
	if t.Failures == 0 {
		return t.Status
	}
	return t.Status + " (" + count(int64(t.Failures), "row") + ")"
}

// there returns the test's result in the baseline, in words.
func (t FailedTest) there() string {
	switch {
	case t.Baseline == "":
		return "not run in the baseline"
	case t.New:
		return "in the baseline: " + t.Baseline
	}
	return "failed in the baseline, too"
}

// String says how the test ended on both sides.
func (t FailedTest) String() string { return t.how() + ", " + t.there() }

// SortTests sorts failed tests as Tests has them.
func SortTests(failed []FailedTest) {
	slices.SortFunc(failed, func(a, b FailedTest) int {
		switch {
		case a.New && !b.New:
			return -1
		case b.New && !a.New:
			return 1
		}
		return strings.Compare(a.Node, b.Node)
	})
}

// NewFailures is the number of failed tests that aren't known to have failed in the
// baseline.
func (t *Tests) NewFailures() int {
	if t == nil {
		return 0
	}
	n := 0
	for _, failed := range t.Failed {
		if failed.New {
			n++
		}
	}
	return n
}

// Headline says how many tests failed, "" if none did.
func (t *Tests) Headline() string {
	if t == nil || len(t.Failed) == 0 {
		return ""
	}
	line := text.Plural(len(t.Failed), "test") + " failed"
	switch n := t.NewFailures(); n {
	case len(t.Failed):
		if t.BaselineRan > 0 {
			return line + ", not so in the baseline"
		}
		return line
	case 0:
		return line + ", as in the baseline"
	default:
		return fmt.Sprintf("%s, %d of them not in the baseline", line, n)
	}
}
