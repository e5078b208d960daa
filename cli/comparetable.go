package cli

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"dot-for-dbt/compare/report"
	"dot-for-dbt/internal/text"
	"dot-for-dbt/internal/ui"
)

// From this width on a relation has one line; below it, two.
const wideTable = 100

// From this width on verdicts are said in full.
const roomyTable = 140

// How much is said of one relation, unless all of it is wanted.
const (
	shownCode   = 3   // what differs in the code
	shownReason = 600 // columns of a reason
	shownValue  = 40  // columns of a value
)

// How wide the cells are that may be shortened.
const (
	mostName     = 32
	leastName    = 12
	leastColumns = 16
	mostDecided  = 20
)

// compareTable shows a report to a person: a table of what isn't the same for
// each comparison, the worst first.
type compareTable struct {
	out     *ui.Printer
	width   int // of the terminal; 0: no limit
	verbose bool
	now     time.Time
}

func (a *app) compareTable() compareTable {
	return compareTable{
		out: ui.NewPrinter(a.Stdout, a.color, a.getenv), width: ui.LineWidth(a.Stdout), verbose: a.verbose, now: a.Now(),
	}
}

// show prints a report, and what to do next.
func (t compareTable) show(r report.Report) {
	for i, c := range r.Comparisons {
		if i > 0 {
			t.out.Line("")
		}
		t.comparison(c)
	}
	for _, hint := range nextSteps(r) {
		t.out.Hint(hint)
	}
}

func (t compareTable) comparison(c report.Comparison) {
	t.sides(c)
	if words := optionWords(c.Options); len(words) > 0 {
		t.text(ui.Faint, "", "compared with "+strings.Join(words, " "))
	}
	for _, warning := range c.Warnings {
		t.out.Warning(warning)
	}
	relations := slices.Clone(c.Relations)
	report.Sort(relations)
	var shown []report.Relation
	folded := map[report.Verdict][]string{}
	for _, r := range relations {
		if r.Folded() {
			folded[r.Verdict] = append(folded[r.Verdict], r.Name)
		} else {
			shown = append(shown, r)
		}
	}
	t.table(shown)
	all := ""
	if !c.Options.All {
		all = " (--all compares them too)"
	}
	t.fold("not built, since the runs of a side left them out", "", folded[report.NotBuilt])
	t.fold("same counts, data not looked at", "", folded[report.SameCounts])
	t.fold("same columns, data not looked at", "", folded[report.SameColumns])
	t.fold("same", "", folded[report.Same])
	t.fold("same code, not looked at", all, folded[report.SameCode])
	for _, term := range c.Terms() {
		t.text(ui.Faint, "", term.Word+": "+term.Means)
	}
	t.text(nil, "", fmt.Sprintf("%s: %s", counted(len(relations), "relation"), c.Headline()))
}

// sides says what is compared: A is the baseline, B the candidate.
func (t compareTable) sides(c report.Comparison) {
	var rows [][]string
	for _, s := range []struct {
		letter string
		report.Side
	}{{"A", c.Baseline}, {"B", c.Candidate}} {
		rows = append(rows, []string{s.letter, ui.Inline(s.Name), ui.Inline(s.Spec), `"` + ui.Inline(s.Subject) + `"`})
	}
	lines := ui.Columns(rows, nil)
	for i, s := range []report.Side{c.Baseline, c.Candidate} {
		t.line("", lines[i])
		where := "   schema " + ui.Inline(s.Schema)
		if built := t.built(s); built != "" {
			where += ", built " + built
		}
		t.line("", t.out.Paint(ui.Faint, where))
	}
}

// built is how long ago a side was built: from its oldest relation to its newest.
func (t compareTable) built(s report.Side) string {
	if s.Last.IsZero() {
		return ""
	}
	ago := func(at time.Time) string { return humanize.RelTime(at, t.now, "ago", "from now") }
	if s.First.IsZero() || ago(s.First) == ago(s.Last) {
		return ago(s.Last)
	}
	return ago(s.First) + " to " + ago(s.Last)
}

