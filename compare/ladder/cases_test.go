//go:build unix

package ladder

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// A testCase is a pair and the expected answer, as said writes it.
type testCase struct {
	name string
	// setup has SQL statements; $a and $b stand for the two relations.
	setup []string
	pair  Pair // how it is compared; IDs, relations and depth are filled in
	want  string
}

// tables creates two tables with the same columns and the given rows.
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

// typeNames gives both databases' types one name.
var typeNames = strings.NewReplacer("character varying(9)", "varchar", "VARCHAR", "varchar", "INTEGER", "integer", "BOOLEAN", "boolean")

// check compares all cases in one run of dbt.
func check(t *testing.T, w warehouse, cases []testCase) {
	t.Helper()
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
	w.Exec(t, statements...)
	found := w.compare(t, pairs)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := typeNames.Replace(said(found[c.name]))
			if begin, more := strings.CutSuffix(c.want, "*"); more && strings.HasPrefix(got, begin) {
				return
			}
			if got != c.want {
				t.Errorf("\n got %s\nwant %s", got, c.want)
			}
		})
	}
}

// key returns a pair that is compared by a key.
func key(columns ...string) Pair { return Pair{Key: columns} }

// named returns a pair of builds with names of their own, compared by a key.
func named(key ...string) Pair {
	return Pair{Key: key, Names: []Name{{"prod_1", "<schema>"}, {"dev_2", "<schema>"}, {"it's", "x"}}}
}

