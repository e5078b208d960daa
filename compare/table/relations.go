package table

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"

	"dot-for-dbt/compare/report"
	"dot-for-dbt/internal/ui"
)

// From this width on a relation has one line; below it, two.
const wideTable = 100

// From this width on verdicts are said in full.
const roomyTable = 140

// Limits of the cells that may be shortened.
const (
	mostName     = 32
	leastName    = 12
	leastColumns = 16
	mostDecided  = 20
)

// relations prints a table of relations, with the details of each below its line.
func (t table) relations(relations []report.Relation) {
	if len(relations) == 0 {
		return
	}
	wide := t.Width == 0 || t.Width >= wideTable
	rows := [][]string{{"relation", "verdict", "rows A → B", "changes"}}
	if wide {
		rows[0] = append(rows[0], "columns that differ", "decided by")
	}
	for _, r := range relations {
		row := []string{report.Named(ui.Inline, r.Name, r.RenamedFrom), t.verdict(r), dash(r.RowCounts()), dash(r.Changes.String())}
		if wide {
			row = append(row, dash(differing(r, 0)), dash(ui.Inline(r.Decided())))
		}
		rows = append(rows, row)
	}
	t.fit(rows, relations)
	lines := ui.Columns(rows, func(row, column int, text string) string {
		switch {
		case row == 0:
			return t.out.Paint(ui.Faint, text)
		case column == 1:
			return t.out.Paint(verdictStyle(relations[row-1].Verdict), text)
		}
		return text
	})
	t.line("", lines[0])
	for i, r := range relations {
		t.line("", lines[i+1])
		if !wide {
			t.secondLine(r)
		}
		t.about(r)
	}
}

// fit shortens the cells that may be shortened until the table is as wide as
// the terminal.
func (t table) fit(rows [][]string, relations []report.Relation) {
	if t.Width == 0 {
		return
	}
	const name, columns, decided = 0, 4, 5
	widest := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widest[i] = max(widest[i], ui.Width(cell))
		}
	}
	left := t.Width - 2*(len(widest)-1)
	for _, width := range widest[name+1 : columns] {
		left -= width
	}
	if len(widest) == columns { // a narrow table: names have what is left
		for _, row := range rows {
			row[name] = ui.Cut(row[name], max(left, leastName))
		}
		return
	}
	widest[decided] = min(widest[decided], mostDecided)
	left -= widest[decided]
	widest[name] = min(widest[name], mostName, max(left-leastColumns, leastName))
	widest[columns] = max(left-widest[name], leastColumns)
	for i, row := range rows {
		if i > 0 {
			row[columns] = dash(differing(relations[i-1], widest[columns]))
		}
		for _, cell := range []int{name, columns, decided} {
			row[cell] = ui.Cut(row[cell], widest[cell])
		}
	}
}

// verdict is a relation's verdict in as many words as there is room for.
func (t table) verdict(r report.Relation) string {
	title := r.Title()
	if t.Width > 0 && t.Width < roomyTable {
		title = strings.NewReplacer(
			"(inputs differ too)", "(inputs too)", "(inputs unknown)", "(inputs?)", "equal within", "within", "but for the schema", "but schema",
		).Replace(title)
	}
	return ui.Inline(title)
}

// verdictStyle is a verdict's colour.
func verdictStyle(v report.Verdict) ui.Style {
	switch v {
	case report.Differs, report.ColumnsDiffer, report.Removed:
		return ui.Bad
	case report.Unknown, report.HistoryDiffers:
		return ui.Warn
	case report.Added, report.WithinLimits, report.SameButSchema:
		return ui.Good
	case report.NotBuilt:
		return ui.Faint
	}
	return nil // unchanged, which is no news
}

// differing lists the columns whose values differ, with the number of rows; as
// many as fit into a width, 0 for all.
func differing(r report.Relation, width int) string {
	var all []string
	for _, c := range r.Differing() {
		text := ui.Inline(c.Name)
		if c.Differ != nil {
			text += " " + humanize.Comma(*c.Differ)
		}
		all = append(all, text)
	}
	text := strings.Join(all, ", ")
	for n := len(all) - 1; n > 0 && width > 0 && ui.Width(text) > width; n-- {
		text = fmt.Sprintf("%s, +%d", strings.Join(all[:n], ", "), len(all)-n)
	}
	return text
}

// secondLine prints the cells that a narrow table has no room for. It leaves out
// "decided by" where the verdict says as much.
func (t table) secondLine(r report.Relation) {
	const indent = "    "
	columns, decided := differing(r, t.Width-len(indent)), ui.Inline(r.Decided())
	switch {
	case columns != "" && decided == "":
		t.text(nil, indent, columns)
	case columns != "":
		t.text(nil, indent, columns+" · "+decided)
	case decided != "" && r.Rung != report.ByColumns && r.Rung != report.ByCode:
		t.text(nil, indent, "decided by "+decided)
	}
}

// about prints the details of a relation.
func (t table) about(r report.Relation) {
	const indent = "    "
	if r.Reason != "" {
		t.text(nil, indent, t.brief(r.Reason))
	}
	if r.Key != nil && r.Key.Problem != "" {
		t.text(nil, indent, fmt.Sprintf("key %s not used: %s", strings.Join(r.Key.Columns, ", "), t.brief(r.Key.Problem)))
	}
	if r.Verdict != report.Added && r.Verdict != report.Removed { // all columns came or went with it
		if words := reshaped(r); words != "" {
			t.text(nil, indent, words)
		}
	}
	if len(r.Code) > 0 {
		code := r.Code
		if more := len(code) - shownCode; more > 0 && !t.Verbose {
			code = append(slices.Clone(code[:shownCode]), fmt.Sprintf("%d more", more))
		}
		t.text(ui.Faint, indent, "code: "+strings.Join(code, ", "))
	}
	for _, row := range r.Sample {
		t.row(r, row)
	}
}

// reshaped lists the columns that were renamed, added or removed or have another type.
func reshaped(r report.Relation) string {
	by := map[report.ColumnStatus][]string{}
	var parts, renamed []string
	for _, c := range r.Reshaped() {
		text := c.Name
		switch {
		case c.RenamedFrom != "":
			renamed = append(renamed, c.Renaming())
			continue
		case c.Status == report.TypeChanged:
			text += fmt.Sprintf(" (%s → %s)", c.Baseline, c.Candidate)
		}
		by[c.Status] = append(by[c.Status], text)
	}
	if len(renamed) > 0 {
		parts = append(parts, "columns renamed: "+strings.Join(renamed, ", "))
	}
	for _, kind := range []struct {
		status report.ColumnStatus
		words  string
	}{{report.ColumnAdded, "columns added"}, {report.ColumnRemoved, "columns removed"}, {report.TypeChanged, "type changed"}} {
		if names := by[kind.status]; len(names) > 0 {
			parts = append(parts, kind.words+": "+strings.Join(names, ", "))
		}
	}
	return strings.Join(parts, "; ")
}
