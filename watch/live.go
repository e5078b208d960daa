package watch

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/ui"
	"dot-for-dbt/steps"
)

// live returns the region's lines: one for each running step, and one that counts builds.
func (b *board) live(now time.Time, rows, columns int, say *ui.Printer) []string {
	if len(b.active) == 0 {
		return nil
	}
	shown := b.active
	if room := max(rows-1, 0); len(shown) > room {
		shown = shown[:max(room-1, 0)]
	}
	table := make([][]string, len(shown))
	for i, a := range shown {
		kind, subject := a.step.Title()
		far := a.progress()
		table[i] = []string{
			ui.Cut(ui.Inline(subject), max(12, columns/3)), ui.Inline(kind), count(far), elapsed(now.Sub(a.since)),
			cmp.Or(ui.Inline(strings.Join(far.Running, ", ")), Doing(a.step)),
		}
	}
	lines := ui.Columns(table, func(_, column int, text string) string {
		if column == 0 {
			return say.Paint(ui.Busy, text)
		}
		return text
	})
	if more := len(b.active) - len(shown); more > 0 && rows > 1 {
		lines = append(lines, say.Paint(ui.Faint, fmt.Sprintf("and %d more", more)))
	}
	return append(lines, say.Paint(ui.Faint, b.counts(now)))
}

// Doing says what a step that prepares a build does; "" for others.
func Doing(step *graph.Step) string {
	switch step.Kind {
	case "worktree":
		return "checking out the commit"
	case "toolchain":
		return "installing dbt"
	case "deps":
		return "installing the project's packages"
	case "check":
		return "reading the project with dbt"
	}
	return ""
}

// count writes a step's progress, "" if unknown.
func count(far steps.Progress) string {
	if far.Total == 0 {
		return ""
	}
	return fmt.Sprintf("%d/%d", far.Done, far.Total)
}

// counts writes the run's progress.
func (b *board) counts(now time.Time) string {
	if len(b.builds) == 0 { // nothing is built
		return elapsed(now.Sub(b.start))
	}
	over, failed := 0, 0
	for _, one := range b.builds {
		if one.over {
			over++
		}
		if one.failed {
			failed++
		}
	}
	text := fmt.Sprintf("%d of %d builds done", over, len(b.builds))
	if failed > 0 {
		text += fmt.Sprintf(", %d failed", failed)
	}
	return text + ", " + elapsed(now.Sub(b.start))
}

// elapsed writes a running time in whole seconds.
func elapsed(d time.Duration) string {
	s := max(0, int(d.Seconds()))
	switch {
	case s < 60:
		return fmt.Sprintf("%ds", s)
	case s < 3600:
		return fmt.Sprintf("%dm%02ds", s/60, s%60)
	}
	return fmt.Sprintf("%dh%02dm", s/3600, s/60%60)
}

// took writes how long something took.
func took(d time.Duration) string { return d.Round(100 * time.Millisecond).String() }