// everywhere has the cases for every database.
var everywhere = []testCase{
	// Order, duplicates, and values that a database's hash confuses.
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
	{"as many copies of others", tables("id integer", "(1),(1)", "(2),(2)"), Pair{}, "2/2 not equal by group by +2 -2 id own"},
	{"one copy more of what hashes to nothing", tables("v integer", "(0),(0)", "(0),(0),(0)"), Pair{}, "2/3 not equal by group by +1 -0 v own"},
	{"one copy less, one more", tables("id integer", "(1),(1),(2)", "(1),(2),(2)"), Pair{}, "3/3 not equal by group by +1 -1 id own"},
	{"swapped between rows", tables("id integer, v integer", "(1,10),(2,20)", "(1,20),(2,10)"), Pair{}, "2/2 not equal by group by +2 -2"},
	{"swapped between rows, by key", tables("id integer, v integer", "(1,10),(2,20)", "(1,20),(2,10)"), key("id"), "2/2 not equal by join +0 -0 ~2 v~2"},
	{"swapped within a row", tables("v integer, w integer", "(1,2)", "(2,1)"), Pair{}, "1/1 not equal by group by +1 -1 v own w own"},
	{"swapped within a row of text", tables("v varchar(9), w varchar(9)", "('a','bc')", "('ab','c')"), Pair{}, "1/1 not equal by group by +1 -1 v own w own"},
	{"NULL and nothing", tables("v varchar(9)", "(NULL)", "('')"), Pair{Sample: 1}, "1/1 not equal by group by +1 -1 v own <added v=> <removed v=NULL>"},
	{"NULL and zero", tables("v integer, w integer", "(NULL,1)", "(0,1)"), Pair{}, "1/1 not equal by group by +1 -1 v own"},
	{"NULL in another column", tables("v integer, w integer", "(NULL,1)", "(1,NULL)"), Pair{}, "1/1 not equal by group by +1 -1 v own w own"},
	{"NULL in all columns", tables("v integer, w integer", "(NULL,NULL)", "(NULL,NULL)"), Pair{}, "1/1 equal"},
	{"changes to NULL and from it", tables("id integer, v integer", "(1,NULL),(2,5),(3,NULL)", "(1,5),(2,NULL),(3,NULL)"), key("id"), "3/3 not equal by join +0 -0 ~2 v~2"},
	{"the halves of an integer", tables("v bigint", "(1)", "(4294967296)"), Pair{}, "1/1 not equal by group by +1 -1 v own"},
	{"a lower half of zeros", tables("v bigint", "(4294967296)", "(8589934592)"), Pair{}, "1/1 not equal by group by +1 -1 v own"},

	// Keys.
	{"key of NULL", tables("id integer, v integer", "(1,1),(NULL,2)", "(1,1),(NULL,3)"), key("id"), "2/2 not equal by group by +1 -1 v own (id is NULL in 1 row of A)"},
	{"key of NULL in B", tables("id integer, v integer", "(1,1),(2,2)", "(1,1),(NULL,2),(NULL,3)"), key("id"), "2/3 not equal by group by +2 -1 id own v own (id is NULL in 2 rows of B)"},
	{
		"key repeated", tables("id integer, v integer", "(1,1),(17,1),(17,2),(17,3),(18,1),(18,1)", "(1,1)"), key("id"),
		"6/1 not equal by group by +0 -5 id own v own (2 values of id occur more than once in A, such as 17 (3 times))",
	},
	{"key repeated in B", tables("id integer, v integer", "(1,1)", "(1,1),(1,2)"), key("id"), "1/2 not equal by group by +1 -0 id own v own (1 value of id occurs more than once in B: 1 (2 times))"},
	{"key of two columns", tables("x varchar(9), y varchar(9), v integer", "('a-','b',1),('c','d',1)", "('a','-b',1),('c','d',2)"), key("x", "y"), "2/2 not equal by join +1 -1 ~1 v~1"},
	{
		"key of two columns, one NULL", tables("x integer, y integer, v integer", "(1,1,1),(1,NULL,2)", "(1,1,2),(1,NULL,2)"), key("x", "y"),
		"2/2 not equal by group by +1 -1 v own (x, y is NULL in 1 row of A)",
	},
	{
		"key of two columns, repeated", tables("x integer, y varchar(9), v integer", "(1,'p',1),(1,'p',2),(2,'p',2)", "(1,'p',1)"), key("x", "y"),
		"3/1 not equal by group by +0 -2 x own y own v own (1 value of x, y occurs more than once in A: 1, p (2 times))",
	},
	{"key that is the only column", tables("id integer", "(1),(2)", "(2),(3)"), Pair{Key: []string{"id"}, Sample: 1}, "2/2 not equal by join +1 -1 ~0 <added id=3> <removed id=1>"},
	{"key in another case", tables("id integer, v integer", "(1,1)", "(1,2)"), key("ID"), "1/1 not equal by join +0 -0 ~1 v~1"},
	{"key that is not there", tables("id integer, v integer", "(1,1)", "(1,2)"), key("nr"), "1/1 not equal by group by +1 -1 v own (A and B don't both have a column nr)"},
	{
		"key that is ignored", tables("id integer, v integer", "(1,1),(2,2)", "(1,2),(2,2)"),
		Pair{Key: []string{"id"}, Ignore: []string{"id"}, Sample: 1},
		"2/2 not equal by join +0 -0 ~1 id: ignored v~1 <changed id=1,v=1 id=1,v=2>",
	},
	{
		"key of another type",
		[]string{"create table $a (id integer, v integer)", "create table $b (id bigint, v integer)", "insert into $a values (-1,1),(2,1)", "insert into $b values (-1,1),(2,2)"},
		key("id"),
		"2/2 not equal by join +0 -0 ~1 id: type changed v~1",
	},
	{"key that is equal as a whole", tables("id integer, v integer", "(1,1),(1,1)", "(1,1),(1,1)"), key("id"), "2/2 equal"},

	// Numbers.
	{"negative zero and NaN", tables("id integer, v double precision", "(1,cast('-0.0' as double precision)),(2,cast('NaN' as double precision)),(3,cast('Infinity' as double precision))",
		"(1,0.0),(2,cast('NaN' as double precision)),(3,cast('Infinity' as double precision))"), key("id"), "3/3 equal"},
	{"NaN and others", tables("id integer, v double precision", "(1,cast('NaN' as double precision)),(2,cast('NaN' as double precision)),(3,cast('NaN' as double precision)),(4,cast('-0.0' as double precision))",
		"(1,NULL),(2,1),(3,cast('NaN' as double precision)),(4,0)"), key("id"), "4/4 not equal by join +0 -0 ~2 v~2"},
	{"NaN and zero without a key", tables("v double precision", "(cast('NaN' as double precision)),(cast('-0.0' as double precision)),(1)", "(cast('NaN' as double precision)),(0),(2)"), Pair{}, "3/3 not equal by group by +1 -1 v own"},
	{"0.1 + 0.2", tables("id integer, v double precision", "(1,cast('0.1' as double precision)+cast('0.2' as double precision))", "(1,cast('0.3' as double precision))"), key("id"), "1/1 not equal by join +0 -0 ~1 v~1"},
	{"numeric of another scale", []string{"create table $a as select cast(1.0 as decimal(10,1)) as v", "create table $b as select cast(1.00 as decimal(10,2)) as v"}, Pair{}, "1/1 equal v: type changed"},
	{"numeric of another scale that differs", []string{"create table $a as select cast(1.0 as decimal(10,1)) as v", "create table $b as select cast(1.01 as decimal(10,2)) as v"}, Pair{}, "1/1 not equal by group by +1 -1 v: type changed v own"},
	{"integer to bigint", []string{"create table $a (v integer)", "create table $b (v bigint)", "insert into $a values (-5),(0),(7)", "insert into $b values (-5),(0),(7)"}, Pair{}, "3/3 equal v: type changed"},
	{"integer to numeric", []string{"create table $a (v integer)", "create table $b (v decimal(12,2))", "insert into $a values (-5),(7)", "insert into $b values (-5.00),(7.00)"}, Pair{}, "2/2 equal v: type changed"},
	{
		"integer to double",
		[]string{"create table $a (v integer)", "create table $b (v double precision)", "insert into $a values (-5),(0),(100000),(2147483647)", "insert into $b values (-5),(cast('-0.0' as double precision)),(100000),(2147483647)"},
		Pair{},
		"4/4 equal v: type changed",
	},
	{
		"integer that no double is",
		[]string{"create table $a (v bigint)", "create table $b (v double precision)", "insert into $a values (9007199254740993)", "insert into $b values (9007199254740992)"},
		Pair{},
		"1/1 not equal by group by +1 -1 v: type changed v own",
	},
	{"numeric to double", []string{"create table $a (v decimal(10,3))", "create table $b (v double precision)", "insert into $a values (0.1),(-12.125),(0)", "insert into $b values (0.1),(-12.125),(0)"}, Pair{}, "3/3 equal v: type changed"},
	{"real to double", []string{"create table $a (v real)", "create table $b (v double precision)", "insert into $a values (0.5)", "insert into $b values (0.5)"}, Pair{}, "1/1 equal v: type changed"},
	{"real to double that differs", []string{"create table $a (v real)", "create table $b (v double precision)", "insert into $a values (0.1)", "insert into $b values (0.1)"}, Pair{}, "1/1 not equal by group by +1 -1 v: type changed v own"},
	{"integer to text", []string{"create table $a (v integer)", "create table $b (v varchar(9))", "insert into $a values (7)", "insert into $b values ('7')"}, Pair{}, "1/1 equal v: type changed [v: integer and varchar are compared as text]"},
	{
		"integer to text that differs",
		[]string{"create table $a (v integer)", "create table $b (v varchar(9))", "insert into $a values (7)", "insert into $b values ('007')"},
		Pair{Sample: 1},
		"1/1 not equal by group by +1 -1 v: type changed v own <added v=007> <removed v=7> [v: integer and varchar are compared as text]",
	},
	{"boolean to integer", []string{"create table $a (v boolean)", "create table $b (v integer)", "insert into $a values (true)", "insert into $b values (1)"}, Pair{}, "1/1 not equal by group by +1 -1 v: type changed v own [v: boolean and integer are compared as text]"},

	// Times.
	{
		"date to timestamp",
		[]string{"create table $a (v date)", "create table $b (v timestamp)", "insert into $a values (date '2020-02-29'),(date '9999-12-31')", "insert into $b values (timestamp '2020-02-29 00:00:00'),(timestamp '9999-12-31 00:00:00')"},
		Pair{},
		"2/2 equal v: type changed",
	},
	{"date to timestamp that differs", []string{"create table $a (v date)", "create table $b (v timestamp)", "insert into $a values (date '2020-02-29')", "insert into $b values (timestamp '2020-02-29 00:00:01')"}, Pair{}, "1/1 not equal by group by +1 -1 v: type changed v own"},
	{"one instant in two zones", tables("v timestamp with time zone", "('2020-06-01 12:00:00+02')", "('2020-06-01 10:00:00+00')"), Pair{}, "1/1 equal"},
	{"two instants", tables("v timestamp with time zone", "('2020-06-01 12:00:00+02')", "('2020-06-01 12:00:00+00')"), Pair{}, "1/1 not equal by group by +1 -1 v own"},
	{"infinite dates", tables("v date", "('infinity'),(NULL)", "('-infinity'),(NULL)"), Pair{}, "2/2 not equal by group by +1 -1 v own"},
	{"infinite dates that are the same", tables("v date, w timestamp", "('infinity','infinity'),('-infinity','-infinity')", "('-infinity','-infinity'),('infinity','infinity')"), Pair{}, "2/2 equal"},

	// Names and shapes.
	{"columns in another order", []string{"create table $a (x integer, y integer)", "create table $b (y integer, x integer)", "insert into $a values (1,2)", "insert into $b values (2,1)"}, Pair{}, "1/1 equal"},
	{"columns in another case", []string{`create table $a ("Id" integer, v integer)`, `create table $b ("id" integer, v integer)`, "insert into $a values (1,2)", "insert into $b values (1,2)"}, Pair{}, "1/1 equal id: added from Id Id: removed to id"},
	{"columns added and removed", []string{"create table $a (x integer, y integer)", "create table $b (z integer, x integer)", "insert into $a values (1,2)", "insert into $b values (2,2)"}, Pair{}, "1/1 not equal by group by +1 -1 z: added x own y: removed"},
	{"no column in common", []string{"create table $a (x integer)", "create table $b (y integer)", "insert into $a values (1)", "insert into $b values (1)"}, Pair{}, "1/1 y: added from x x: removed to y [the sides have no column in common]"},
	{"all columns ignored", tables("x integer", "(1)", "(2)"), Pair{Ignore: []string{"x"}}, "failed: all columns that both sides have are ignored 1/1 x: ignored"},
	{"a column ignored", tables("x integer, y integer", "(1,1)", "(1,2)"), Pair{Ignore: []string{"Y", "z"}}, "1/1 equal y: ignored"},
	{
		"names that need quotes", tables(`"select" integer, "a ""b"" c" integer, "größe → 大小" integer, "{{ x }} {% raw %} {0} %s '" integer, "c0" integer, "k0" integer, "p" integer, "h" integer, "n" integer`, "(1,1,1,1,1,1,1,1,1)", "(1,1,1,2,1,1,1,1,1)"),
		Pair{Key: []string{`a "b" c`, "n"}, Sample: 1},
		`1/1 not equal by join +0 -0 ~1 {{ x }} {% raw %} {0} %s '~1 <changed a "b" c=1,c0=1,größe → 大小=1,h=1,k0=1,n=1,p=1,select=1,{{ x }} {% raw %} {0} %s '=1 a "b" c=1,c0=1,größe → 大小=1,h=1,k0=1,n=1,p=1,select=1,{{ x }} {% raw %} {0} %s '=2>`,
	},
	{`a "relation" {{ of }} {% endraw %} größe '大小' %`, tables("x integer", "(1)", "(2)"), Pair{}, "1/1 not equal by group by +1 -1 x own"},
	{"both empty", tables("x integer, y varchar(9)", "", ""), key("x"), "0/0 equal"},
	{"A empty", tables("x integer", "", "(1)"), key("x"), "0/1 not equal by join +1 -0 ~0"},
	{"B empty", tables("x integer", "(1)", ""), Pair{}, "1/0 not equal by group by +0 -1 x own"},
	{"a view and a table", []string{"create view $a as select 1 as x", "create table $b as select 1 as x"}, Pair{}, "view of 1/1 equal"},
	{"a column renamed", []string{"create table $a (x integer, y integer)", "create table $b (z integer, x integer)", "insert into $a values (1,2),(2,3),(3,NULL)", "insert into $b values (2,1),(3,2),(NULL,3)"}, Pair{}, "3/3 equal z: added from y y: removed to z"},
	{"a column renamed, and other values", []string{"create table $a (x integer, y integer, v integer)", "create table $b (z integer, x integer, v integer)", "insert into $a values (1,2,1),(2,3,1)", "insert into $b values (2,1,1),(3,2,9)"}, key("x"), "2/2 not equal by join +0 -0 ~1 z: added from y v~1 y: removed to z"},
	{"a column renamed, and other values without a key", []string{"create table $a (x integer, y integer, v integer)", "create table $b (z integer, x integer, v integer)", "insert into $a values (1,2,1),(2,3,1)", "insert into $b values (2,1,1),(3,2,9)"}, Pair{}, "2/2 not equal by group by +1 -1 z: added v own y: removed"},
	{"a column renamed, whose values are in other rows", []string{"create table $a (x integer, y integer)", "create table $b (z integer, x integer)", "insert into $a values (1,2),(2,3)", "insert into $b values (3,1),(2,2)"}, Pair{}, "2/2 equal z: added y: removed"},
	{"a column renamed and of another type", []string{"create table $a (x integer, y integer)", "create table $b (z bigint, x integer)", "insert into $a values (1,2)", "insert into $b values (2,1)"}, Pair{}, "1/1 equal z: added y: removed"},
	{"columns renamed that hold the same", []string{"create table $a (x integer, y integer)", "create table $b (v integer, w integer)", "insert into $a values (1,1),(2,2)", "insert into $b values (1,1),(2,2)"}, Pair{}, "2/2 v: added w: added x: removed y: removed [the sides have no column in common]"},
	{"all columns renamed", []string{"create table $a (x integer, y integer)", "create table $b (v integer, w integer)", "insert into $a values (1,10),(2,20)", "insert into $b values (10,1),(20,2)"}, Pair{}, "2/2 v: added from y w: added from x x: removed to w y: removed to v [the sides have no column in common]"},
	{"a column renamed, under a condition", []string{"create table $a (x integer, y integer)", "create table $b (z integer, x integer)", "insert into $a values (1,2),(9,7)", "insert into $b values (2,1),(8,9)"}, Pair{Where: "x < 5"}, "1/1 equal z: added from y y: removed to z"},
	{"a column renamed, and ignored", []string{"create table $a (x integer, y integer)", "create table $b (z integer, x integer)", "insert into $a values (1,2)", "insert into $b values (2,1)"}, Pair{Ignore: []string{"z"}}, "1/1 equal z: ignored y: removed"},
	{"columns renamed of no rows", []string{"create table $a (x integer)", "create table $b (z integer)"}, Pair{}, "0/0 z: added x: removed [the sides have no column in common]"},
	{
		"a profile",
		[]string{"create table $b (id integer, v varchar(9), w decimal(10,2), d date, t boolean, n double precision)", "insert into $b values (10,'b',1.50,'2020-02-29',true,0.5),(9,'a',NULL,'2019-01-01',false,-2.5),(8,'a',NULL,NULL,NULL,0.5)"},
		Pair{Depth: Profile},
		"none/3 id: added 3 of 3 from 8 to 10 v: added 2 of 3 w: added 1 of 1 from 1.50 to 1.50 d: added 2 of 2 from 2019-01-01 to 2020-02-29 t: added 2 of 2 n: added 2 of 3 from -2.5 to 0.5",
	},
	{"a profile with texts", []string{"create table $b (v varchar(9))", "insert into $b values ('b'),('ab'),('')"}, Pair{Depth: Profile, Sample: 1, Where: "v <> ''"}, "none/2 v: added 2 of 2 from ab to b"},
	{"a profile of no rows", []string{"create table $b (v integer, w varchar(9))"}, Pair{Depth: Profile, Sample: 1}, "none/0 v: added 0 of 0 w: added 0 of 0"},
	{"a profile of nothing", nil, Pair{Depth: Profile}, "none/none"},
	{"on one side", []string{"create table $b (id integer)", "insert into $b values (1)"}, Pair{}, "none/1 id: added"},
	{"on the other side", []string{"create table $a (id integer)"}, Pair{}, "0/none id: removed"},
	{"on no side", nil, Pair{}, "none/none"},

	// Names that each build has in its own way.
	{"only names", tables("id integer, v varchar(40)", "(1,'db.prod_1.x'),(2,'y'),(3,NULL)", "(1,'db.dev_2.x'),(2,'y'),(3,NULL)"), named(), "3/3 not equal only by names in v"},
	{"only names, by the fingerprint", tables("v varchar(40)", "('prod_1')", "('dev_2')"), Pair{Depth: Fingerprint, Names: named().Names}, "1/1 not equal only by names in v"},
	{"only names, and names of the other", tables("v varchar(40)", "('prod_1.a'),('prod_1.b')", "('prod_1.a'),('dev_2.b')"), named(), "2/2 not equal only by names in v"},
	{"names, and other rows", tables("v varchar(40)", "('prod_1.a'),('prod_1.b')", "('dev_2.a'),('dev_2.c')"), Pair{Names: named().Names, Sample: 1}, "2/2 not equal besides names in v by group by +1 -1 v own <added v=<schema>.c> <removed v=<schema>.b>"},
	{
		"names, and other values", tables("id integer, v varchar(40), w integer", "(1,'prod_1.a',1),(2,'prod_1.b',1)", "(1,'dev_2.a',1),(2,'dev_2.b',2)"), named("id"),
		"2/2 not equal besides names in v by join +0 -0 ~1 w~1",
	},
	{"names in a key", tables("k varchar(40), v integer", "('prod_1.a',1),('prod_1.b',1)", "('dev_2.a',1),('dev_2.b',2)"), named("k"), "2/2 not equal besides names in k by join +0 -0 ~1 v~1"},
	{"names of which the count differs", tables("v varchar(40)", "('prod_1'),('prod_1')", "('dev_2')"), named(), "2/1 not equal besides names in v by group by +0 -1 v own"},
	{"names, ignored", tables("v varchar(40), w integer", "('prod_1',1)", "('dev_2',2)"), Pair{Ignore: []string{"v"}, Names: named().Names}, "1/1 not equal by group by +1 -1 v: ignored w own"},
	{"names in text of another type", []string{"create table $a (v varchar(40))", "create table $b (v text)", "insert into $a values ('prod_1')", "insert into $b values ('dev_2')"}, named(), "1/1 not equal only by names in v*"},
	{"no names", tables("v varchar(40), w integer", "('a',1)", "('b',1)"), named(), "1/1 not equal by group by +1 -1 v own"},

	// Columns of which only is compared whether the row is current.
	{"ends of rows", tables("id integer, until timestamp", "(1,'2020-01-01'),(2,NULL)", "(1,'2021-01-01'),(2,NULL)"), Pair{Ends: map[string]string{"UNTIL": ""}}, "2/2 equal"},
	{
		"ends of rows that differ", tables("id integer, until timestamp", "(1,'2020-01-01'),(2,NULL)", "(1,NULL),(2,NULL)"),
		Pair{Key: []string{"id"}, Ends: map[string]string{"until": ""}, Sample: 1, Tolerance: map[string]float64{"": 1}},
		"2/2 not equal by join +0 -0 ~1 until~1 <changed id=1,until=2020-01-01 00:00:00 id=1,until=NULL>",
	},
	{
		"ends of rows by a value", tables("id integer, until date", "(1,'2020-01-01'),(2,'9999-12-31'),(3,'2020-01-01')", "(1,'2021-01-01'),(2,NULL),(3,'9999-12-31')"),
		Pair{Ends: map[string]string{"until": "cast('9999-12-31' as date) -- {} {{ x }}\n"}},
		"3/3 not equal by group by +1 -1 until own",
	},
	{"ends of rows of another type", []string{"create table $a (until date)", "create table $b (until timestamp)", "insert into $a values (date '2020-01-01')", "insert into $b values (timestamp '2021-01-01 01:00:00')"}, Pair{Ends: map[string]string{"until": ""}}, "1/1 equal until: type changed"},

	// Depth and --where.
	{"columns only", tables("x integer", "(1)", "(2)"), Pair{Depth: Columns}, "table/table"},
	{"counts only", tables("x integer", "(1)", "(2),(3)"), Pair{Depth: Counts}, "1/2"},
	{"the fingerprint only", tables("x integer", "(1)", "(2)"), Pair{Depth: Fingerprint}, "1/1 not equal"},
	{"where", tables("x integer, y integer", "(1,1),(2,2)", "(1,1),(2,3)"), Pair{Where: "x < 2 -- not all"}, "1/1 equal"},
	{"where, and it differs", tables("x integer, y integer", "(1,1),(2,2),(3,3)", "(1,1),(2,3),(3,4)"), Pair{Where: "x < 3 or y = 99", Key: []string{"x"}, Sample: 2}, "2/2 not equal by join +0 -0 ~1 y~1 <changed x=2,y=2 x=2,y=3>"},

	// Tolerance.
	{"within tolerance", tables("id integer, v double precision, w varchar(9)", "(1,1,'a'),(2,1000000,'b')", "(1,1.0000001,'a'),(2,1000000.1,'b')"), Pair{Key: []string{"id"}, Tolerance: map[string]float64{"": 1e-6}}, "2/2 not equal by join +0 -0 ~0 tolerated"},
	{
		"beyond tolerance", tables("id integer, v double precision, w varchar(9)", "(1,1.5,'a'),(2,1.5,'b'),(3,1.5,'c')", "(1,1.5000001,'x'),(2,1.6,'b'),(3,1.5000001,'c')"),
		Pair{Key: []string{"id"}, Tolerance: map[string]float64{"": 1e-6}, Sample: 9},
		"3/3 not equal by join +0 -0 ~2 v~1 w~1 <changed id=1,v=1.5,w=a id=1,v=1.5000001,w=x> <changed id=2,v=1.5,w=b id=2,v=1.6,w=b>",
	},
	{"tolerance by column", tables("id integer, v double precision, w double precision", "(1,1,1),(2,1,1)", "(1,1.01,1),(2,1,1.01)"), Pair{Key: []string{"id"}, Tolerance: map[string]float64{"": 0.1, "W": 0}}, "2/2 not equal by join +0 -0 ~1 w~1"},
	{
		"tolerance and what is not finite", tables("id integer, v double precision", "(1,1),(2,cast('Infinity' as double precision)),(3,cast('NaN' as double precision)),(4,NULL),(5,1)", "(1,cast('Infinity' as double precision)),(2,cast('-Infinity' as double precision)),(3,1),(4,1),(5,1.01)"),
		Pair{Key: []string{"id"}, Tolerance: map[string]float64{"v": 0.1}},
		"5/5 not equal by join +0 -0 ~4 v~4",
	},
	{"tolerance and rows", tables("id integer, v double precision", "(1,1)", "(1,1.01),(2,2)"), Pair{Key: []string{"id"}, Tolerance: map[string]float64{"": 0.1}}, "1/2 not equal by join +1 -0 ~0"},
	{"tolerance without a key", tables("v double precision", "(1)", "(1.01)"), Pair{Tolerance: map[string]float64{"": 0.1}}, "1/1 not equal by group by +1 -1 v own [the tolerance was not used: it needs a key]"},
	{
		"tolerance between types",
		[]string{"create table $a (id integer, v decimal(10,3))", "create table $b (id integer, v double precision)", "insert into $a values (1,1.001)", "insert into $b values (1,1.0011)"},
		Pair{Key: []string{"id"}, Tolerance: map[string]float64{"": 0.1}},
		"1/1 not equal by join +0 -0 ~0 tolerated v: type changed",
	},

	// Distributions.
	{
		"distribution", tables("id integer, v double precision, w varchar(9), x integer", "(1,0,'a',1),(2,10,'b',1),(3,NULL,'c',1)", "(1,0,'x',1),(2,20,'b',1),(3,5,'c',1)"),
		Pair{Key: []string{"id"}, Distributions: true},
		"3/3 not equal by join +0 -0 ~3 v~2 {3 rows, 1 NULL, 0 5 10, 0:1, 10:1} {3 rows, 0 NULL, 0 8.333333333333334 20, 0:1, 5:1, 19:1} w~1",
	},
	{
		"distribution of what is not finite", tables("id integer, v double precision", "(1,cast('NaN' as double precision)),(2,cast('-Infinity' as double precision)),(3,7)", "(1,1),(2,NULL),(3,7)"),
		Pair{Distributions: true},
		"3/3 not equal by group by +2 -2 v own {3 rows, 0 NULL, 7 7 7, 19:1} {3 rows, 1 NULL, 1 4 7, 0:1, 19:1}",
	},
	{"distribution of one value", tables("v decimal(10,2)", "(7.50),(7.50)", "(7.50)"), Pair{Distributions: true}, "2/1 not equal by group by +0 -1 v own {2 rows, 0 NULL, 7.5 7.5 7.5, 0:2} {1 rows, 0 NULL, 7.5 7.5 7.5, 0:1}"},
	{"distribution of nothing", tables("id integer, v double precision", "(1,NULL)", "(1,cast('NaN' as double precision))"), Pair{Key: []string{"id"}, Distributions: true}, "1/1 not equal by join +0 -0 ~1 v~1 {1 rows, 1 NULL} {1 rows, 0 NULL}"},
}

