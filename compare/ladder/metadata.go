package ladder

import (
	"fmt"
	"slices"
	"strings"
)

// The metadata query of a dialect returns a row for each column, in order: the
// relation's number, its kind, "no" if it is known that the relation can't be
// read, the column and its type. Both are NULL for a relation without columns.
// A relation that isn't there has no row.

// rows are the relations as rows of SQL: n, d, s and i.
func rows(relations []lookup, literal func(string) string) string {
	var out []string
	for _, r := range relations {
		out = append(out, fmt.Sprintf("select '%s' as n, '%s' as d, '%s' as s, '%s' as i", r.number, literal(r.database), literal(r.schema), literal(r.name)))
	}
	return strings.Join(out, " union all ")
}

// each joins the queries for the relations, each query once.
func each(relations []lookup, query func(lookup) string) string {
	var out []string
	for _, r := range relations {
		if q := query(r); !slices.Contains(out, q) {
			out = append(out, q)
		}
	}
	return strings.Join(out, " union all ")
}

// quoted is a name in SQL.
func quoted(name, quote, escape string) string {
	return quote + strings.ReplaceAll(name, quote, escape) + quote
}

// literal is what stands between the quotes of a literal in standard SQL.
func literal(s string) string { return strings.ReplaceAll(s, "'", "''") }

// backslashed is a literal where a backslash escapes.
func backslashed(s string) string { return strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) }
