//go:build unix

package ladder

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"dot-for-dbt/compare/report"
)

// domains has types with distinct values, as SQL. Some values are such that a hash
// is likely to confuse them.
var domains = map[string][]string{
	"integer":                  {"null", "0", "1", "-1", "2", "2147483647", "-2147483648"},
	"bigint":                   {"null", "0", "1", "-1", "4294967296", "4294967297", "-4294967296", "9223372036854775807"},
	"smallint":                 {"null", "0", "1", "-1"},
	"boolean":                  {"null", "true", "false"},
	"varchar(20)":              {"null", "''", "' '", "'null'", "'NULL'", "'0'", "'a'", "'A'", "'a '", "'ä'", `'"'`, "'a,b'", "'{}'"},
	"double precision":         {"null", "0", "1", "-1", "0.1", "1e300", "cast('NaN' as double precision)", "cast('Infinity' as double precision)", "cast('-Infinity' as double precision)"},
	"decimal(12,2)":            {"null", "0", "0.01", "-0.01", "1", "-1", "9999999999.99"},
	"decimal(30,2)":            {"null", "0", "0.01", "-0.01", "184467440737095516.16", "1", "-1"},
	"date":                     {"null", "date '2020-01-01'", "date '2020-01-02'", "date '0001-01-01'", "date '9999-12-31'"},
	"timestamp":                {"null", "timestamp '2020-01-01 00:00:00'", "timestamp '2020-01-01 00:00:00.000001'", "timestamp '2020-01-01 01:11:34.967296'"},
	"timestamp with time zone": {"null", "'2020-01-01 00:00:00+00'", "'2020-01-01 00:00:00+01'"},
}

// moreDomains has types that only one database has, or writes differently.
var moreDomains = map[string]map[string][]string{
	"duckdb": {
		"hugeint":                      {"null", "0", "1", "-1", "18446744073709551616", "18446744073709551617", "-18446744073709551616"},
		"ubigint":                      {"null", "0", "1", "18446744073709551615"},
		"integer[]":                    {"null", "[]", "[null]", "[0]", "[0,0]", "[1]"},
		"integer[][]":                  {"null", "[[1,2]]", "[[1],[2]]", "[[2],[1]]", "[[]]", "[]"},
		"double[]":                     {"null", "[]", "[null]", "[0]", "[0,0]", "[0.05]", "[-0.05]", "['nan']", "['inf']"},
		"variant":                      {"null", "0::integer", "0::varchar", "0::double", "[0]::integer[]", "'-0.05'::double"},
		"varchar[]":                    {"null", "['a, b']", "['a','b']", "['null']", "[null]", "['']", "[]"},
		"struct(a integer, b integer)": {"null", "{'a':null,'b':null}", "{'a':0,'b':0}", "{'a':1,'b':0}", "{'a':0,'b':1}"},
		"map(integer, integer)":        {"null", "map{}", "map{0:0}", "map{1:2}", "map{2:1}", "map{1:2,2:1}", "map{2:1,1:2}"},
		"union(a integer, b varchar)":  {"null", "union_value(a := 1)", "union_value(b := '1')", "union_value(a := 0)"},
		"interval":                     {"null", "'1 day'", "'24 hours'", "'1 month'", "'0 day'"},
		"time":                         {"null", "'00:00:00'", "'00:00:01'"},
		"blob":                         {"null", "''::blob", "'\\x00'::blob", "'\\x00\\x00'::blob"},
		"uuid":                         {"null", "'00000000-0000-0000-0000-000000000000'", "'80000000-0000-0000-0000-000000000001'", "'00000000-0000-0001-0000-000000000000'"},
	},
	"postgres": {
		"numeric":      {"null", "0", "1", "-1", "10", "0.1", "10000", "100000000", "'NaN'", "'1e131071'", "'9e131071'", "'-9e131071'"},
		"numeric(8,2)": {"null", "0", "1", "-1", "0.01", "'NaN'"},
		"real":         {"null", "0", "1", "-1", "'NaN'", "'Infinity'"},
		"jsonb":        {"null", "'null'", "'1'", "'-1'", "'[1]'", "'[[1]]'", "'{}'", "'[]'", `'{"a":1}'`, `'{"a":"1"}'`},
		"bytea":        {"null", `'\x'`, `'\x00'`, `'\x0000'`},
		"integer[]":    {"null", "'{}'", "'{null}'", "'{0}'", "'{0,0}'", "'{{0,0}}'"},
		"real[]":       {"null", "'{}'", "'{null}'", "'{0}'", "'{0,0}'", "'{{0,0}}'", "'{{0},{0}}'", "'{NaN}'", "'[0:0]={0}'"},
		"numeric[]":    {"null", "'{}'", "'{null}'", "'{0}'", "'{0,0}'", "'{100}'", "'{10}'", "'{1}'", "'{-1}'", "'{1.01}'", "'{1.010,0}'"},
		"numrange":     {"null", "'empty'", "'[1,2)'", "'[10,20)'", "'[1.01,2)'", "'(,2)'", "'(,)'"},
		"time":         {"null", "'00:00:00'", "'00:00:01'", "'01:11:34.967296'"},
		"interval":     {"null", "'1 day'", "'24 hours'", "'1 month'", "'0 day'"},
		"money":        {"null", "0", "1", "-1"},
		"char(5)":      {"null", "''", "'a'", "'b'"},
		"uuid":         {"null", "'00000000-0000-0000-0000-000000000000'", "'80000000-0000-0000-0000-000000000001'", "'00000000-0000-0001-0000-000000000000'"},
		// The first and the last, and those around the server's zero and halves of 64 bits.
		"timestamp without time zone": {
			"null", "'infinity'", "'-infinity'", "'294276-12-31 23:59:59.999999'", "'294276-12-31 23:59:59.999998'", "'4713-01-01 00:00:00 BC'", "'4713-01-01 00:00:00.000001 BC'",
			"'2000-01-01 00:00:00'", "'1999-12-31 23:59:59.999999'", "'2000-01-01 01:11:34.967295'", "'2000-01-01 01:11:34.967296'",
		},
		"timestamptz": {"null", "'infinity'", "'-infinity'", "'294276-12-31 23:59:59.999999+00'", "'294276-12-31 23:59:59.999998+00'", "'2000-01-01 00:00:00+00'", "'1999-12-31 23:59:59.999999+00'"},
	},
}

