package report

import (
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// How much of a sample is shown.
const (
	sampleRows    = 100
	sampleColumns = 40
	sampleValue   = 120 // characters
)

// sampleTable is the sample as a table: the key first, then columns that
// changed, then the others.
type sampleTable struct {
	Columns []string
	Rows    []sampleRow
	Times   bool // the rows say how often they occur
	// CutRows and CutColumns are how many are not shown.
	CutRows, CutColumns int
}

// sampleRow is a row of the table.
type sampleRow struct {
	Kind  RowKind
	Times string
	Cells []sampleCell
}

// sampleCell is a value, or both sides' values if it changed.
type sampleCell struct {
	Changed    bool
	Known      bool // the report has a value for it
	Old, Value sampleText
}

// sampleText is a value as it is shown.
type sampleText struct {
	Null bool
	Text string
}

// newSampleTable returns nil if there is no sample.
func newSampleTable(r Relation) *sampleTable {
	if len(r.Sample) == 0 {
		return nil
	}
	columns := sampleOrder(r)
	rows := r.Sample[:min(len(r.Sample), sampleRows)]
	t := &sampleTable{
		Columns:    columns[:min(len(columns), sampleColumns)],
		CutRows:    len(r.Sample) - len(rows),
		CutColumns: max(0, len(columns)-sampleColumns),
	}
	for _, row := range rows {
		shown := sampleRow{Kind: row.Kind}
		if row.Times > 0 {
			t.Times = true
			shown.Times = number(row.Times) + "×"
		}
		for _, column := range t.Columns {
			shown.Cells = append(shown.Cells, newSampleCell(row, column))
		}
		t.Rows = append(t.Rows, shown)
	}
	return t
}

// sampleOrder returns a sample's columns in the order in which they are shown.
func sampleOrder(r Relation) []string {
	present, changed := map[string]bool{}, map[string]bool{}
	for _, row := range r.Sample {
		for _, side := range []map[string]*string{row.Baseline, row.Candidate} {
			for column := range side {
				present[column] = true
				changed[column] = changed[column] || newSampleCell(row, column).Changed
			}
		}
	}
	var out []string
	take := func(column string) {
		if present[column] {
			out = append(out, column)
			delete(present, column)
		}
	}
	if r.Key != nil {
		for _, column := range r.Key.Columns {
			take(column)
		}
	}
	for _, c := range r.Columns {
		if changed[c.Name] {
			take(c.Name)
		}
	}
	for _, c := range r.Columns {
		take(c.Name)
	}
	return append(out, slices.Sorted(maps.Keys(present))...)
}

// newSampleCell returns the cell of a column in a row.
func newSampleCell(row Row, column string) sampleCell {
	before, inBefore := row.Baseline[column]
	after, inAfter := row.Candidate[column]
	switch {
	case inBefore && inAfter && !equalText(before, after):
		old, value := clipPair(before, after)
		return sampleCell{Changed: true, Known: true, Old: old, Value: value}
	case inAfter:
		return sampleCell{Known: true, Value: clipText(after)}
	case inBefore:
		return sampleCell{Known: true, Value: clipText(before)}
	}
	return sampleCell{}
}

func equalText(a, b *string) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

func clipText(text *string) sampleText {
	if text == nil {
		return sampleText{Null: true}
	}
	return sampleText{Text: clip(*text, sampleValue)}
}

// clipPair clips both values so that the difference stays visible.
func clipPair(a, b *string) (old, value sampleText) {
	if a == nil || b == nil {
		return clipText(a), clipText(b)
	}
	same := 0
	for same < len(*a) && same < len(*b) {
		_, size := utf8.DecodeRuneInString((*a)[same:])
		if !strings.HasPrefix((*b)[same:], (*a)[same:same+size]) {
			break
		}
		same += size
	}
	const around = 20
	if utf8.RuneCountInString((*a)[:same]) <= sampleValue-around {
		return clipText(a), clipText(b)
	}
	start := same
	for range around {
		_, size := utf8.DecodeLastRuneInString((*a)[:start])
		start -= size
	}
	left, right := "…"+(*a)[start:], "…"+(*b)[start:]
	return clipText(&left), clipText(&right)
}
