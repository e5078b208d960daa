package report_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dot-for-dbt/compare/report"
)

func ptr[T any](v T) *T { return &v }

func names(relations []report.Relation) []string {
	var out []string
	for _, r := range relations {
		out = append(out, r.Name)
	}
	return out
}

func TestSort(t *testing.T) {
	// The expected order: by verdict, then by size, then by name.
	want := []report.Relation{
		{Name: "unknown", Verdict: report.Unknown},
		{Name: "large without a key", Verdict: report.Differs, Changes: &report.Changes{Added: 400, Removed: 200}},
		{Name: "large with a key", Verdict: report.Differs, Changes: &report.Changes{Added: 1, Changed: ptr[int64](500)}},
		{Name: "fewer rows", Verdict: report.Differs, Rows: &report.Counts{Baseline: 10, Candidate: 3}},
		{Name: "more rows", Verdict: report.Differs, Rows: &report.Counts{Baseline: 3, Candidate: 9}},
		{Name: "a", Node: "model.a.a", Verdict: report.Differs},
		{Name: "a", Node: "model.b.a", Verdict: report.Differs},
		{Name: "b", Verdict: report.Differs, Rows: &report.Counts{Baseline: 1000, Candidate: 1000}},
		{Name: "two columns", Verdict: report.ColumnsDiffer, Columns: []report.Column{
			{Status: report.ColumnAdded}, {Status: report.TypeChanged}, {Status: report.Common},
		}},
		{Name: "one column", Verdict: report.ColumnsDiffer, Columns: []report.Column{{Status: report.ColumnRemoved}, {Status: report.Ignored}}},
		{Name: "history", Verdict: report.HistoryDiffers},
		{Name: "removed", Verdict: report.Removed},
		{Name: "added", Verdict: report.Added},
		{Name: "not built", Verdict: report.NotBuilt},
		{Name: "same counts", Verdict: report.SameCounts},
		{Name: "same columns", Verdict: report.SameColumns},
		{Name: "tolerated", Verdict: report.WithinLimits},
		{Name: "other schema", Verdict: report.SameButSchema},
		{Name: "same", Verdict: report.Same},
		{Name: "same code", Verdict: report.SameCode},
	}
	for range 50 {
		got := slices.Clone(want)
		rand.Shuffle(len(got), func(i, j int) { got[i], got[j] = got[j], got[i] })
		report.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("(-want +got)\n%s", diff)
		}
	}
}

func TestRedAndFailed(t *testing.T) {
	red := []report.Verdict{report.Differs, report.ColumnsDiffer, report.HistoryDiffers, report.Removed, report.Added}
	for _, v := range report.Verdicts {
		r := report.Report{Comparisons: []report.Comparison{{}, {Relations: []report.Relation{{Verdict: report.Same}, {Verdict: v}}}}}
		if got, want := r.Red(), slices.Contains(red, v); got != want {
			t.Errorf("%s: red is %t", v, got)
		}
		if got, want := r.Failed(), v == report.Unknown; got != want {
			t.Errorf("%s: failed is %t", v, got)
		}
	}
}

func TestHeadline(t *testing.T) {
	tests := []struct {
		verdicts []report.Verdict
		want     string
	}{
		{nil, "no relation"},
		{[]report.Verdict{report.Same, report.Differs}, "1 differs, 1 same"},
		{[]report.Verdict{report.SameCode, report.Differs, report.Unknown, report.Differs}, "1 unknown, 2 differ, 1 same code"},
		{report.Verdicts, "1 unknown, 1 differs, 1 with other columns, 1 with another history, 1 removed, 1 added, 1 equal within tolerance, 1 same but for the schema, 1 not built, 1 with the same counts, 1 with the same columns, 1 same, 1 same code, 1 same relation"},
		{slices.Repeat([]report.Verdict{report.Same}, 1234), "1,234 same"},
	}
	for _, test := range tests {
		var c report.Comparison
		for _, v := range test.verdicts {
			c.Relations = append(c.Relations, report.Relation{Verdict: v})
		}
		if got := c.Headline(); got != test.want {
			t.Errorf("%v: %s, want %s", test.verdicts, got, test.want)
		}
	}
}