func TestDuckDB(t *testing.T) {
	check(t, newWarehouse(t, "duckdb"), slices.Concat(everywhere, duckdbCases))
}

func TestPostgres(t *testing.T) {
	eachPostgres(t, func(t *testing.T, w warehouse) {
		cases := slices.Concat(everywhere, postgresCases)
		if w.release(t) >= 14 {
			cases = append(cases, postgres14Cases...)
		}
		// A server that was built without ICU has at most one collation of it.
		if w.Query(t, "select (count(*) > 1)::text from pg_collation where collprovider = 'i'")[0][0] == "true" {
			cases = append(cases, icuCases...)
		}
		check(t, w, cases)
	})
}

var duckdbCases = []testCase{
	{"sums of 128 bits", tables("v hugeint, w decimal(38,2)", "(0,0),(5,5)", "(-1,0),(5,5)"), Pair{}, "2/2 not equal by group by +1 -1 v own"},
	{"sums of 128 bits, decimal", tables("v hugeint, w decimal(38,2)", "(0,0),(5,5)", "(0,-0.01),(5,5)"), Pair{}, "2/2 not equal by group by +1 -1 w own"},
	{"bigint to hugeint", []string{"create table $a (v bigint)", "create table $b (v hugeint)", "insert into $a values (-5),(0),(9223372036854775807)", "insert into $b values (-5),(0),(9223372036854775807)"}, Pair{}, "3/3 equal v: type changed"},
	{"unsigned to bigint", []string{"create table $a (v ubigint)", "create table $b (v bigint)", "insert into $a values (5)", "insert into $b values (5)"}, Pair{}, "1/1 equal v: type changed"},
	{"hugeint to decimal that does not hold it", []string{"create table $a (v hugeint)", "create table $b (v decimal(10,2))", "insert into $a values (5)", "insert into $b values (5)"}, Pair{}, "1/1 not equal by group by +1 -1 v: type changed v own [v: HUGEINT and DECIMAL(10,2) are compared as text]"},
	{"empty list and NULL", tables("v integer[]", "([]),(NULL),([NULL])", "([]),([]),(NULL)"), Pair{}, "3/3 not equal by group by +1 -1 v own"},
	{"lists of zeros", tables("v integer[]", "([0])", "([0,0])"), Pair{Sample: 1}, "1/1 not equal by group by +1 -1 v own <added v=[0, 0]> <removed v=[0]>"},
	{"nested floats of the same value", tables("v double[], w float[2], x struct(a double), y map(varchar, double), z variant", "([0.0::double,'nan'],[0.0,1],{'a':0.0},map{'k':0.0},0.0::double)", "([-0.0::double,-('nan'::double)],[-0.0::float,1],{'a':-0.0::double},map{'k':-0.0::double},-0.0::double)"), Pair{}, "1/1 equal"},
	{"nested floats of other values", tables("id integer, v double[], w float[2], x struct(a double)", "(1,[0.05],[0.0,1],{'a':0.05})", "(1,[-0.05],[0.05,1],{'a':0.0})"), key("id"), "1/1 not equal by join +0 -0 ~1 v~1 w~1 x~1"},
	{"nested intervals", tables("v interval[], w struct(a interval), x struct(interval_x integer)", "([interval '1 day'],{'a':interval '1 day'},{'interval_x':1})", "([interval '24 hours'],{'a':interval '24 hours'},{'interval_x':1})"), Pair{}, "1/1 not equal by group by +1 -1 v own w own"},
	{"texts with signs of zero in a list", tables("v varchar[]", "(['-0.0'])", "(['0.0'])"), Pair{}, "1/1 not equal by group by +1 -1 v own"},
	{"nested lists", tables("id integer, v integer[][]", "(1,[[1,2]])", "(1,[[1],[2]])"), key("id"), "1/1 not equal by join +0 -0 ~1 v~1"},
	{"lists of text", tables("v varchar[]", "(['a, b'])", "(['a','b'])"), Pair{}, "1/1 not equal by group by +1 -1 v own"},
	{"lists in another order", tables("v integer[]", "([1,2])", "([2,1])"), Pair{}, "1/1 not equal by group by +1 -1 v own"},
	{"lists that are the same", tables("v integer[], w struct(a integer, b varchar[]), x map(varchar, integer), y integer[2]", "([1,NULL],{'a':1,'b':['x']},map{'k':1},[1,2]),(NULL,NULL,NULL,NULL)", "(NULL,NULL,NULL,NULL),([1,NULL],{'a':1,'b':['x']},map{'k':1},[1,2])"), Pair{}, "2/2 equal"},
	{"a struct of NULL and NULL", tables("v struct(a integer)", "({'a':NULL})", "(NULL)"), Pair{}, "1/1 not equal by group by +1 -1 v own"},
	{
		"structs with other names",
		[]string{"create table $a (v struct(a integer))", "create table $b (v struct(b integer))", "insert into $a values ({'a':1})", "insert into $b values ({'b':1})"},
		Pair{},
		"1/1 not equal by group by +1 -1 v: type changed v own [v: STRUCT(a integer) and STRUCT(b integer) are compared as text]",
	},
	{"maps in another order", tables("v map(varchar,integer)", "(map{'a':1,'b':2})", "(map{'b':2,'a':1})"), Pair{}, "1/1 not equal by group by +1 -1 v own"},
	{"unions", tables("v union(a integer, b varchar)", "(union_value(a := 1))", "(union_value(b := '1'))"), Pair{}, "1/1 not equal by group by +1 -1 v own"},
	{"blobs", tables("v blob", "('\\x00\\xFF'::blob),(''::blob)", "(''::blob),('\\x00\\xFF'::blob)"), Pair{}, "2/2 equal"},
	{"blob to text", []string{"create table $a (v blob)", "create table $b (v varchar)", "insert into $a values ('a'::blob)", "insert into $b values ('a')"}, Pair{}, "1/1 equal v: type changed [v: BLOB and varchar are compared as text]"},
	{"enums", tables("v enum('x','y')", "('x')", "('y')"), Pair{}, "1/1 not equal by group by +1 -1 v own"},
	{"enums of other values", []string{"create table $a (v enum('x','y'))", "create table $b (v enum('y','x'))", "insert into $a values ('x')", "insert into $b values ('x')"}, Pair{}, "1/1 equal v: type changed"},
	{"enum to text", []string{"create table $a (v enum('x','y'))", "create table $b (v varchar)", "insert into $a values ('x')", "insert into $b values ('x')"}, Pair{}, "1/1 equal v: type changed"},
	{"intervals", tables("v interval", "('1 day')", "('24 hours')"), Pair{}, "1/1 not equal by group by +1 -1 v own"},
	{"json", tables("v json", `('{"a": 1, "b": 2}')`, `('{"b": 2, "a": 1}')`), Pair{}, "1/1 not equal by group by +1 -1 v own"},
	{"json that is the same", tables("v json", `('{"a": 1}')`, `('{"a": 1}')`), Pair{}, "1/1 equal"},
	{"a collation that knows no case", tables("v varchar collate nocase", "('a')", "('A')"), Pair{}, "1/1 not equal by group by +1 -1 v own"},
	{"a collation that knows no case, by key", tables("k varchar collate nocase, v varchar collate nocase", "('x','a'),('y','b'),('Y','c')", "('x','A'),('y','b'),('Y','c')"), key("k"), "3/3 not equal by join +0 -0 ~1 v~1"},
	{"names under a collation that knows no case", tables("v varchar collate nocase", "('prod_1.a')", "('dev_2.A')"), named(), "1/1 not equal besides names in v by group by +1 -1 v own"},
	{"all the others", tables("a uuid, b bit, c time, d timetz, e timestamp_ns, f timestamp_s, g utinyint, h bignum, i variant, j geometry, k time_ns, l uhugeint",
		"('6ccd780c-baba-1026-9564-5b8c656024db','101','10:00:00','10:00:00+01','2020-01-01','2020-01-01',7,7,7,'POINT(1 2)','10:00:00',7)", "('6ccd780c-baba-1026-9564-5b8c656024db','101','10:00:00','10:00:00+01','2020-01-01','2020-01-01',7,7,7,'POINT(1 2)','10:00:00',7)"), Pair{}, "1/1 equal"},
	{
		"all the others, different", tables("a uuid, b bit, c time, d timetz, e timestamp_ns, f timestamp_s, g utinyint, h bignum, i variant, j geometry, k time_ns, l uhugeint",
			"('6ccd780c-baba-1026-9564-5b8c656024db','101','10:00:00','10:00:00+01','2020-01-01','2020-01-01',7,7,7,'POINT(1 2)','10:00:00',7)",
			"('6ccd780c-baba-1026-9564-5b8c656024dc','0101','10:00:01','10:00:00+00','2020-01-01 00:00:00.000000001','2020-01-02',8,8,'7','POINT(1 3)','10:00:00.000000001',8)"),
		Pair{},
		"1/1 not equal by group by +1 -1 a own b own c own d own e own f own g own h own i own j own k own l own",
	},
	{"timestamps of other precisions", []string{"create table $a (v timestamp_s)", "create table $b (v timestamp)", "insert into $a values ('2020-01-01 10:00:00')", "insert into $b values ('2020-01-01 10:00:00')"}, Pair{}, "1/1 equal v: type changed"},
	{
		"timestamp to nanoseconds",
		[]string{"create table $a (v timestamp)", "create table $b (v timestamp_ns)", "insert into $a values ('2020-01-01 10:00:00')", "insert into $b values ('2020-01-01 10:00:00.000000001')"},
		Pair{},
		"1/1 not equal by group by +1 -1 v: type changed v own [v: TIMESTAMP and TIMESTAMP_NS are compared as text]",
	},
	{
		"timestamp to timestamptz",
		[]string{"create table $a (v timestamp)", "create table $b (v timestamptz)", "insert into $a values ('2020-06-01 10:00:00')", "insert into $b values ('2020-06-01 12:00:00+02')"},
		Pair{},
		"1/1 equal v: type changed [v: TIMESTAMP and TIMESTAMP WITH TIME ZONE are compared in UTC]",
	},
	{"a view of what is gone", []string{"create table $a (x integer)", "create table b.gone (x integer)", "create view $b as select * from b.gone", "drop table b.gone"}, Pair{}, "failed: Catalog Error: Table with name gone does not exist!*"},
	{"a condition that fails", tables("x integer", "(1)", "(2)"), Pair{Where: "nowhere = 1"}, `failed: Binder Error: Referenced column "nowhere" not found in FROM clause! Candidate bindings: "x" none/none`},
	{"200 columns", wide("$a", "$b", 200), Pair{Key: []string{"c1"}, Sample: 1}, "2/2 not equal by join +0 -0 ~1 c77~1 <changed c0=0,*"},
	{"200 columns without a key", wide("$a", "$b", 200), Pair{}, "2/2 not equal by group by +1 -1 c77 own"},
	{"a long value", tables("x varchar", "(repeat('ä', 999))", "(repeat('ä', 2000))"), Pair{}, "1/1 not equal by group by +1 -1 x own"},
}

