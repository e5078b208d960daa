//go:build unix

package ladder

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// Rows of several columns of one type have different hashes, whichever of a few values,
// NULL and zero among them, each column holds. A hash that returns its seed for zero,
// for example, must not meet a column's mark for NULL.
func TestRowHashes(t *testing.T) {
	const columns, values = 7, 3
	for _, adapter := range []string{"duckdb", "postgres"} {
		t.Run(adapter, func(t *testing.T) {
			w := newWarehouse(t, adapter)
			d := dialects[adapter]
			all := maps.Clone(domains)
			maps.Copy(all, moreDomains[adapter])
			for _, name := range slices.Sorted(maps.Keys(all)) {
				few := all[name][:min(values, len(all[name]))]
				var rows []string
				for _, v := range few {
					rows = append(rows, "select cast("+v+" as "+name+") as x")
				}
				var from, terms []string
				for i := range columns {
					from = append(from, fmt.Sprintf("v as v%d", i))
					terms = append(terms, d.term(name, fmt.Sprintf("v%d.x", i), i+1))
				}
				hash := filled(d.RowHash, strings.Join(terms, d.And))
				found := w.Query(t, "with v as ("+strings.Join(rows, " union all ")+") select cast(count(*) as varchar), cast(count(distinct h) as varchar) from (select "+hash+" as h from "+strings.Join(from, ", ")+") as r")
				if rows, hashes := found[0][0], found[0][1]; rows != hashes {
					t.Errorf("%s: %s rows of %v have %s hashes", name, rows, few, hashes)
				}
			}
		})
	}
}

// term returns a column's input to its row's hash, as the macro dot_row_hash does.
func (d dialect) term(typeName, expression string, number int) string {
	base, _, parameters := strings.Cut(strings.ToLower(typeName), "(")
	base = map[string]string{"varchar": "character varying", "char": "character", "decimal": "numeric", "timestamp": "timestamp without time zone", "time": "time without time zone"}[base]
	if _, known := d.Types[base]; !known {
		base, _, _ = strings.Cut(typeName, "(")
	}
	known, ok := d.Types[base]
	if !ok {
		known = d.Other
	}
	if with, ok := d.Types[base+"()"]; ok && parameters {
		known = with
	}
	value, hash := "{}", "{}"
	if known.Value != "" {
		value = known.Value
	}
	if known.Hash != "" {
		hash = known.Hash
	}
	return filled(d.Term, filled(hash, filled(value, expression), fmt.Sprint(number)), fmt.Sprint(number))
}

// filled fills in a template: {} and {0} are the first argument, {1} is the second. A
// doubled brace is one brace.
func filled(template string, args ...string) string {
	pairs := []string{"}}", "}", "{}", args[0]}
	for i, a := range args {
		pairs = append(pairs, fmt.Sprintf("{%d}", i), a)
	}
	return strings.NewReplacer(pairs...).Replace(template)
}
