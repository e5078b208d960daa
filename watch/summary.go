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

// How much the summary shows of nodes; dbt's log has everything.
const (
	shownFailures = 20
	shownLines    = 12
	shownSlowest  = 5
	// slow: without -v, only nodes that took at least this many seconds are shown.
	slow = 1.0
)

// Summary prints the run's result: failures with their reasons, the slowest nodes, and a table of the builds.
// builds tells whether the command builds anything.
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

// errors prints the failures in the order of the plan. After a cancellation it prints nothing, since then
// failures are expected.
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

// failure prints why a build's command failed, with dbt's message about each failed node.
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

// described is an error with another text.
type described struct {
	error
	text string
}

func (e described) Error() string { return e.text }
func (e described) Unwrap() error { return e.error }

// indented writes a message below a node's name. A long message is cut.
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

// slowest prints the nodes that took longest, if they were slow.
func (w *Watcher) slowest(all []outcome) {
	least := slow
	if w.Verbose {
		least = 0
	}
	var builds []*tracked
	for _, o := range all {
		if o.ran() {
			builds = append(builds, o.tracked)
		}
	}
	sayRows(w.Say, slowestRows(builds, least), func(int) ui.Style { return ui.Faint }, 0)
}

// SaySlowest prints the slowest nodes of a build's command after it has run.
func SaySlowest(say *ui.Printer, b *steps.Built) {
	sayRows(say, slowestRows([]*tracked{{Built: b}}, 0), func(int) ui.Style { return ui.Faint }, 0)
}

// slowestRows returns a row for each of the slowest nodes that took at least that many seconds. With few
// nodes it returns none.
func slowestRows(builds []*tracked, least float64) [][]string {
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

// table prints a line for each build, with its result.
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
		rows = append(rows, []string{string(o.status), o.Label, schema, time, what})
	}
	columns := 0
	if w.Region != nil {
		_, columns = w.Region.Room()
	}
	sayRows(w.Say, rows, func(row int) ui.Style { return all[row].status.style() }, columns)
}

// sayRows prints a table whose first column has a style. It cuts lines after so many columns;
// 0: it doesn't.
func sayRows(say *ui.Printer, rows [][]string, style func(row int) ui.Style, columns int) {
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
		if columns > 0 {
			line = ui.Cut(line, columns)
		}
		say.Line(line)
	}
}

func (s Status) style() ui.Style {
	switch s {
	case Failed:
		return ui.Bad
	case Blocked, Interrupted, NotRun, NothingToDo, Stopped:
		return ui.Warn
	}
	return ui.Good
}
