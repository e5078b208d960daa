package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"

	"dot-for-dbt/internal/text"
)

// An Upgrade is what dot upgrade-check found beside the relations: the baseline was built by one
// dbt, the candidate by another, at one commit.
type Upgrade struct {
	From string `json:"from"` // dbt 1.11.16, dbt-duckdb 1.11.1
	To   string `json:"to"`
	// Stopped says why there is nothing to compare, "" if both dbts have built: "dbt 2.0.0 can't
	// read the project: nothing was built".
	Stopped string `json:"stopped,omitempty"`
	// Reason is what dbt said when it stopped. It may quote a value.
	Reason string `json:"reason,omitempty"`
	// Said has the messages about the project's files that only the new dbt prints: errors first.
	Said []Said `json:"said"`
	// Both is how many warnings both say, and Gone how many the old one alone says.
	Both int `json:"said_by_both,omitempty"`
	Gone int `json:"said_before_only,omitempty"`
}

// Said is a kind of message of dbt's.
type Said struct {
	Level string `json:"level"` // error, warning
	Kind  string `json:"kind"`  // dbt's name of it: PropertyMovedToConfigDeprecation
	Count int    `json:"count"` // how many nodes or places the message is about
	// Texts has the first few messages, each on one line.
	Texts []string `json:"texts"`
}

// SaidLimit is how many messages of a kind a report has.
const SaidLimit = 5

// A fault says which sides' dbt fails to build a relation, or skips it.
const (
	FailsInBaseline  = "baseline"
	FailsInCandidate = "candidate"
	FailsInBoth      = "both"
)

// failsIn says where a relation fails.
func (r Relation) failsIn() string {
	switch r.Fails {
	case FailsInBaseline:
		return "with the old dbt"
	case FailsInCandidate:
		return "with the new dbt"
	case FailsInBoth:
		return "with both dbts"
	}
	return ""
}

// failing counts the relations that fail, in words: "2 fail with the new dbt", and returns how many there are.
func (c Comparison) failing() (words []string, all int) {
	for _, side := range []string{FailsInCandidate, FailsInBaseline, FailsInBoth} {
		n := 0
		for _, r := range c.Relations {
			if r.Verdict == Unknown && r.Fails == side {
				n++
			}
		}
		if n > 0 {
			verb := " fail "
			if n == 1 {
				verb = " fails "
			}
			words = append(words, humanize.Comma(int64(n))+verb+Relation{Fails: side}.failsIn())
		}
		all += n
	}
	return words, all
}

// Conclusion says in a sentence what an upgrade check found; "" for other comparisons.
func (c Comparison) Conclusion() string {
	u := c.Upgrade
	if u == nil {
		return ""
	}
	from, to := firstWords(u.From), firstWords(u.To)
	var fail, unknown, data, types, same int
	for _, r := range c.Relations {
		switch {
		case r.Verdict == Unknown && r.Fails == FailsInCandidate:
			fail++
		case r.Verdict == Unknown, r.Verdict == NotBuilt:
			unknown++
		case r.Verdict == ColumnsDiffer:
			types++
		case r.Red():
			data++
		default:
			same++
		}
	}
	switch {
	case u.Stopped != "":
		return u.Stopped + ": no data was compared"
	case len(c.Relations) == 0:
		return "there was no relation to compare"
	case same == len(c.Relations):
		return fmt.Sprintf("%s builds the same data as %s, in all relations: %s", to, from, humanize.Comma(int64(same)))
	}
	var parts []string
	for _, p := range []struct {
		n    int
		what string
	}{
		{fail, "not built by " + to},
		{unknown, "not comparable"},
		{data, "with other data"},
		{types, "with the same data in other types or columns"},
		{same, "the same"},
	} {
		if p.n > 0 {
			parts = append(parts, humanize.Comma(int64(p.n))+" "+p.what)
		}
	}
	return fmt.Sprintf("%s beside %s: of %s %s", to, from, count(int64(len(c.Relations)), "relation"), strings.Join(parts, ", "))
}

// Begins says where an upgrade check's differences begin: in relations that read none that differs.
// It is "" if that says nothing more.
func (c Comparison) Begins() string {
	if c.Upgrade == nil {
		return ""
	}
	differ := map[string]bool{}
	for _, r := range c.Relations {
		differ[r.Node] = r.Verdict == Unknown || r.Red()
	}
	var names []string
	all := 0
	for _, r := range c.Relations {
		if !differ[r.Node] {
			continue
		}
		if all++; !slices.ContainsFunc(r.Parents, func(id string) bool { return differ[id] }) {
			names = append(names, r.Name)
		}
	}
	if len(names) == all || len(names) == 0 {
		return ""
	}
	slices.Sort(names)
	return "the differences begin in " + capped(names, 2*listLimit) + ": the others read them"
}

// Errors reports whether the new dbt alone refuses a part of the project.
func (u *Upgrade) Errors() bool { return u != nil && len(u.Said) > 0 && u.Said[0].Level == "error" }

// Headline says how much the new dbt alone says: "1 error and 12 warnings that only dbt 2.0.0 says".
func (u *Upgrade) Headline() string {
	if u == nil {
		return ""
	}
	errors, warnings := 0, 0
	for _, s := range u.Said {
		if s.Level == "error" {
			errors += s.Count
		} else {
			warnings += s.Count
		}
	}
	var parts []string
	for _, p := range []struct {
		n    int
		what string
	}{{errors, "error"}, {warnings, "warning"}} {
		if p.n > 0 {
			parts = append(parts, text.Plural(p.n, p.what))
		}
	}
	line := "no error or warning"
	if len(parts) > 0 {
		line = strings.Join(parts, " and ")
	}
	return fmt.Sprintf("%s that only %s says of the project's files", line, firstWords(u.To))
}

// Others counts the messages that are no news, "" if there are none.
func (u *Upgrade) Others() string {
	if u == nil {
		return ""
	}
	var parts []string
	if u.Both > 0 {
		parts = append(parts, fmt.Sprintf("%s said by both", text.Plural(u.Both, "warning")))
	}
	if u.Gone > 0 {
		parts = append(parts, fmt.Sprintf("%s said by %s only", text.Plural(u.Gone, "warning"), firstWords(u.From)))
	}
	return strings.Join(parts, ", ")
}

// Title has the level, the kind and the number: "warning: DeprecationX, 3 places".
func (s Said) Title() string {
	return fmt.Sprintf("%s: %s, %s", s.Level, s.Kind, text.Plural(s.Count, "place"))
}

// More is how many messages a report leaves out.
func (s Said) More() int { return max(0, s.Count-len(s.Texts)) }

// firstWords is a dbt without its adapter.
func firstWords(dbt string) string {
	first, _, _ := strings.Cut(dbt, ",")
	return first
}