func TestWords(t *testing.T) {
	relation := report.Relation{Columns: []report.Column{
		{Name: "few", Differ: ptr[int64](2)},
		{Name: "none", Differ: ptr[int64](0)},
		{Name: "own", Own: true},
		{Name: "many", Differ: ptr[int64](7)},
		{Name: "not counted"},
	}}
	var differing []string
	for _, c := range relation.Differing() {
		differing = append(differing, c.Name)
	}
	if diff := cmp.Diff([]string{"many", "few", "own"}, differing); diff != "" {
		t.Errorf("columns that differ:\n%s", diff)
	}

	tests := []struct{ name, got, want string }{
		{"no changes", (&report.Changes{Changed: ptr[int64](0)}).String(), ""},
		{"not counted", (*report.Changes)(nil).String(), ""},
		{"all", (&report.Changes{Added: 1000, Removed: 2, Changed: ptr[int64](3)}).String(), "+1,000 −2 ~3"},
		{"without a key", (&report.Changes{Added: 1, Removed: 2}).String(), "+1 −2"},
		{"rows", report.Relation{Rows: &report.Counts{Baseline: 1000, Candidate: 1001}}.RowCounts(), "1,000 → 1,001"},
		{"as many rows", report.Relation{Rows: &report.Counts{Baseline: 5, Candidate: 5}}.RowCounts(), "5"},
		{"no rows", report.Relation{Rows: &report.Counts{}}.RowCounts(), "0"},
		{"rows of what was added", report.Relation{Verdict: report.Added, Rows: &report.Counts{Candidate: 5}}.RowCounts(), "- → 5"},
		{"rows of what was removed", report.Relation{Verdict: report.Removed, Rows: &report.Counts{Baseline: 5}}.RowCounts(), "5 → -"},
		{"rows not counted", report.Relation{}.RowCounts(), ""},
		{"title", report.Relation{Verdict: report.Differs, Inputs: report.InputsSame}.Title(), "differs"},
		{"title with other inputs", report.Relation{Verdict: report.Differs, Inputs: report.InputsDiffer}.Title(), "differs (inputs differ too)"},
		{"title with unknown inputs", report.Relation{Verdict: report.Differs, Inputs: report.InputsUnknown}.Title(), "differs (inputs unknown)"},
		{"join", report.Relation{Rung: report.ByJoin, Key: &report.Key{Columns: []string{"a", "b"}}}.Decided(), "join on a, b"},
		{"key not used", report.Relation{Rung: report.ByGroup, Key: &report.Key{Columns: []string{"a"}, Problem: "twice"}}.Decided(), "group by"},
		{"never built", report.Side{}.Built(), ""},
	}
	for _, test := range tests {
		if test.got != test.want {
			t.Errorf("%s: %q, want %q", test.name, test.got, test.want)
		}
	}
}

func TestBuilt(t *testing.T) {
	at := func(text string) time.Time {
		parsed, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return parsed
	}
	tests := []struct{ first, last, want string }{
		{"2026-03-02T12:00:01Z", "2026-03-02T12:00:59Z", "2026-03-02 12:00 UTC"},
		{"2026-03-02T12:00:01Z", "2026-03-02T12:59:59Z", "2026-03-02 12:00 to 12:59 UTC"},
		{"2026-03-02T23:00:00Z", "2026-03-03T01:00:00Z", "2026-03-02 23:00 to 2026-03-03 01:00 UTC"},
		{"2026-03-03T01:00:00+02:00", "2026-03-03T01:30:00+02:00", "2026-03-02 23:00 to 23:30 UTC"},
	}
	for _, test := range tests {
		if got := (report.Side{First: at(test.first), Last: at(test.last)}).Built(); got != test.want {
			t.Errorf("%s to %s: %s, want %s", test.first, test.last, got, test.want)
		}
	}
	if got := (report.Side{Last: at("2026-03-02T12:00:01Z")}).Built(); got != "2026-03-02 12:00 UTC" {
		t.Errorf("the first is not known: %s", got)
	}
}

// The example is sorted, and has every verdict, status and kind.
func TestExample(t *testing.T) {
	r := example(t)
	for _, v := range report.Verdicts {
		if !slices.ContainsFunc(r.Comparisons, func(c report.Comparison) bool { return c.Count(v) > 0 }) {
			t.Errorf("no relation of the example is %s", v)
		}
	}
	for _, c := range r.Comparisons {
		sorted := slices.Clone(c.Relations)
		report.Sort(sorted)
		if diff := cmp.Diff(names(sorted), names(c.Relations)); diff != "" {
			t.Errorf("relations are not in order (-sorted +example):\n%s", diff)
		}
	}
}

// A term explains columns that are left out though nobody asked for it.
func TestTermOfSnapshots(t *testing.T) {
	ignored := func(name string) report.Comparison {
		return report.Comparison{
			Options:   report.Options{Ignore: []string{"Loaded_At"}},
			Relations: []report.Relation{{Verdict: report.Same, Columns: []report.Column{{Name: name, Status: report.Ignored}}}},
		}
	}
	if terms := ignored("loaded_at").Terms(); len(terms) > 0 {
		t.Errorf("the user's own choice is explained: %v", terms)
	}
	if terms := ignored("dbt_valid_from").Terms(); len(terms) != 1 || terms[0].Word != "snapshots" {
		t.Errorf("terms %v, want one about snapshots", terms)
	}
}

// Relations below one failed node are one line in a table and in a comment; a single one says why
// itself.
func TestSkipped(t *testing.T) {
	c := report.Comparison{Relations: []report.Relation{
		{Name: "raw_orders", Verdict: report.Unknown, Reason: "failed in dev@1234567"},
		{Name: "alone", Verdict: report.Unknown, Reason: "skipped: customers failed"},
		{Name: "a", Verdict: report.Unknown, Reason: "skipped: raw_orders failed"},
		{Name: "b", Verdict: report.Unknown, Reason: "skipped: raw_orders failed"},
		{Name: "b", Verdict: report.Unknown, Reason: "skipped: raw_orders failed"},
	}}
	rest, skipped := report.WithoutSkipped(c.Relations)
	if got := names(rest); !slices.Equal(got, []string{"raw_orders", "alone"}) {
		t.Errorf("the rest: %v", got)
	}
	want := "skipped since raw_orders failed: 3 relations"
	if len(skipped) != 1 || skipped[0].String() != want {
		t.Errorf("%v, want %q", skipped, want)
	}
	var b strings.Builder
	if err := report.Markdown(&b, report.Report{Comparisons: []report.Comparison{c}}); err != nil {
		t.Fatal(err)
	}
	if text := b.String(); strings.Count(text, "skipped since raw_orders failed") != 1 || strings.Contains(text, "| `a` |") {
		t.Errorf("the comment:\n%s", text)
	}
}
