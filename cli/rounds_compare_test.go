package cli

import (
	"testing"

	"dot-for-dbt/compare/report"
)

// A round's comparison is as before if a person would see the same in it.
func TestAsShown(t *testing.T) {
	found := func(edit func(*report.Comparison)) string {
		c := report.Comparison{
			Baseline: report.Side{Commit: "1"}, Candidate: report.Side{Commit: "2"}, Seconds: 1,
			Relations: []report.Relation{{Name: "orders", Verdict: "differs", SQL: "+a", Rows: &report.Counts{}}},
		}
		edit(&c)
		return asShown(report.Report{Comparisons: []report.Comparison{c}})
	}
	before := found(func(*report.Comparison) {})
	for name, tt := range map[string]struct {
		edit func(*report.Comparison)
		same bool
	}{
		"nothing":               {func(*report.Comparison) {}, true},
		"the candidate's files": {func(c *report.Comparison) { c.Candidate.Commit, c.Relations[0].SQL, c.Seconds = "3", "+b", 2 }, true},
		"the baseline":          {func(c *report.Comparison) { c.Baseline.Commit = "3" }, false},
		"a verdict":             {func(c *report.Comparison) { c.Relations[0].Verdict = "same" }, false},
		"what a reason says":    {func(c *report.Comparison) { c.Relations[0].Reason = "because" }, false},
		"a relation":            {func(c *report.Comparison) { c.Relations = nil }, false},
	} {
		if same := found(tt.edit) == before; same != tt.same {
			t.Errorf("%s differs: as before is %t", name, same)
		}
	}
}
