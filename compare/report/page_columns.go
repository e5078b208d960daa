package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// namedColumns is how many differing columns a row names.
const namedColumns = 3

// ColumnsSay lists the columns that differ, for the relation's row.
func (r *pageRelation) ColumnsSay() []string {
	if r.Verdict == Added || r.Verdict == Removed {
		return nil // all of them
	}
	values := slices.DeleteFunc(r.Differing(), func(c Column) bool { return c.Status != Common })
	columns := slices.Concat(r.Reshaped(), values)
	var out []string
	for _, c := range columns {
		if len(out) == namedColumns {
			out = append(out, fmt.Sprintf("and %d more", len(columns)-namedColumns))
			break
		}
		switch {
		case c.RenamedFrom != "":
			out = append(out, c.Renaming())
		case c.Status == ColumnAdded:
			out = append(out, "+"+c.Name)
		case c.Status == ColumnRemoved:
			out = append(out, "−"+c.Name)
		case c.Status == TypeChanged:
			out = append(out, c.Name+" (type)")
		case c.Differ != nil:
			out = append(out, c.Name+" "+number(*c.Differ))
		default:
			out = append(out, c.Name)
		}
	}
	return out
}

// How many columns of a relation are shown.
const (
	columnsShown = 80
	columnsDrawn = 12
)

// compared is the page's part about a relation's columns.
type compared struct {
	Shown []pageColumn // with a line each, in their order
	Drawn []pageColumn // with a histogram
	Equal []string     // sentences that name the columns without further details
	// Cut and CutDrawn are how many columns of Shown and Drawn are left out.
	Cut, CutDrawn int64
}

// Compared returns the part about the columns; nil if no columns are known.
func (r *pageRelation) Compared() *compared {
	if len(r.Relation.Columns) == 0 {
		return nil
	}
	out := &compared{}
	names := map[string][]string{}
	alone := r.Verdict == Added || r.Verdict == Removed
	for _, c := range r.Relation.Columns {
		if c.RenamedTo != "" {
			continue // it is shown with its new name
		}
		if c.Status == Common && !c.Own && c.differ() == 0 && c.Before == nil && c.After == nil {
			what := r.equal(c)
			names[what] = append(names[what], c.Name)
			continue
		}
		column := pageColumn{c, r.matched(), alone, newHistogram(c.Before, c.After)}
		out.Shown = append(out.Shown, column)
		if c.Before != nil || c.After != nil {
			out.Drawn = append(out.Drawn, column)
		}
	}
	out.Shown, out.Cut = mostDiffering(out.Shown, columnsShown)
	out.Drawn, out.CutDrawn = mostDiffering(out.Drawn, columnsDrawn)
	for _, what := range []string{sameInAll, butSchema, sameInBoth, tolerated, notCompared} {
		if len(names[what]) > 0 {
			out.Equal = append(out.Equal, what+clip(strings.Join(names[what], ", "), 2000))
		}
	}
	return out
}

// mostDiffering returns at most so many columns, those that differ most, and how many
// are left out.
func mostDiffering(columns []pageColumn, most int) (kept []pageColumn, cut int64) {
	if len(columns) <= most {
		return columns, 0
	}
	kept = slices.Clone(columns)
	slices.SortStableFunc(kept, func(a, b pageColumn) int { return cmp.Compare(b.differ(), a.differ()) })
	return kept[:most], int64(len(columns) - most)
}

// Labels for columns without further details.
const (
	sameInAll   = "The same in all rows: "
	sameInBoth  = "The same in every row that both sides have: "
	tolerated   = "Equal within the tolerance in every row that both sides have: "
	butSchema   = "The same in all rows but for the name of each build's schema: "
	notCompared = "On both sides, not compared one by one: "
)

// equal returns a column's label, which claims no more than is known.
func (r *pageRelation) equal(c Column) string {
	switch {
	case r.Verdict == SameButSchema && c.HoldsSchema:
		return butSchema
	case r.Verdict == Same, r.Verdict == SameButSchema, r.Verdict == ColumnsDiffer && r.Rung == ByContent:
		return sameInAll
	case r.tolerates(c) && (c.Differ != nil || r.Verdict == WithinLimits):
		return tolerated
	case r.Verdict == WithinLimits:
		return sameInAll
	case c.Differ != nil, r.Rung == ByJoin && slices.Contains(r.KeyUsed(), c.Name):
		return sameInBoth
	}
	return notCompared
}

// tolerates reports whether a column's values may differ within the tolerance and
// still count as equal.
func (r *pageRelation) tolerates(c Column) bool {
	_, all := r.comparison.Options.Tolerance[""]
	_, own := r.comparison.Options.Tolerance[c.Name]
	return (all || own) && (r.Rung != ByJoin || !slices.Contains(r.KeyUsed(), c.Name))
}

// matched is how many rows both sides have, by the key; 0 if that is unknown.
func (r *pageRelation) matched() int64 {
	if r.Rows == nil || r.Changes == nil || r.Changes.Changed == nil {
		return 0
	}
	return max(0, r.Rows.Candidate-r.Changes.Added)
}

// pageColumn is a column with a line of its own.
type pageColumn struct {
	Column
	matched   int64
	alone     bool // only one side has the relation
	Histogram *histogram
}

