package table

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"dot-for-dbt/compare/report"
	"dot-for-dbt/internal/ui"
)

// row prints a row of the sample: its key, then its values. Of a changed row it
// prints only the values that changed.
func (t table) row(r report.Relation, row report.Row) {
	sign, style := "~", ui.Warn
	switch row.Kind {
	case report.RowAdded:
		sign, style = "+", ui.Good
	case report.RowRemoved:
		sign, style = "−", ui.Bad
	}
	line := "    " + t.out.Paint(style, sign) + " "
	if row.Times > 1 {
		line += fmt.Sprintf("%d× ", row.Times)
	}
	key := r.KeyUsed()
	var told, values []string
	for _, name := range key {
		value, ok := row.Candidate[name]
		if !ok {
			value = row.Baseline[name]
		}
		told = append(told, ui.Inline(name)+" "+t.value(value))
	}
	for _, name := range sampleColumns(r, row) {
		switch {
		case slices.Contains(key, name):
		case row.Kind == report.RowChanged:
			if before, after := row.Baseline[name], row.Candidate[name]; !equal(before, after) {
				from, to := t.values(before, after)
				values = append(values, fmt.Sprintf("%s %s → %s", ui.Inline(name), from, to))
			}
		default:
			value, ok := row.Candidate[name]
			if !ok {
				value = row.Baseline[name]
			}
			values = append(values, ui.Inline(name)+" "+t.value(value))
		}
	}
	if len(told) > 0 {
		line += strings.Join(told, ", ")
		if len(values) > 0 {
			line += ": "
		}
	}
	t.line("", line+strings.Join(values, ", "))
}

// sampleColumns are the columns of a row in the table's order. For a changed row,
// columns that are known not to differ are left out.
func sampleColumns(r report.Relation, row report.Row) []string {
	names := slices.Sorted(maps.Keys(row.Baseline))
	for _, name := range slices.Sorted(maps.Keys(row.Candidate)) {
		if _, both := row.Baseline[name]; !both {
			names = append(names, name)
		}
	}
	place := map[string]int{}
	skip := map[string]bool{}
	for i, c := range r.Columns {
		place[c.Name] = i - len(r.Columns) // those that the report doesn't know come last
		// Values within the tolerance are no change, nor is a column that only one
		// side has.
		skip[c.Name] = row.Kind == report.RowChanged && (c.Status == report.Ignored || c.Status == report.ColumnAdded ||
			c.Status == report.ColumnRemoved || c.Differ != nil && *c.Differ == 0)
	}
	names = slices.DeleteFunc(names, func(name string) bool { return skip[name] })
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(place[a], place[b]) })
	return names
}

func equal(a, b *string) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

// value shows a value. A bare NULL is the database's; a text that could be mistaken
// for it, is empty or has spaces around it stands in quotes.
func (t table) value(v *string) string {
	text := quotedValue(v)
	if t.Width == 0 {
		return text
	}
	return ui.Cut(text, shownValue)
}

// values shows two values that differ. If they begin with the same long text, only
// its end is shown.
func (t table) values(before, after *string) (from, to string) {
	const context = 10
	from, to = quotedValue(before), quotedValue(after)
	if t.Width == 0 || max(ui.Width(from), ui.Width(to)) <= shownValue {
		return from, to
	}
	a, b := []rune(from), []rune(to)
	common := 0
	for common < min(len(a), len(b)) && a[common] == b[common] {
		common++
	}
	if common > context {
		from, to = "…"+string(a[common-context:]), "…"+string(b[common-context:])
	}
	return ui.Cut(from, shownValue), ui.Cut(to, shownValue)
}

func quotedValue(v *string) string {
	if v == nil {
		return "NULL"
	}
	text := ui.Inline(*v)
	if text == "" || text == "NULL" || strings.TrimSpace(text) != text {
		return "'" + text + "'"
	}
	return text
}
