package steps

import (
	"fmt"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
)

// ago returns a time relative to now: 3 minutes ago.
func (h *home) ago(t time.Time) string {
	now := h.world.Now()
	if now.Sub(t).Abs() < time.Second {
		return "just now"
	}
	return humanize.RelTime(t, now, "ago", "from now")
}

// is returns the verb for n things.
func is(n int) string {
	if n == 1 {
		return " is"
	}
	return " are"
}

// listed is the number of list items that are shown.
const listed = 20

// listNames joins the first names of a list with commas.
func listNames(names []string) string {
	if len(names) > listed {
		return strings.Join(names[:listed], ", ") + fmt.Sprintf(" and %d more", len(names)-listed)
	}
	return strings.Join(names, ", ")
}

// lines puts the first texts of a list on a line each.
func lines(texts []string) string {
	more := ""
	if len(texts) > listed {
		more = fmt.Sprintf("\n… and %d more", len(texts)-listed)
		texts = texts[:listed]
	}
	return "\n" + strings.Join(texts, "\n") + more
}

// joined returns names as a value for dbt's --select.
func joined(names []string) string { return strings.Join(names, " ") }
