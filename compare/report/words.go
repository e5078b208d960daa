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

// Headline counts the relations by verdict, in the order of Counts: "2 unknown, 1 differs,
// 40 same code". All formats show the same headline.
func (c Comparison) Headline() string {
	var counts []string
	failing, failed := c.failing()
	counts = append(counts, failing...)
	for _, v := range c.Counts() {
		if v.Verdict == Unknown {
			v.Count -= failed
		}
		if v.Count == 0 {
			continue
		}
		counts = append(counts, humanize.Comma(int64(v.Count))+" "+v.Verdict.of(v.Count))
	}
	switch {
	case len(counts) > 0:
	case c.Upgrade != nil && c.Upgrade.Stopped != "":
		return "nothing was compared"
	case slices.Equal(c.Options.Select, []string{"state:modified+"}): // --modified
		return "nothing modified"
	default:
		return "no relation"
	}
	return strings.Join(counts, ", ")
}

// of writes the verdict for n relations.
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

// Title is the verdict, plus a note if the inputs may explain it.
func (r Relation) Title() string {
	if r.Fails != "" {
		return "fails " + r.failsIn()
	}
	switch r.Inputs {
	case InputsDiffer:
		return string(r.Verdict) + " (inputs differ too)"
	case InputsUnknown:
		return string(r.Verdict) + " (inputs unknown)"
	}
	return string(r.Verdict)
}

// Named writes a name, and the old one if there is one: "orders (was sales)". write makes a name
// harmless.
func Named(write func(string) string, name, old string) string {
	if old == "" {
		return write(name)
	}
	return write(name) + " (was " + write(old) + ")"
}

// Renaming is the column's old name and its new one.
func (c Column) Renaming() string { return c.RenamedFrom + " → " + c.Name }

// Decided says how the verdict was reached: "join on order_id". It is "" where nothing was
// decided: of an unknown relation, whose Rung is how far the comparison came, and of one that
// only one side has.
func (r Relation) Decided() string {
	switch r.Verdict {
	case Unknown, Added, Removed, NotBuilt:
		return ""
	}
	if key := r.KeyUsed(); r.Rung == ByJoin && len(key) > 0 {
		return "join on " + strings.Join(key, ", ")
	}
	return string(r.Rung)
}

// RowCounts writes the numbers of rows on both sides, "" if they were not counted. A
// side without the relation has a dash.
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

// String writes the changes as they are shown: "+3 −12 ~512", "" if there are none.
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

// Words lists the options that aren't the default. The condition of --where is left
// out, since it may contain data.
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

// Built says when the side was built, from its oldest relation to its newest; "" if
// unknown. The times are absolute, for reports that are read later.
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

// Terms explains the less obvious words of a comparison.
func (c Comparison) Terms() []Term {
	var out []Term
	leftOut := func(column Column) bool {
		return column.Status == Ignored && !slices.ContainsFunc(c.Options.Ignore, func(name string) bool { return strings.EqualFold(name, column.Name) })
	}
	for _, t := range []struct {
		Term
		of func(Relation) bool
	}{
		{
			Term{"inputs differ too", "the inputs differ although their code is the same, so the sources changed between the builds"},
			func(r Relation) bool { return r.Inputs == InputsDiffer },
		},
		{
			Term{"inputs unknown", "the inputs may have changed between the builds: a source, a view of a source, or a relation that both sides read and that was written since"},
			func(r Relation) bool { return r.Inputs == InputsUnknown },
		},
		{
			Term{string(HistoryDiffers), "the code is the same, but it was built on other existing rows"},
			func(r Relation) bool { return r.Verdict == HistoryDiffers },
		},
		{
			Term{"snapshots", "columns in which dbt stores the times of its runs are not compared"},
			func(r Relation) bool { return slices.ContainsFunc(r.Columns, leftOut) },
		},
	} {
		if slices.ContainsFunc(c.Relations, t.of) {
			out = append(out, t.Term)
		}
	}
	return out
}
