// Package table shows a report to a person at a terminal: for each comparison a
// table of the relations that aren't the same, the worst first. It knows reports and
// terminals; it must not know how a comparison is made, nor the other formats.
package table

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"dot-for-dbt/compare/report"
	"dot-for-dbt/internal/text"
	"dot-for-dbt/internal/ui"
)

// Limits of a relation's details.
const (
	shownCode   = 3   // differences of the code, unless verbose
	shownReason = 600 // columns of a reason, unless verbose
	shownValue  = 40  // columns of a value
)

// A View is how a person sees the table.
type View struct {
	Colors  *ui.Printer // paints, or doesn't
	Width   int         // of the terminal; 0: no limit
	Verbose bool
	NoHints bool // leaves out what to type next
	Now     time.Time
}

// Write writes a report: a table for each comparison, then hints for the next step.
func Write(w io.Writer, r report.Report, v View) error {
	var text bytes.Buffer
	table{v, v.Colors.To(&text)}.show(r)
	_, err := text.WriteTo(w)
	return err
}

// table writes one report.
type table struct {
	View
	out *ui.Printer
}

func (t table) show(r report.Report) {
	for i, c := range r.Comparisons {
		if i > 0 {
			t.out.Line("")
		}
		t.comparison(c)
	}
	if t.NoHints {
		return
	}
	for _, hint := range nextSteps(r) {
		t.out.Hint(hint)
	}
}

func (t table) comparison(c report.Comparison) {
	t.sides(c)
	if words := optionWords(c.Options); len(words) > 0 {
		t.text(ui.Faint, "", "compared with "+strings.Join(words, " "))
	}
	for _, warning := range c.Warnings {
		t.out.Warning(warning)
	}
	t.upgrade(c.Upgrade)
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
	shown, skipped := report.WithoutSkipped(shown)
	t.relations(shown)
	for _, s := range skipped {
		t.text(verdictStyle(report.Unknown), "", s.String())
		t.names(s.Names)
	}
	all := ""
	if !c.Options.All {
		all = " (--all compares it, too)"
	}
	t.fold(report.NotBuilt, "not built (a side's runs left them out)", "", folded)
	t.fold(report.SameCounts, "same counts, data not compared", "", folded)
	t.fold(report.SameColumns, "same columns, data not compared", "", folded)
	t.fold(report.Same, "same", "", folded)
	t.fold(report.SameCode, "same code, data not compared", all, folded)
	t.fold(report.SameRelation, "same relation on both sides", "", folded)
	t.tests(c)
	for _, term := range c.Terms() {
		t.text(ui.Faint, "", term.Word+": "+term.Means)
	}
	t.text(nil, "", fmt.Sprintf("%s: %s", counted(len(relations), "relation"), c.Headline()))
	if line := c.Conclusion(); line != "" {
		style := ui.Good
		if c.Red() || c.Failed() {
			style = ui.Bad
		}
		t.text(style, "", line)
	}
	if line := c.Begins(); line != "" {
		t.text(nil, "", line)
	}
}

// sides prints the two sides: A is the baseline, B the candidate.
func (t table) sides(c report.Comparison) {
	var rows [][]string
	for _, s := range []struct {
		letter string
		report.Side
	}{{"A", c.Baseline}, {"B", c.Candidate}} {
		subject := ui.Inline(s.Subject)
		if !s.Edited() && s.Commit != "" {
			subject = `"` + subject + `"`
		}
		name := s.Name
		if u := c.Upgrade; u != nil { // the builds differ in nothing else
			name = map[string]string{"A": u.From, "B": u.To}[s.letter]
		}
		rows = append(rows, []string{s.letter, ui.Inline(name), ui.Inline(s.Spec), subject})
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
	t.change(c.Change)
}

// change prints what lies between the two commits: in a line or, if verbose, with all commits and
// files.
func (t table) change(c *report.Change) {
	headline := c.Headline()
	if headline == "" {
		return
	}
	t.text(nil, "", headline)
	if behind := c.BehindSay(); behind != "" {
		t.text(ui.Faint, "   ", behind)
	}
	if !t.Verbose {
		return
	}
	for _, commit := range c.Commits {
		t.line("    ", t.out.Paint(ui.Faint, ui.Inline(commit.Short()))+" "+ui.Inline(commit.Subject))
	}
	var rows [][]string
	for _, f := range c.Files {
		rows = append(rows, []string{"    " + ui.Inline(f.Name()), f.Lines()})
	}
	for _, line := range ui.Columns(rows, nil) {
		t.line("", line)
	}
}

// built says how long ago a side was built, from its oldest relation to its newest.
func (t table) built(s report.Side) string {
	if s.Last.IsZero() {
		return ""
	}
	ago := func(at time.Time) string { return humanize.RelTime(at, t.Now, "ago", "from now") }
	if s.First.IsZero() || ago(s.First) == ago(s.Last) {
		return ago(s.Last)
	}
	return ago(s.First) + " to " + ago(s.Last)
}

// fold prints the number of relations that have no line of their own. If verbose, it
// names them.
func (t table) fold(v report.Verdict, label, hint string, folded map[report.Verdict][]string) {
	names := folded[v]
	if len(names) == 0 {
		return
	}
	t.line("", t.out.Paint(verdictStyle(v), label+":")+" "+counted(len(names), "relation")+hint)
	t.names(names)
}

// names lists relations that have no line of their own, if verbose.
func (t table) names(names []string) {
	if t.Verbose {
		t.text(ui.Faint, "    ", strings.Join(names, ", "))
	}
}

// optionWords writes the options as flags. --where comes with its condition.
func optionWords(o report.Options) []string {
	words := o.Words()
	if i := slices.Index(words, "--where"); i >= 0 {
		words[i] = "--where " + text.ShellQuote([]string{o.Where})
	}
	return words
}

// nextSteps returns hints for the reader's next step.
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
		hints = append(hints, "the full report: -o report.html")
	}
	return hints
}

// tests lists the candidate's failed tests.
func (t table) tests(c report.Comparison) {
	headline := c.Tests.Headline()
	if headline == "" {
		return
	}
	t.text(verdictStyle(report.Differs), "", headline+":")
	var rows [][]string
	for _, failed := range c.Tests.Failed[:min(len(c.Tests.Failed), t.shownTests())] {
		rows = append(rows, []string{"    " + ui.Inline(failed.Name), failed.String()})
	}
	for _, line := range ui.Columns(rows, nil) {
		t.line("", line)
	}
	if more := len(c.Tests.Failed) - len(rows); more > 0 {
		t.text(ui.Faint, "    ", fmt.Sprintf("and %d more (-v shows all)", more))
	}
}

// shownTests is how many failed tests are listed.
func (t table) shownTests() int {
	if t.Verbose {
		return math.MaxInt
	}
	return 10
}
