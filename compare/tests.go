package compare

import "dot-for-dbt/compare/report"

// tests returns the candidate's failed tests, with their results in the baseline.
func (v *verdicts) tests() *report.Tests {
	out := &report.Tests{Ran: len(v.b.Tests), BaselineRan: len(v.a.Tests)}
	for id, is := range v.b.Tests {
		if !is.Status.Failed() {
			continue
		}
		was := v.a.Tests[id]
		out.Failed = append(out.Failed, report.FailedTest{
			Node: id, Name: is.Name, Status: string(is.Status), Failures: is.Failures,
			Baseline: string(was.Status), New: !was.Status.Failed(),
		})
	}
	report.SortTests(out.Failed)
	return out
}
