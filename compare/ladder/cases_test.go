//go:build unix

package ladder

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"testing"

	"dot-for-dbt/compare/report"
)

// A testCase is a pair and what has to be found of it, in the words of said.
type testCase struct {
	name string
	// setup are statements; $a and $b stand for the two relations.
	setup []string
	pair  Pair // how it is compared; IDs, relations and depth are filled in
	want  string
}

// values are two tables of the same columns, from rows of SQL.
func tables(columns, a, b string) []string {
	var out []string
	for _, side := range [][2]string{{"$a", a}, {"$b", b}} {
		out = append(out, "create table "+side[0]+" ("+columns+")")
		if side[1] != "" {
			out = append(out, "insert into "+side[0]+" values "+side[1])
		}
	}
	return out
}

// said is a finding in one line.
func said(f Finding) string {
	var out []string
	add := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	if f.Failed != "" {
		add("failed: %s", f.Failed)
	}
	side := func(s Side) string {
		switch {
		case !s.Exists:
			return "none"
		case s.Rows == nil:
			return s.Kind
		case s.Kind != "table":
			return fmt.Sprintf("%s of %d", s.Kind, *s.Rows)
		}
		return fmt.Sprint(*s.Rows)
	}
	add("%s/%s", side(f.A), side(f.B))
	if f.Equal != nil {
		out = append(out, map[bool]string{true: "equal", false: "not equal"}[*f.Equal])
	}
	if d := f.Detail; d != nil {
		add("by %s +%d -%d", d.Rung, d.Added, d.Removed)
		if d.Changed != nil {
			add("~%d", *d.Changed)
		}
		if d.Tolerated {
			add("tolerated")
		}
	}
	for _, c := range f.Columns {
		switch {
		case c.Status != report.Common:
			add("%s: %s", c.Name, c.Status)
		}
		if c.Differ != nil && *c.Differ != 0 {
			add("%s~%d", c.Name, *c.Differ)
		}
		if c.Own {
			add("%s own", c.Name)
		}
	}
	if f.Detail != nil {
		if k := f.Detail.KeyProblem; k != nil {
			add("(%s)", k.Say("A", "B"))
		}
		for _, r := range f.Detail.Sample {
			times := ""
			if r.Times > 1 {
				times = fmt.Sprintf(" %d times", r.Times)
			}
			add("<%s%s%s%s>", r.Kind, times, row(r.Baseline), row(r.Candidate))
		}
	}
	for _, n := range f.Notes {
		add("[%s]", n)
	}
	return strings.Join(out, " ")
}

// row is a row of a sample, by the names of the columns.
func row(values map[string]*string) string {
	if values == nil {
		return ""
	}
	var names []string
	for name := range values {
		names = append(names, name)
	}
	sort.Strings(names)
	for i, name := range names {
		if v := values[name]; v == nil {
			names[i] += "=NULL"
		} else {
			names[i] += "=" + shorten(*v, 60)
		}
	}
	return " " + strings.Join(names, ",")
}

// check compares all cases in one run of dbt.
func check(t *testing.T, adapter string, cases []testCase) {
	w := newWarehouse(t, adapter)
	var statements []string
	var pairs []Pair
	for _, c := range cases {
		p := c.pair
		p.ID = c.name
		if p.A.SQL == "" {
			p.A = w.relation("a", c.name)
		}
		if p.B.SQL == "" {
			p.B = w.relation("b", c.name)
		}
		if p.Depth == "" {
			p.Depth = Detail
		}
		replace := strings.NewReplacer("$a", p.A.SQL, "$b", p.B.SQL)
		for _, s := range c.setup {
			statements = append(statements, replace.Replace(s))
		}
		pairs = append(pairs, p)
	}
	w.exec(t, statements...)
	found := w.compare(t, pairs)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := said(found[c.name]); got != c.want {
				t.Errorf("\n got %s\nwant %s", got, c.want)
			}
		})
	}
}

// everywhere are the cases that every database has to get right.
var everywhere = []testCase{
	{"same in another order", tables("id integer, v varchar(20)", "(1,'a'),(2,'b')", "(2,'b'),(1,'a')"), Pair{}, "2/2 equal"},
	{
		"changed, with a key", tables("id integer, v varchar(20), w integer", "(1,'a',1),(2,'b',2),(3,'c',3)", "(1,'x',1),(2,'y',9),(4,'d',4)"),
		Pair{Key: []string{"id"}, Sample: 5},
		"3/3 not equal by join +1 -1 ~2 v~2 w~1 <added id=4,v=d,w=4> <removed id=3,v=c,w=3> <changed id=1,v=a,w=1 id=1,v=x,w=1> <changed id=2,v=b,w=2 id=2,v=y,w=9>",
	},
	{
		"changed, without a key", tables("id integer, v varchar(20)", "(1,'a'),(2,'b'),(2,'b')", "(1,'x'),(2,'b'),(2,'b')"),
		Pair{Sample: 5},
		"3/3 not equal by group by +1 -1 v own <added id=1,v=x> <removed id=1,v=a>",
	},
	{
		"duplicates", tables("id integer", "(1),(1),(1),(2)", "(1),(2),(2)"),
		Pair{Sample: 5},
		"4/3 not equal by group by +1 -2 id own <added id=2> <removed 2 times id=1>",
	},
	{"on one side", []string{"create table $b (id integer)", "insert into $b values (1)"}, Pair{}, "none/1 id: added"},
	{"on no side", nil, Pair{}, "none/none"},
}

func TestDuckDB(t *testing.T)   { check(t, "duckdb", slices.Concat(everywhere, duckdbCases)) }
func TestPostgres(t *testing.T) { check(t, "postgres", slices.Concat(everywhere, postgresCases)) }

var duckdbCases, postgresCases []testCase
