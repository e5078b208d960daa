package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"
)

// Sort sorts relations, the worst first: by verdict, then by how much differs, then by
// name.
func Sort(relations []Relation) {
	slices.SortStableFunc(relations, func(a, b Relation) int {
		return cmp.Or(
			cmp.Compare(a.Verdict.rank(), b.Verdict.rank()),
			cmp.Compare(b.size(), a.size()),
			cmp.Compare(a.Name, b.Name),
			cmp.Compare(a.Node, b.Node),
		)
	})
}

// rank is a verdict's index in Verdicts. A verdict that isn't in there is the worst.
func (v Verdict) rank() int { return slices.Index(Verdicts, v) }

// size is how much of a relation differs, for sorting: rows, or columns if rows were
// not compared.
func (r Relation) size() float64 {
	switch {
	case r.Changes != nil:
		size := float64(r.Changes.Added) + float64(r.Changes.Removed)
		if r.Changes.Changed != nil {
			size += float64(*r.Changes.Changed)
		}
		return size
	case r.Rows != nil && r.Rows.Baseline != r.Rows.Candidate:
		return math.Abs(float64(r.Rows.Candidate) - float64(r.Rows.Baseline))
	}
	return float64(len(r.Reshaped()))
}

// Folded reports whether relations with this verdict are only counted in a report.
func (v Verdict) Folded() bool {
	switch v {
	case SameCounts, SameColumns, Same, SameCode, SameRelation:
		return true
	}
	return false
}

// Folded reports whether the relation is only counted in a report. This includes a
// relation that a side left out, unless its code is known to differ. A renamed one is shown.
func (r Relation) Folded() bool { return r.RenamedFrom == "" && r.unremarkable() }

// unremarkable reports whether the verdict is no reason to show the relation.
func (r Relation) unremarkable() bool {
	return r.Verdict.Folded() || r.Verdict == NotBuilt && len(r.Code) == 0
}

// A VerdictCount is the number of relations with a verdict.
type VerdictCount struct {
	Verdict Verdict
	Count   int
	// Folded is set if the verdict is no reason to show any of them.
	Folded bool
}

// Counts counts the relations by verdict. The verdicts that a report shows come first, then those
// that it only counts; in both groups the worst comes first.
func (c Comparison) Counts() []VerdictCount {
	var shown, folded []VerdictCount
	for _, v := range Verdicts {
		one := VerdictCount{Verdict: v, Folded: true}
		for _, r := range c.Relations {
			if r.Verdict == v {
				one.Count++
				one.Folded = one.Folded && r.unremarkable()
			}
		}
		switch {
		case one.Count == 0:
		case one.Folded:
			folded = append(folded, one)
		default:
			shown = append(shown, one)
		}
	}
	return append(shown, folded...)
}

// Skipped are relations that dbt skipped for the same reason.
type Skipped struct {
	Since string // raw_orders failed
	Names []string
}

// String writes them in a line.
func (s Skipped) String() string {
	return fmt.Sprintf("skipped since %s: %s relations", s.Since, humanize.Comma(int64(len(s.Names))))
}

// WithoutSkipped takes out relations that dbt skipped, if several were skipped for the same
// reason. It keeps the order.
func WithoutSkipped(relations []Relation) (rest []Relation, skipped []Skipped) {
	const mark = "skipped: " // see steps.Side
	names := map[string][]string{}
	for _, r := range relations {
		if strings.HasPrefix(r.Reason, mark) {
			names[r.Reason] = append(names[r.Reason], r.Name)
		}
	}
	said := map[string]bool{}
	for _, r := range relations {
		all := names[r.Reason]
		switch {
		case len(all) < 2:
			rest = append(rest, r)
		case !said[r.Reason]:
			said[r.Reason] = true
			skipped = append(skipped, Skipped{Since: strings.TrimPrefix(r.Reason, mark), Names: all})
		}
	}
	return rest, skipped
}

// Reshaped returns the columns that only one side has, or whose type differs. A renamed column is
// there once, with its new name.
func (r Relation) Reshaped() []Column {
	var out []Column
	for _, c := range r.Columns {
		if c.RenamedTo != "" {
			continue
		}
		switch c.Status {
		case ColumnAdded, ColumnRemoved, TypeChanged:
			out = append(out, c)
		}
	}
	return out
}

// Differing returns the columns whose values differ, those with the most rows first.
// Without a key the number of rows is unknown, and the columns keep the table's order.
func (r Relation) Differing() []Column {
	var out []Column
	for _, c := range r.Columns {
		if c.differ() > 0 || c.Own {
			out = append(out, c)
		}
	}
	slices.SortStableFunc(out, func(a, b Column) int { return cmp.Compare(b.differ(), a.differ()) })
	return out
}

// differ is the number of rows in which the column is known to differ.
func (c Column) differ() int64 {
	if c.Differ == nil {
		return 0
	}
	return *c.Differ
}

// KeyUsed returns the key's columns; none if there was no key or it could not be used.
func (r Relation) KeyUsed() []string {
	if r.Key == nil || r.Key.Problem != "" {
		return nil
	}
	return r.Key.Columns
}

// Red reports whether the candidate differs from the baseline, for --exit-code: in a
// relation, or by a test that fails only there.
func (c Comparison) Red() bool {
	return c.Tests.NewFailures() > 0 || slices.ContainsFunc(c.Relations, Relation.Red)
}

// Red reports whether a candidate's relation differs from the baseline's. A renamed one does: who
// reads it by its old name finds nothing.
func (r Relation) Red() bool { return r.Verdict.Red() || r.RenamedFrom != "" }

// Failed reports whether a verdict is unknown, or the dbt of an upgrade check can't read the
// project. That is an error, whether or not anything differs.
func (c Comparison) Failed() bool {
	return c.Count(Unknown) > 0 || c.Upgrade != nil && (c.Upgrade.Stopped != "" || c.Upgrade.Errors())
}

// Red reports whether a candidate differs from the baseline.
func (r Report) Red() bool { return slices.ContainsFunc(r.Comparisons, Comparison.Red) }

// Failed reports whether a verdict is unknown.
func (r Report) Failed() bool { return slices.ContainsFunc(r.Comparisons, Comparison.Failed) }