// table prints relations, and below each what there is to say of it.
func (t compareTable) table(relations []report.Relation) {
	if len(relations) == 0 {
		return
	}
	wide := t.width == 0 || t.width >= wideTable
	rows := [][]string{{"relation", "verdict", "rows A → B", "changes"}}
	if wide {
		rows[0] = append(rows[0], "columns that differ", "decided by")
	}
	for _, r := range relations {
		row := []string{ui.Inline(r.Name), t.verdict(r), dash(r.RowCounts()), dash(r.Changes.String())}
		if wide {
			row = append(row, dash(differing(r, 0)), ui.Inline(r.Decided()))
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
func (t compareTable) fit(rows [][]string, relations []report.Relation) {
	if t.width == 0 {
		return
	}
	const name, columns, decided = 0, 4, 5
	widest := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widest[i] = max(widest[i], ui.Width(cell))
		}
	}
	left := t.width - 2*(len(widest)-1)
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
func (t compareTable) verdict(r report.Relation) string {
	title := r.Title()
	if t.width > 0 && t.width < roomyTable {
		title = strings.NewReplacer(
			"(inputs differ too)", "(inputs too)", "(inputs not known)", "(inputs?)", "equal within", "within",
		).Replace(title)
	}
	return ui.Inline(title)
}

// verdictStyle is a verdict's colour.
func verdictStyle(v report.Verdict) ui.Style {
	switch v {
	case report.Differs, report.ColumnsDiffer, report.Removed:
		return ui.Bad
	case report.Unknown, report.HistoryDiffers, report.NotBuilt:
		return ui.Warn
	}
	return ui.Good
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

// secondLine says on a narrow terminal what has no room in the table. That there
// is a relation, or which columns it has, says the verdict.
func (t compareTable) secondLine(r report.Relation) {
	const indent = "    "
	columns, decided := differing(r, t.width-len(indent)), ui.Inline(r.Decided())
	switch {
	case columns != "":
		t.text(nil, indent, columns+" · "+decided)
	case decided != "" && r.Rung != report.ByColumns && r.Rung != report.ByCode:
		t.text(nil, indent, "decided by "+decided)
	}
}

// about says what there is to say of a relation besides.
func (t compareTable) about(r report.Relation) {
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
		if more := len(code) - shownCode; more > 0 && !t.verbose {
			code = append(slices.Clone(code[:shownCode]), fmt.Sprintf("%d more", more))
		}
		t.text(ui.Faint, indent, "code: "+strings.Join(code, ", "))
	}
	for _, row := range r.Sample {
		t.row(r, row)
	}
}

// reshaped says in words which columns came, went or have another type.
func reshaped(r report.Relation) string {
	by := map[report.ColumnStatus][]string{}
	for _, c := range r.Reshaped() {
		text := c.Name
		if c.Status == report.TypeChanged {
			text += fmt.Sprintf(" (%s → %s)", c.Baseline, c.Candidate)
		}
		by[c.Status] = append(by[c.Status], text)
	}
	var parts []string
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

// row prints a row of the sample: what tells it, then what changed.
func (t compareTable) row(r report.Relation, row report.Row) {
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

// sampleColumns are the columns of a row: in the table's order, without those
// that are known not to differ where that is the question.
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
		// What differs no more than is tolerated is no change, nor is a column that
		// only one side has.
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

// value is a value as it is shown: NULL is the database's, and in quotes is what
// would not be seen as it is.
func (t compareTable) value(v *string) string {
	text := quotedValue(v)
	if t.width == 0 {
		return text
	}
	return ui.Cut(text, shownValue)
}

// values are two values that differ, so that one sees where: of a long text that
// both begin with, the end is left.
func (t compareTable) values(before, after *string) (from, to string) {
	const context = 10
	from, to = quotedValue(before), quotedValue(after)
	if t.width == 0 || max(ui.Width(from), ui.Width(to)) <= shownValue {
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

// fold says how many relations there is nothing to say of, and which, if all of
// it is wanted.
func (t compareTable) fold(label, hint string, names []string) {
	if len(names) == 0 {
		return
	}
	t.line("", t.out.Paint(ui.Good, label+":")+" "+counted(len(names), "relation")+hint)
	if t.verbose {
		t.text(ui.Faint, "    ", strings.Join(names, ", "))
	}
}

// optionWords are the options, the condition of --where with them.
func optionWords(o report.Options) []string {
	words := o.Words()
	if i := slices.Index(words, "--where"); i >= 0 {
		words[i] = "--where " + text.ShellQuote([]string{o.Where})
	}
	return words
}

// nextSteps are what a reader may want next.
func nextSteps(r report.Report) []string {
	var hints []string
	rows := slices.ContainsFunc(r.Comparisons, func(c report.Comparison) bool {
		return c.Options.Sample == 0 && slices.ContainsFunc(c.Relations, func(r report.Relation) bool {
			return r.Changes != nil && r.Changes.String() != ""
		})
	})
	if rows {
		hints = append(hints, "see the rows: --sample 10")
	}
	if slices.ContainsFunc(r.Comparisons, func(c report.Comparison) bool { return c.Options.ColumnsOnly || c.Options.CountsOnly }) {
		hints = append(hints, "see whether the data differs: without --columns-only and --counts-only")
	}
	if r.Red() || r.Failed() {
		hints = append(hints, "the whole: --format html > report.html")
	}
	return hints
}

// brief is a text from outside as far as it is shown.
func (t compareTable) brief(text string) string {
	text = ui.Inline(strings.TrimSpace(text))
	if t.verbose {
		return text
	}
	return ui.Cut(text, shownReason)
}

// line prints a line, cut to the terminal's width.
func (t compareTable) line(indent, text string) {
	if t.width > 0 {
		text = ui.Cut(indent+text, t.width)
	} else {
		text = indent + text
	}
	t.out.Line(text)
}

// text prints text in a style, on as many lines as it takes.
func (t compareTable) text(s ui.Style, indent, text string) {
	for _, line := range wrap(ui.Inline(text), t.width-len(indent)) {
		if s != nil {
			line = t.out.Paint(s, line)
		}
		t.line(indent, line)
	}
}

// wrap breaks a text into lines of a width at its spaces; below 1 is no limit.
func wrap(text string, width int) []string {
	if width < 1 {
		return []string{text}
	}
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		switch {
		case line == "":
			line = word
		case ui.Width(line)+1+ui.Width(word) <= width:
			line += " " + word
		default:
			lines = append(lines, line)
			line = word
		}
	}
	return append(lines, line)
}

// counted is a number of things.
func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return humanize.Comma(int64(n)) + " " + noun + "s"
}

// dash stands where there is nothing.
func dash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}