// everyTwo returns pairs of one row each: every two values of a domain are compared
// in one of them.
func everyTwo(adapter string) []testCase {
	all := maps.Clone(domains)
	maps.Copy(all, moreDomains[adapter])
	names := slices.Sorted(maps.Keys(all))
	type two struct{ a, b int }
	meetings := map[string][]two{}
	most := 0
	for _, name := range names {
		for a := range all[name] {
			for b := range a {
				meetings[name] = append(meetings[name], two{a, b})
			}
		}
		most = max(most, len(meetings[name]))
	}
	var out []testCase
	for i := range most {
		var columns, a, b, own []string
		for n, name := range names {
			if i < len(meetings[name]) {
				columns = append(columns, fmt.Sprintf("x%d %s", n, name))
				a = append(a, all[name][meetings[name][i].a])
				b = append(b, all[name][meetings[name][i].b])
				own = append(own, fmt.Sprintf("x%d own", n))
			}
		}
		out = append(out, testCase{
			fmt.Sprintf("two values %d", i), tables(strings.Join(columns, ", "), "("+strings.Join(a, ",")+")", "("+strings.Join(b, ",")+")"),
			Pair{},
			"1/1 not equal by group by +1 -1 " + strings.Join(own, " "),
		})
	}
	return out
}

// A generated pair of tables. Values are indexes in their domains.
type generated struct {
	types []string // of the columns, the key's first
	key   int      // how many columns the key has; 0: none
	a, b  [][]int
}

// generate makes a pair and edits one side of it.
func generate(r *rand.Rand) generated {
	var g generated
	names := slices.Sorted(maps.Keys(domains))
	if r.IntN(2) == 0 {
		g.key = 1 + r.IntN(2)
	}
	for range g.key {
		g.types = append(g.types, "integer")
	}
	for range 1 + r.IntN(9) {
		g.types = append(g.types, names[r.IntN(len(names))])
	}
	values := func() []int {
		var row []int
		for _, name := range g.types[g.key:] {
			row = append(row, r.IntN(len(domains[name])))
		}
		return row
	}
	next := 0
	keyed := func(row []int) []int {
		if g.key == 0 {
			return row
		}
		next++
		key := []int{next}
		if g.key == 2 {
			key = []int{next / 3, next % 3} // neither column alone identifies a row
		}
		return append(key, row...)
	}
	for range r.IntN(40) {
		row := keyed(values())
		g.a = append(g.a, row)
		for g.key == 0 && r.IntN(4) == 0 {
			g.a = append(g.a, row)
		}
	}
	edit := r.IntN(4) // 0: not at all
	for _, row := range g.a {
		row = slices.Clone(row)
		switch n := r.IntN(12); {
		case edit == 0 || n > 3:
		case n == 0:
			continue
		case n == 1 && g.key == 0:
			g.b = append(g.b, row)
		default:
			i := g.key + r.IntN(len(row)-g.key)
			row[i] = r.IntN(len(domains[g.types[i]]))
		}
		g.b = append(g.b, row)
	}
	if edit == 1 { // values only swap rows
		g.b = nil
		for _, row := range g.a {
			g.b = append(g.b, slices.Clone(row))
		}
		for range len(g.b) / 3 {
			i, one, other := g.key+r.IntN(len(g.types)-g.key), r.IntN(len(g.b)), r.IntN(len(g.b))
			g.b[one][i], g.b[other][i] = g.b[other][i], g.b[one][i]
		}
	}
	for edit > 1 && r.IntN(3) > 0 {
		g.b = append(g.b, keyed(values()))
	}
	r.Shuffle(len(g.b), func(i, j int) { g.b[i], g.b[j] = g.b[j], g.b[i] })
	return g
}

