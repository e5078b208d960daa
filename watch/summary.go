package watch

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/ui"
	"dot-for-dbt/steps"
)

// How much is said of nodes at the end; all of it is in dbt's log.
const (
	shownFailures = 20
	shownLines    = 12
	shownSlowest  = 5
	// slow is how many seconds a node takes that is worth a line, unless more is
	// asked for.
	slow = 1.0
)

// Summary says what came of the run: what failed and why, the slowest nodes, and a table of the builds.
// builds says whether the command builds anything.
func (w *Watcher) Summary(r *graph.Result, builds bool) {
	all := w.board.outcomes(r, builds)
	w.errors(r, all)
	if v, ok := w.view.(*jsonView); ok {
		v.end(all)
		return
	}
	w.slowest(all)
	w.table(all)
}

// errors says what failed, in the order of the plan. After a cancellation that is no news.
func (w *Watcher) errors(r *graph.Result, all []outcome) {
	if r.Cancelled {
		return
	}
	for i, result := range r.Steps {
		if result.Outcome != graph.Broken {
			continue
		}
		step := r.Plan.Steps[i].Step.Name
		at := slices.IndexFunc(all, func(o outcome) bool { return o.Step == step })
		if at < 0 {
			w.Say.Error(fmt.Errorf("%s: %w", step, result.Err))
			continue
		}
		w.failure(all[at])
	}
}

// failure says why a build's command failed: with dbt's words about each node, and where there are more.
func (w *Watcher) failure(o outcome) {
	nodes := o.failedNodes()
	text := o.err.Error()
	for _, n := range nodes[:min(len(nodes), shownFailures)] {
		text += fmt.Sprintf("\n%s %s%s", n.Type, n.Name, indented(n.Message))
	}
	if more := len(nodes) - shownFailures; more > 0 {
		text += fmt.Sprintf("\nand %d more", more)
	}
	w.Say.Error(described{o.err, text})
}

// described is an error that is told in other words.
type described struct {
	error
	text string
}

func (e described) Error() string { return e.text }
func (e described) Unwrap() error { return e.error }

// indented is a message below a node's name, cut where it gets long.
func indented(message string) string {
	lines := strings.Split(strings.TrimRight(message, "\n"), "\n")
	if len(lines) > shownLines {
		lines = append(lines[:shownLines], "…")
	}
	text := ""
	for _, line := range lines {
		text += "\n  " + line
	}
	return text
}

// slowest says which nodes took longest, if they took long.
func (w *Watcher) slowest(all []outcome) {
	least := slow
	if w.Verbose {
		least = 0
	}
	var builds []*build
	for _, o := range all {
		if o.ran() {
			builds = append(builds, o.build)
		}
	}
	sayRows(w.Say, slowestRows(builds, least), func(int) ui.Style { return ui.Faint })
}

// SaySlowest says which nodes of a build's command, which has just run, took longest.
func SaySlowest(say *ui.Printer, b *steps.Built) {
	sayRows(say, slowestRows([]*build{{Built: b}}, 0), func(int) ui.Style { return ui.Faint })
}

// slowestRows are a row for each of the slowest nodes that took at least so many seconds, if there are more
// nodes than are shown.
func slowestRows(builds []*build, least float64) [][]string {
	type timed struct {
		ran
		on string
	}
	var nodes []timed
	for _, b := range builds {
		for _, n := range b.ranNodes() {
			if n.Seconds > 0 && !n.Status.Untouched() {
				nodes = append(nodes, timed{n, b.Name})
			}
		}
	}
	if len(nodes) <= shownSlowest {
		return nil
	}
	slices.SortStableFunc(nodes, func(a, b timed) int { return cmp.Compare(b.Seconds, a.Seconds) })
	var rows [][]string
	for _, n := range nodes[:shownSlowest] {
		if n.Seconds < least {
			break
		}
		rows = append(rows, []string{fmt.Sprintf("slowest %5.1fs", n.Seconds), n.on, n.Type, n.Name})
	}
	return rows
}

// table says what became of each build, a line each.
func (w *Watcher) table(all []outcome) {
	var rows [][]string
	for _, o := range all {
		time := "-"
		if o.took > 0 {
			time = took(o.took)
		}
		schema := o.Schema
		if schema == "" {
			schema = "-"
		}
		what := o.report.String()
		if o.why != "" {
			what = o.why
		}
		rows = append(rows, []string{string(o.status), o.Name, schema, time, what})
	}
	sayRows(w.Say, rows, func(row int) ui.Style { return all[row].status.style() })
}

// sayRows prints a table whose first column has a style.
func sayRows(say *ui.Printer, rows [][]string, style func(row int) ui.Style) {
	for _, row := range rows {
		for i := range row {
			row[i] = ui.Inline(row[i])
		}
	}
	for _, line := range ui.Columns(rows, func(row, column int, text string) string {
		if column > 0 {
			return text
		}
		return say.Paint(style(row), text)
	}) {
		say.Line(line)
	}
}

func (s Status) style() ui.Style {
	switch s {
	case Failed:
		return ui.Bad
	case Blocked, Interrupted, NotRun:
		return ui.Warn
	}
	return ui.Good
}
