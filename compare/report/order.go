package report

import (
	"cmp"
	"math"
	"slices"
)

// Sort puts relations in order, the worst first: by verdict, then by how much
// differs, then by name.
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

// rank is a verdict's place among all; one that isn't known is the worst.
func (v Verdict) rank() int { return slices.Index(Verdicts, v) }

// size is how much of a relation differs: rows, or columns where rows weren't
// compared. It is for order alone.
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

// Folded reports whether there is no more to say of a relation with this
// verdict than that it has it, and how many have.
func (v Verdict) Folded() bool {
	switch v {
	case SameCounts, SameColumns, Same, SameCode:
		return true
	}
	return false
}

// Folded reports whether there is no more to say of a relation than its verdict:
// also of one that a side left out, and whose code is not known to have changed.
func (r Relation) Folded() bool {
	return r.Verdict.Folded() || r.Verdict == NotBuilt && len(r.Code) == 0
}

// Reshaped are the columns that only one side has, or whose type differs.
func (r Relation) Reshaped() []Column {
	var out []Column
	for _, c := range r.Columns {
		switch c.Status {
		case ColumnAdded, ColumnRemoved, TypeChanged:
			out = append(out, c)
		}
	}
	return out
}

// Differing are the columns whose values differ, those in the most rows first.
// Without a key how many rows is not known, and they are in the table's order.
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

// differ is in how many rows a column is known to differ.
func (c Column) differ() int64 {
	if c.Differ == nil {
		return 0
	}
	return *c.Differ
}

// KeyUsed are the columns that rows were told by, none if there was no key or
// it could not be used.
func (r Relation) KeyUsed() []string {
	if r.Key == nil || r.Key.Problem != "" {
		return nil
	}
	return r.Key.Columns
}

// Red reports whether the candidate differs from the baseline, for --exit-code.
func (c Comparison) Red() bool {
	return slices.ContainsFunc(c.Relations, func(r Relation) bool { return r.Verdict.Red() })
}

// Failed reports whether something could not be decided: that is an error,
// whether or not anything differs.
func (c Comparison) Failed() bool { return c.Count(Unknown) > 0 }

// Red reports whether a candidate differs from the baseline.
func (r Report) Red() bool { return slices.ContainsFunc(r.Comparisons, Comparison.Red) }

// Failed reports whether something could not be decided.
func (r Report) Failed() bool { return slices.ContainsFunc(r.Comparisons, Comparison.Failed) }