var postgresCases = []testCase{
	{
		"halves of timestamps", tables("v timestamp, w timestamptz", "(timestamp '2000-01-01 00:00:00.000001', timestamptz '2000-01-01 00:00:00.000001+00')", "(timestamp '2000-01-01' + interval '4294.967296 seconds', timestamptz '2000-01-01 00:00:00+00' + interval '4294.967296 seconds')"),
		Pair{},
		"1/1 not equal by group by +1 -1 v own w own",
	},
	{"char of other lengths", []string{"create table $a (v char(5))", "create table $b (v char(8))", "insert into $a values ('a')", "insert into $b values ('a')"}, Pair{}, "1/1 equal v: type changed"},
	{"char to text", []string{"create table $a (v char(5))", "create table $b (v text)", "insert into $a values ('a'),('b')", "insert into $b values ('a'),('b ')"}, Pair{}, "2/2 not equal by group by +1 -1 v: type changed v own"},
	{"varchar to text", []string{"create table $a (v varchar(5))", "create table $b (v text)", "insert into $a values ('a')", "insert into $b values ('a')"}, Pair{}, "1/1 equal v: type changed"},
	{"types without a hash", []string{
		"create type mood as enum ('sad', 'glad')", "create type two as (x integer, y text)", "create domain tiny as bigint check (value < 10)",
		"create table $a (a json, b xml, c point, d money, e bit(3), f tsvector, g interval, h integer[], i mood, j two, k tiny, l timetz, m inet, n int4range, o name, p oid)",
		"create table $b (like $a)", "insert into $a select '{\"a\": 1}', null, '(1,2)', '12.50', b'101', 'a b', '1 day', '{1,NULL}', 'sad', '(1,x)', 5, '10:00:00+01', '10.0.0.1', '[1,3)', 'n', 7", "insert into $b select * from $a",
	}, Pair{}, "1/1 equal"},
	{
		"types without a hash, different",
		[]string{
			"create table $a (a json, b xml, c point, d money, e bit(3), f tsvector, g interval, h integer[], i mood, j two, k tiny, l timetz, m inet, n int4range, o name, p oid)",
			"create table $b (like $a)", "insert into $a select '{\"a\": 1}', null, '(1,2)', '12.50', b'101', 'a b', '1 day', '{1,NULL}', 'sad', '(1,x)', 5, '10:00:00+01', '10.0.0.1', '[1,3)', 'n', 7",
			"insert into $b select '{\"a\": 2}', null, '(1,3)', '12.51', b'100', 'a c', '24 hours', '{1}', 'glad', '(2,x)', 6, '09:00:00+00', '10.0.0.2', '[1,4)', 'm', 8",
		},
		Pair{},
		"1/1 not equal by group by +1 -1 a own c own d own e own f own g own h own i own j own k own l own m own n own o own p own",
	},
	{
		"types without a hash, by key",
		[]string{"create table $a (id integer, a json, b xml, c point)", "create table $b (like $a)", "insert into $a select 1, '{}', null, '(1,2)'", "insert into $b select 1, '[]', null, '(1,3)'"},
		Pair{Key: []string{"id"}, Sample: 1},
		"1/1 not equal by join +0 -0 ~1 a~1 c~1 <changed a={},b=NULL,c=(1,2),id=1 a=[],b=NULL,c=(1,3),id=1>",
	},
	{"arrays of the same numbers", tables("v double precision[], w real[], x numeric[], y numeric(10,3)[], z numrange", "('{0,NaN}','{{0,1}}','{1.0,-20,0.0}','{1.5}','[1.0,2.50)')", "('{-0,NaN}','{{-0,1}}','{1.00,-20.0,0}','{1.500}','[1.00,2.5)')"), Pair{}, "1/1 equal"},
	{"arrays of other numbers", tables("id integer, v double precision[], w real[], x numeric[], z numrange", "(1,'{0}','{{0,1}}','{100}','[10,20)')", "(1,'{0.1}','{{0},{1}}','{10}','[1,20)')"), key("id"), "1/1 not equal by join +0 -0 ~1 v~1 w~1 x~1 z~1"},
	{"arrays of numbers, in another order", tables("v double precision[], w numeric[]", "('{0,1}','{0,1}')", "('{1,0}','{1,0}')"), Pair{Sample: 1}, "1/1 not equal by group by +1 -1 v own w own <added v={1,0},w={1,0}> <removed v={0,1},w={0,1}>"},
	{"names in other types", tables("a name, b json, c jsonb, d char(9), e text[]", `('prod_1','{"a":"prod_1"}','{"a":"prod_1"}','prod_1','{prod_1,x}')`, `('dev_2','{"a":"dev_2"}','{"a":"dev_2"}','dev_2','{dev_2,x}')`), named(), "1/1 not equal only by names in a, b, c, d, e"},
	{"json to jsonb", []string{"create table $a (v json)", "create table $b (v jsonb)", `insert into $a values ('{"a": 1}')`, `insert into $b values ('{"a": 1}')`}, Pair{}, "1/1 equal v: type changed [v: json and jsonb are compared as text]"},
	{"jsonb in another order", tables("v jsonb", `('{"a": 1, "b": 2.0}')`, `('{"b":2.0, "a": 1}')`), Pair{}, "1/1 equal"},
	{"jsonb that differs by a sign", tables("v jsonb", `('{"a": 1}')`, `('{"a": -1}')`), Pair{}, "1/1 not equal by group by +1 -1 v own"},
	{"signs of numerics", tables("v numeric", "(1),(2)", "(-1),(2)"), Pair{}, "2/2 not equal by group by +1 -1 v own"},
	{"NULL, NaN, zero and infinity", tables("id integer, v numeric, w double precision", "(1,null,null),(2,'NaN',0),(3,0,'NaN'),(4,1,'Infinity'),(5,0,1)", "(1,'NaN',0),(2,null,null),(3,1,'Infinity'),(4,'NaN','NaN'),(5,1,'-Infinity')"), key("id"), "5/5 not equal by join +0 -0 ~5 v~5 w~5"},
	{"NULL and NaN", tables("v numeric", "(null),(1)", "('NaN'),(1)"), Pair{}, "2/2 not equal by group by +1 -1 v own"},
	{"NULL and 0", tables("v double precision", "(null),(1)", "(0),(1)"), Pair{}, "2/2 not equal by group by +1 -1 v own"},
	{"bytes", tables("v bytea, w uuid, x time, y boolean", `('\\x00ff','6ccd780c-baba-1026-9564-5b8c656024db','10:00',true),(NULL,NULL,NULL,NULL)`, `(NULL,NULL,NULL,NULL),('\\x00ff','6ccd780c-baba-1026-9564-5b8c656024db','10:00',true)`), Pair{}, "2/2 equal"},
	{"bytes that differ", tables("v bytea, w uuid, x time, y boolean", `('\\x00ff','6ccd780c-baba-1026-9564-5b8c656024db','10:00',true)`, `('\\x00fe','6ccd780c-baba-1026-9564-5b8c656024dc','10:01',false)`), Pair{}, "1/1 not equal by group by +1 -1 v own w own x own y own"},
	{"numeric NaN", tables("v numeric", "('NaN'),(1.0)", "(1.00),('NaN')"), Pair{}, "2/2 equal"},
	{"numeric to double, far apart", []string{"create table $a (v numeric)", "create table $b (v double precision)", "insert into $a values (0.10000000000000000555), ('NaN')", "insert into $b values (0.1), ('NaN')"}, Pair{}, "2/2 not equal by group by +1 -1 v: type changed v own"},
	{
		"timestamp to timestamptz",
		[]string{"create table $a (v timestamp)", "create table $b (v timestamptz)", "insert into $a values ('2020-06-01 10:00:00')", "insert into $b values ('2020-06-01 12:00:00+02')"},
		Pair{},
		"1/1 equal v: type changed [v: timestamp without time zone and timestamp with time zone are compared in UTC]",
	},
	{"columns that differ in case only", []string{`create table $a ("Id" integer, "id" integer)`, `create table $b ("Id" integer, "id" integer)`, "insert into $a values (1,1)", "insert into $b values (1,2)"}, Pair{Key: []string{"Id"}}, "1/1 not equal by join +0 -0 ~1 id~1"},
	{strings.Repeat("ä", 40), []string{`create table $a ("` + strings.Repeat("x", 70) + `" integer)`, `create table $b ("` + strings.Repeat("x", 70) + `" integer)`, "insert into $a values (1)", "insert into $b values (2)"}, Pair{}, "1/1 not equal by group by +1 -1 " + strings.Repeat("x", 63) + " own"},
	{"a materialized view", []string{"create materialized view $a as select 1 as x", "create table $b as select 1 as x"}, Pair{}, "materialized view of 1/1 equal"},
	{"a partitioned table", []string{"create table $a (x integer) partition by list (x)", "create table a.part partition of $a for values in (1)", "insert into $a values (1)", "create table $b as select 1 as x"}, Pair{}, "1/1 equal"},
	{"a condition that fails", tables("x integer", "(1)", "(2)"), Pair{Where: "nowhere = 1"}, `failed: column "nowhere" does not exist none/none`},
	{"a value that can't be had", []string{"create table $a (x integer)", "create view $b as select 1/x as x from $a", "insert into $a values (0)"}, Pair{}, "failed: division by zero none/none"},
	{"1,000 columns", wide("$a", "$b", 1000), Pair{Key: []string{"c1"}, Sample: 1}, "2/2 not equal by join +0 -0 ~1 c77~1 <changed c0=0,*"},
	{"1,000 columns without a key", wide("$a", "$b", 1000), Pair{Sample: 1}, "2/2 not equal by group by +1 -1 c77 own <added c0=0,*"},
	{"1,600 columns", wide("$a", "$b", 1600), Pair{Key: []string{"c1"}}, "2/2 not equal by join +0 -0 ~1 c77~1"},
}

