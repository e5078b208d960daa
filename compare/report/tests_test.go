package report

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestHeadlineOfTests(t *testing.T) {
	is, too := FailedTest{Node: "a", Status: "fail", New: true}, FailedTest{Node: "b", Status: "error", Baseline: "fail"}
	for _, tt := range []struct {
		tests *Tests
		want  string
		fresh int
	}{
		{nil, "", 0},
		{&Tests{Ran: 3}, "", 0},
		{&Tests{Failed: []FailedTest{is}}, "1 test failed", 1},
		{&Tests{BaselineRan: 3, Failed: []FailedTest{is}}, "1 test failed, not so in the baseline", 1},
		{&Tests{BaselineRan: 3, Failed: []FailedTest{is, too}}, "2 tests failed, 1 of them not in the baseline", 1},
		{&Tests{BaselineRan: 3, Failed: []FailedTest{too}}, "1 test failed, as in the baseline", 0},
	} {
		if got := tt.tests.Headline(); got != tt.want || tt.tests.NewFailures() != tt.fresh {
			t.Errorf("%q, %d new; want %q, %d", got, tt.tests.NewFailures(), tt.want, tt.fresh)
		}
		c := Comparison{Tests: tt.tests}
		if c.Red() != (tt.fresh > 0) {
			t.Errorf("%q: red is %t", tt.want, c.Red())
		}
	}
}

func TestSortTests(t *testing.T) {
	failed := []FailedTest{{Node: "b"}, {Node: "c", New: true}, {Node: "a"}, {Node: "a", New: true}}
	SortTests(failed)
	want := []FailedTest{{Node: "a", New: true}, {Node: "c", New: true}, {Node: "a"}, {Node: "b"}}
	if diff := cmp.Diff(want, failed); diff != "" {
		t.Error(diff)
	}
}

func TestFailedTestSays(t *testing.T) {
	for want, failed := range map[string]FailedTest{
		"fail (2 rows), not run in the baseline":     {Status: "fail", Failures: 2, New: true},
		"fail (1 row), in the baseline: pass":        {Status: "fail", Failures: 1, Baseline: "pass", New: true},
		"runtime error, failed in the baseline, too": {Status: "runtime error", Baseline: "fail"},
	} {
		if got := failed.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