// want returns the expected answer, computed row by row.
func (g generated) want() string {
	count := func(rows [][]int, of func(row []int) string) map[string]int {
		n := map[string]int{}
		for _, row := range rows {
			n[of(row)]++
		}
		return n
	}
	whole := func(row []int) string { return fmt.Sprint(row) }
	a, b := count(g.a, whole), count(g.b, whole)
	f := Answer{A: RelationInfo{Exists: true, Kind: "table"}, B: RelationInfo{Exists: true, Kind: "table"}}
	rowsA, rowsB := int64(len(g.a)), int64(len(g.b))
	f.A.Rows, f.B.Rows = &rowsA, &rowsB
	equal := maps.Equal(a, b)
	f.Equal = &equal
	for i := range g.types {
		f.Columns = append(f.Columns, report.Column{Name: fmt.Sprint("x", i), Status: report.Common})
	}
	if equal {
		return said(f)
	}
	d := &Details{Rung: report.ByGroup}
	f.Detail = d
	if g.key == 0 {
		for row := range maps.Keys(mergedKeys(a, b)) {
			d.Added += int64(max(b[row]-a[row], 0))
			d.Removed += int64(max(a[row]-b[row], 0))
		}
		for i := range g.types {
			one := func(row []int) string { return fmt.Sprint(row[i]) }
			f.Columns[i].Own = !maps.Equal(count(g.a, one), count(g.b, one))
		}
		return said(f)
	}
	d.Rung, d.Changed = report.ByJoin, new(int64)
	differ := make([]int64, len(g.types))
	before := map[string][]int{}
	for _, row := range g.a {
		before[fmt.Sprint(row[:g.key])] = row
	}
	for _, row := range g.b {
		old, ok := before[fmt.Sprint(row[:g.key])]
		if !ok {
			d.Added++
			continue
		}
		if !slices.Equal(old, row) {
			*d.Changed++
		}
		for i := range row {
			if old[i] != row[i] {
				differ[i]++
			}
		}
	}
	d.Removed = rowsA - (rowsB - d.Added)
	for i := range differ {
		f.Columns[i].Differ = &differ[i]
	}
	return said(f)
}

func mergedKeys(a, b map[string]int) map[string]int {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

// statements returns the SQL that creates the tables.
func (g generated) statements() []string {
	var columns []string
	for i, name := range g.types {
		columns = append(columns, fmt.Sprintf("x%d %s", i, name))
	}
	side := func(rows [][]int) string {
		var out []string
		for _, row := range rows {
			var values []string
			for i, v := range row {
				if i < g.key {
					values = append(values, fmt.Sprint(v))
				} else {
					values = append(values, domains[g.types[i]][v])
				}
			}
			out = append(out, "("+strings.Join(values, ",")+")")
		}
		return strings.Join(out, ",")
	}
	return tables(strings.Join(columns, ", "), side(g.a), side(g.b))
}

// For random tables and random edits, every number of the answer is right.
// DOT_TEST_SEED repeats a run.
func TestEdits(t *testing.T) {
	for _, adapter := range []string{"duckdb", "postgres"} {
		t.Run(adapter, func(t *testing.T) {
			seed := rand.Uint64()
			if text := os.Getenv("DOT_TEST_SEED"); text != "" {
				var err error
				if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
					t.Fatal(err)
				}
			}
			t.Logf("DOT_TEST_SEED=%d", seed)
			r := rand.New(rand.NewPCG(seed, 0))
			var cases []testCase
			for i := range 100 {
				g := generate(r)
				c := testCase{name: fmt.Sprintf("pair %d", i), setup: g.statements(), want: g.want()}
				for k := range g.key {
					c.pair.Key = append(c.pair.Key, fmt.Sprint("x", k))
				}
				cases = append(cases, c)
			}
			check(t, newWarehouse(t, adapter), append(cases, everyTwo(adapter)...))
		})
	}
}
