package report_test

import (
	"strings"
	"testing"

	"dot-for-dbt/compare/report"
)

// upgraded returns an upgrade check of relations: a name, a verdict, and the parents.
func upgraded(relations ...[]string) report.Comparison {
	c := report.Comparison{Upgrade: &report.Upgrade{From: "dbt 1.12.6, dbt-postgres 1.11.0", To: "dbt 2.0.0"}}
	for _, r := range relations {
		one := report.Relation{Node: r[0], Name: r[0], Verdict: report.Verdict(r[1]), Parents: r[2:]}
		if one.Verdict == report.Unknown {
			one.Fails = report.FailsInCandidate
		}
		c.Relations = append(c.Relations, one)
	}
	return c
}

func TestUpgradeConclusion(t *testing.T) {
	for _, test := range []struct {
		name           string
		of             report.Comparison
		want, begins   string
		headline, code string
	}{
		{
			name: "all is the same", of: upgraded([]string{"a", "same"}, []string{"b", "same", "a"}),
			want: "dbt 2.0.0 builds the same data as dbt 1.12.6, in all relations: 2", headline: "2 same", code: "0",
		},
		{
			name: "each kind",
			of: upgraded([]string{"a", "unknown"}, []string{"b", "unknown", "a"}, []string{"c", "differs"}, []string{"d", "columns differ", "c"},
				[]string{"e", "same"}),
			want:     "dbt 2.0.0 beside dbt 1.12.6: of 5 relations 2 not built by dbt 2.0.0, 1 with other data, 1 with the same data in other types or columns, 1 the same",
			begins:   "the differences begin in a, c: the others read them",
			headline: "2 fail with the new dbt, 1 differs, 1 with other columns, 1 same", code: "2",
		},
		{
			name: "nothing is inherited", of: upgraded([]string{"a", "columns differ"}),
			want:     "dbt 2.0.0 beside dbt 1.12.6: of 1 relation 1 with the same data in other types or columns",
			headline: "1 with other columns", code: "1",
		},
		{
			name: "nothing was built",
			of:   report.Comparison{Upgrade: &report.Upgrade{Stopped: "dbt 2.0.0 built nothing"}},
			want: "dbt 2.0.0 built nothing: no data was compared", headline: "nothing was compared", code: "2",
		},
		{
			name: "an error of the new dbt alone",
			of: func() report.Comparison {
				c := upgraded([]string{"a", "same"})
				c.Upgrade.Said = []report.Said{{Level: "error", Kind: "X", Count: 1, Texts: []string{"no"}}}
				return c
			}(),
			want: "dbt 2.0.0 builds the same data as dbt 1.12.6, in all relations: 1", headline: "1 same", code: "2",
		},
	} {
		code := "0"
		switch {
		case test.of.Failed():
			code = "2"
		case test.of.Red():
			code = "1"
		}
		for _, c := range [][3]string{
			{"conclusion", test.of.Conclusion(), test.want},
			{"where they begin", test.of.Begins(), test.begins},
			{"headline", test.of.Headline(), test.headline},
			{"exit code", code, test.code},
		} {
			if c[1] != c[2] {
				t.Errorf("%s: %s: got %q, want %q", test.name, c[0], c[1], c[2])
			}
		}
	}
	if got := (report.Comparison{}).Conclusion(); got != "" {
		t.Errorf("a comparison that checks no upgrade concludes %q", got)
	}
}

// Errors come first in each format, and no format leaves out a kind.
func TestUpgradeSaid(t *testing.T) {
	c := upgraded([]string{"a", "same"})
	c.Upgrade.Said = []report.Said{
		{Level: "error", Kind: "Refused", Count: 1, Texts: []string{"an unknown key"}},
		{Level: "warning", Kind: "Deprecated", Count: 7, Texts: []string{"w1", "w2", "w3", "w4", "w5"}},
	}
	c.Upgrade.Both, c.Upgrade.Gone, c.Upgrade.Reason = 2, 1, "value 17"
	md, html := markdown(t, report.Report{Comparisons: []report.Comparison{c}}), page(t, report.Report{Comparisons: []report.Comparison{c}})
	for _, text := range []string{md, html} {
		i, j := strings.Index(text, "Refused"), strings.Index(text, "Deprecated")
		if i < 0 || j < i {
			t.Errorf("errors are not before warnings:\n%s", text)
		}
		for _, want := range []string{"1 error and 7 warnings that only dbt 2.0.0 says", "an unknown key", "2 warnings said by both, 1 warning said by dbt 1.12.6 only"} {
			if !strings.Contains(text, want) {
				t.Errorf("it lacks %q:\n%s", want, text)
			}
		}
	}
	if strings.Contains(md, "value 17") || !strings.Contains(html, "value 17") {
		t.Error("what may be a value is in Markdown, or not in the page")
	}
}