// Class names the column's status in style.
func (c pageColumn) Class() string {
	if c.alone {
		return ""
	}
	return strings.ReplaceAll(string(c.Status), " ", "-")
}

// Says describes the column: its type, or how it changed.
func (c pageColumn) Says() string {
	switch {
	case c.alone:
		return c.Baseline + c.Candidate // one of them
	case c.RenamedFrom != "":
		return "was " + c.RenamedFrom + ": " + c.Candidate
	case c.Status == ColumnAdded:
		return "added: " + c.Candidate
	case c.Status == ColumnRemoved:
		return "removed: " + c.Baseline
	case c.Status == TypeChanged:
		return c.Baseline + " → " + c.Candidate
	case c.Status == Ignored:
		return "ignored"
	}
	return c.Candidate
}

// DifferSays says in how many rows the column differs.
func (c pageColumn) DifferSays() string {
	switch {
	case c.Own:
		return "values differ as a whole"
	case c.Differ == nil:
		return ""
	case c.matched == 0 || *c.Differ == 0:
		return number(*c.Differ)
	}
	return number(*c.Differ) + " (" + percent(*c.Differ, c.matched) + ")"
}

// Profiled reports whether the columns have profiles.
func (c *compared) Profiled() bool {
	return slices.ContainsFunc(c.Shown, func(c pageColumn) bool { return c.Profile != nil })
}

// Counted reports whether the rows that differ were counted, for any column.
func (c *compared) Counted() bool {
	return slices.ContainsFunc(c.Shown, func(c pageColumn) bool { return c.DifferSays() != "" })
}

// ProfileCells are the cells of a column's profile: the share of NULL, the number of different
// values, the smallest and the largest.
func (r *pageRelation) ProfileCells(c pageColumn) []string {
	if c.Profile == nil {
		return []string{"", "", "", ""}
	}
	nulls := ""
	if rows := r.Rows; rows != nil && rows.Candidate > 0 {
		nulls = percent(c.Profile.Nulls, rows.Candidate)
	}
	return []string{nulls, number(c.Profile.Distinct), clip(c.Profile.Min, 120), clip(c.Profile.Max, 120)}
}

// barWidth is the width of the bar of a column that differs in all rows.
const barWidth = 120

// Bar is the width of the column's bar; 0 for no bar. It is large enough to be seen if
// the column differs at all.
func (c pageColumn) Bar() float64 {
	if c.matched == 0 || c.differ() == 0 {
		return 0
	}
	return math.Round(10*max(2, barWidth*min(1, float64(*c.Differ)/float64(c.matched)))) / 10
}

// histogram is two distributions, drawn over each other: the baseline as a line, the
// candidate as bars.
type histogram struct {
	Before, After   string // paths; "" for none
	Least, Greatest string
}

// The size of a histogram, without the text below it.
const (
	histogramWidth  = 240
	histogramHeight = 56
)

// newHistogram returns nil if there is nothing to draw.
func newHistogram(before, after *Distribution) *histogram {
	var none Distribution
	if before == nil {
		before = &none
	}
	if after == nil {
		after = &none
	}
	most := slices.Max(slices.Concat([]int64{0}, before.Bins, after.Bins))
	if most <= 0 {
		return nil
	}
	h := &histogram{Before: steps(before.Bins, most), After: steps(after.Bins, most)}
	var least, greatest *float64
	for _, d := range []*Distribution{before, after} {
		if d.Min != nil && (least == nil || *d.Min < *least) {
			least = d.Min
		}
		if d.Max != nil && (greatest == nil || *d.Max > *greatest) {
			greatest = d.Max
		}
	}
	h.Least, h.Greatest = figure(least), figure(greatest)
	return h
}

// steps returns the path of bins. most is the content of the drawing's fullest bin.
func steps(bins []int64, most int64) string {
	if len(bins) == 0 {
		return ""
	}
	var path strings.Builder
	fmt.Fprintf(&path, "M0 %d", histogramHeight)
	for i, n := range bins {
		height := float64(n) / float64(most) * (histogramHeight - 2)
		if n > 0 {
			height = max(1, height) // so that it can be seen
		}
		fmt.Fprintf(&path, "V%sH%s", coordinate(histogramHeight-height), coordinate(histogramWidth*float64(i+1)/float64(len(bins))))
	}
	fmt.Fprintf(&path, "V%d", histogramHeight)
	return path.String()
}

// coordinate writes a number for a drawing.
func coordinate(f float64) string {
	return strconv.FormatFloat(math.Round(f*10)/10, 'f', -1, 64)
}

// Sides returns both distributions.
func (c pageColumn) Sides() []pageDistribution {
	var out []pageDistribution
	if c.Before != nil {
		out = append(out, pageDistribution{"baseline", *c.Before})
	}
	if c.After != nil {
		out = append(out, pageDistribution{"candidate", *c.After})
	}
	return out
}

// pageDistribution is a line of figures below a histogram.
type pageDistribution struct {
	Side string
	Distribution
}

// Figures returns the figures as they are shown: minimum, mean, maximum, nulls.
func (d pageDistribution) Figures() []string {
	return []string{figure(d.Min), figure(d.Mean), figure(d.Max), number(d.Nulls)}
}