// postgres14Cases has values that PostgreSQL has since 14.
var postgres14Cases = []testCase{
	{"infinite numerics", tables("id integer, v numeric", "(1,0),(2,'Infinity'),(3,'-Infinity'),(4,'Infinity'),(5,'NaN')", "(1,'Infinity'),(2,'-Infinity'),(3,'NaN'),(4,'9e131071'),(5,'NaN')"), key("id"), "5/5 not equal by join +0 -0 ~4 v~4"},
	{"infinite numerics, each alone", tables("v numeric", "(0),('Infinity'),(null)", "('NaN'),('-Infinity'),(null)"), Pair{}, "3/3 not equal by group by +2 -2 v own"},
	{"infinite numerics that are the same", tables("v numeric", "('Infinity'),('-Infinity')", "('-Infinity'),('Infinity')"), Pair{}, "2/2 equal"},
}

// icuCases have a collation that calls different texts equal.
var icuCases = []testCase{
	{
		"a collation that knows no case, not named",
		[]string{
			"create collation nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false)", "create table $a (v text collate nocase)", "create table $b (like $a)",
			"insert into $a values ('a')", "insert into $b values ('A')",
		},
		Pair{},
		"1/1 not equal by group by +1 -1 v own",
	},
	{
		"names under a collation that knows no case",
		[]string{
			"create table $a (v text collate nocase)", "create table $b (like $a)",
			"insert into $a values ('prod_1.a')", "insert into $b values ('dev_2.A')",
		},
		named(),
		"1/1 not equal besides names in v by group by +1 -1 v own",
	},
}

// wide creates two tables with many columns, one of which differs.
func wide(a, b string, columns int) []string {
	var names, one, other []string
	for i := range columns {
		names = append(names, fmt.Sprintf("c%d %s", i, []string{"integer", "bigint", "varchar(9)"}[i%3]))
		value := fmt.Sprint(i)
		if i >= 1000 {
			value = "null" // a row in PostgreSQL has to fit on a page
		}
		one = append(one, value)
		other = append(other, value)
	}
	other[77] = "9"
	return []string{
		"create table " + a + " (" + strings.Join(names, ", ") + ")",
		"create table " + b + " (" + strings.Join(names, ", ") + ")",
		"insert into " + a + " values (" + strings.Join(one, ",") + ")",
		"insert into " + a + " (c0, c1) values (0, 0)",
		"insert into " + b + " values (" + strings.Join(other, ",") + ")",
		"insert into " + b + " (c0, c1) values (0, 0)",
	}
}
