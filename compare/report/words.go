package report

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
)

// Headline is how many relations have which verdict, the worst first: "2
// unknown, 1 differs, 40 same code". It is the same wherever it is shown.
func (c Comparison) Headline() string {
	var counts []string
	for _, v := range Verdicts {
		if n := c.Count(v); n > 0 {
			counts = append(counts, humanize.Comma(int64(n))+" "+v.of(n))
		}
	}
	if len(counts) == 0 {
		return "no relation"
	}
	return strings.Join(counts, ", ")
}

// of is the verdict said of n relations.
func (v Verdict) of(n int) string {
	switch v {
	case Differs:
		if n > 1 {
			return "differ"
		}
	case ColumnsDiffer:
		return "with other columns"
	case HistoryDiffers:
		return "with another history"
	case SameCounts:
		return "with the same counts"
	case SameColumns:
		return "with the same columns"
	}
	return string(v)
}

// Title is the verdict, and what is known of what the relation is made of: that
// may be at fault.
func (r Relation) Title() string {
	switch r.Inputs {
	case InputsDiffer:
		return string(r.Verdict) + " (inputs differ too)"
	case InputsUnknown:
		return string(r.Verdict) + " (inputs not known)"
	}
	return string(r.Verdict)
}

// Decided is how the verdict was come to: "join on order_id".
func (r Relation) Decided() string {
	if key := r.KeyUsed(); r.Rung == ByJoin && len(key) > 0 {
		return "join on " + strings.Join(key, ", ")
	}
	return string(r.Rung)
}

// RowCounts are the numbers of rows on both sides, "" where they were not
// counted. Of a side that doesn't have the relation there is a dash.
func (r Relation) RowCounts() string {
	if r.Rows == nil {
		return ""
	}
	before, after := humanize.Comma(r.Rows.Baseline), humanize.Comma(r.Rows.Candidate)
	switch {
	case r.Verdict == Added:
		before = "-"
	case r.Verdict == Removed:
		after = "-"
	case before == after:
		return before
	}
	return before + " → " + after
}

// String is the changes as they are shown: "+3 −12 ~512", "" where there is none.
func (c *Changes) String() string {
	if c == nil {
		return ""
	}
	var out []string
	add := func(sign string, n int64) {
		if n != 0 {
			out = append(out, sign+humanize.Comma(n))
		}
	}
	add("+", c.Added)
	add("−", c.Removed)
	if c.Changed != nil {
		add("~", *c.Changed)
	}
	return strings.Join(out, " ")
}

// Words are the options as far as they aren't the default, but for Where: what
// stands there may be somebody's data.
func (o Options) Words() []string {
	var out []string
	list := func(name string, values []string) {
		if len(values) > 0 {
			out = append(out, name+" "+strings.Join(values, " "))
		}
	}
	flag := func(name string, set bool) {
		if set {
			out = append(out, name)
		}
	}
	flag("--merge-base", o.MergeBase)
	flag("--fresh", o.FreshlyBuilt)
	list("--select", o.Select)
	list("--exclude", o.Exclude)
	flag("--all", o.All)
	flag("--columns-only", o.ColumnsOnly)
	flag("--counts-only", o.CountsOnly)
	flag("--where", o.Where != "")
	list("--ignore-columns", o.Ignore)
	for _, column := range slices.Sorted(maps.Keys(o.Tolerance)) {
		limit := strconv.FormatFloat(o.Tolerance[column], 'g', -1, 64)
		if column != "" {
			limit = column + "=" + limit
		}
		out = append(out, "--tolerance "+limit)
	}
	if o.Sample > 0 {
		out = append(out, fmt.Sprintf("--sample %d", o.Sample))
	}
	return out
}

// Built is when the side was built, from its oldest relation to its newest, for
// where nobody knows what "ago" means; "" if that isn't known.
func (s Side) Built() string {
	if s.Last.IsZero() {
		return ""
	}
	const minute = "2006-01-02 15:04"
	first, last := s.First.UTC(), s.Last.UTC()
	from, to := first.Format(minute), last.Format(minute)
	switch {
	case s.First.IsZero() || from == to:
		return to + " UTC"
	case first.Format(time.DateOnly) == last.Format(time.DateOnly):
		to = last.Format("15:04")
	}
	return from + " to " + to + " UTC"
}

// A Term is a word of a report, and what it means.
type Term struct{ Word, Means string }

// Terms explains those words of a comparison that don't explain themselves.
func (c Comparison) Terms() []Term {
	var out []Term
	for _, t := range []struct {
		Term
		of func(Relation) bool
	}{
		{
			Term{"inputs differ too", "what it is made of isn't the same on both sides although its code is, so the sources have moved between the builds"},
			func(r Relation) bool { return r.Inputs == InputsDiffer },
		},
		{
			Term{"inputs not known", "what it is made of may have changed between the builds: a source, a view of one, or a relation that both read and that was written since"},
			func(r Relation) bool { return r.Inputs == InputsUnknown },
		},
		{
			Term{string(HistoryDiffers), "the code is the same, but it was built on top of other rows"},
			func(r Relation) bool { return r.Verdict == HistoryDiffers },
		},
	} {
		if slices.ContainsFunc(c.Relations, t.of) {
			out = append(out, t.Term)
		}
	}
	return out
}
