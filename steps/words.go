package steps

import (
	"fmt"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
)

// ago says how long ago a time was.
func (rt *runtime) ago(t time.Time) string {
	now := rt.world.Now()
	if now.Sub(t).Abs() < time.Second {
		return "just now"
	}
	return humanize.RelTime(t, now, "ago", "from now")
}

// is is the verb for n things.
func is(n int) string {
	if n == 1 {
		return " is"
	}
	return " are"
}

// listed is how many of a list a person reads.
const listed = 20

// listNames lists names, as many as a person reads.
func listNames(names []string) string {
	if len(names) > listed {
		return strings.Join(names[:listed], ", ") + fmt.Sprintf(" and %d more", len(names)-listed)
	}
	return strings.Join(names, ", ")
}

// lines lists texts on lines of their own, as many as a person reads.
func lines(texts []string) string {
	more := ""
	if len(texts) > listed {
		more = fmt.Sprintf("\n… and %d more", len(texts)-listed)
		texts = texts[:listed]
	}
	return "\n" + strings.Join(texts, "\n") + more
}

// splitID divides dbt's unique_id: "model.shop.orders.v2" is a model, a package
// and a name, which may have dots.
func splitID(id string) []string { return strings.SplitN(id, ".", 3) }

// joined is a list of names as dbt's --select takes it.
func joined(names []string) string { return strings.Join(names, " ") }
