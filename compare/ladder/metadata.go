package ladder

import (
	"fmt"
	"slices"
	"strings"
)

// A dialect's metadata query returns a row for each column, in order: the relation's
// number, its kind, "no" if the relation is known to be unreadable, the column's name
// and its type. Name and type are NULL for a relation without columns. A missing
// relation has no row.

// rows writes the relations as rows of SQL, with the columns n, d, s and i.
func rows(relations []lookup, literal func(string) string) string {
	var out []string
	for _, r := range relations {
		out = append(out, fmt.Sprintf("select '%s' as n, '%s' as d, '%s' as s, '%s' as i", r.number, literal(r.database), literal(r.schema), literal(r.name)))
	}
	return strings.Join(out, " union all ")
}

// each joins the relations' queries with union all, each distinct query once.
func each(relations []lookup, query func(lookup) string) string {
	var out []string
	for _, r := range relations {
		if q := query(r); !slices.Contains(out, q) {
			out = append(out, q)
		}
	}
	return strings.Join(out, " union all ")
}

// quoted quotes a name for SQL.
func quoted(name, quote, escape string) string {
	return quote + strings.ReplaceAll(name, quote, escape) + quote
}

// literal escapes text for a string literal in standard SQL.
func literal(s string) string { return strings.ReplaceAll(s, "'", "''") }

// backslashed is literal for databases where a backslash escapes.
func backslashed(s string) string { return strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) }
