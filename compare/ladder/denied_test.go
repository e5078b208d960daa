//go:build unix

package ladder

import (
	"strings"
	"testing"
)

// Relations that the user may not read are reported so, also if they became
// unreadable during the comparison. The others are still compared.
func TestDenied(t *testing.T) {
	w := newWarehouse(t, "postgres")
	w.Exec(
		t, "create role reader login password 'secret'", "create schema c",
		"grant usage on schema a, b to reader",
		"create table a.fine as select 1 as x", "create table b.fine as select 2 as x",
		"create table a.denied as select 1 as x", "create table b.denied as select 1 as x",
		"create table a.hidden as select 1 as x", "create table c.hidden as select 1 as x",
		"create table a.part as select 1 as x, 2 as y", "create table b.part as select 1 as x, 2 as y",
		"create table a.one as select 1 as x, 2 as y", "create table b.one as select 1 as x, 2 as y",
		"create table a.below as select 1 as x", "create view b.below as select * from c.hidden",
		"create role other", "grant select on b.below to reader", "alter view b.below owner to other",
		"grant select on a.fine, b.fine, a.denied, a.hidden, c.hidden, a.part, b.part, a.below to reader",
		"grant select (x, y) on a.one, b.one to reader", "revoke select on b.part from reader", "grant select (x) on b.part to reader",
	)
	w.Configure(t, map[string]any{"user": "reader", "password": "secret"})
	want := map[string]string{
		"fine":   "1/1 not equal by group by +1 -1 x own",
		"denied": `failed: permission denied: "DB"."b"."denied" may not be read 1/table`,
		"hidden": `failed: permission denied: "DB"."c"."hidden" may not be read 1/table`,
		"part":   "failed: permission denied for table part none/none",
		"one":    "1/1 equal",
		"below":  "failed: permission denied for table hidden none/none",
	}
	var pairs []Pair
	for name := range want {
		p := Pair{ID: name, A: w.relation("a", name), B: w.relation("b", name), Depth: Detail}
		if name == "hidden" {
			p.B = w.relation("c", name)
		}
		pairs = append(pairs, p)
	}
	for name, f := range w.compare(t, pairs) {
		if got := strings.ReplaceAll(said(f), w.Name, "DB"); got != want[name] {
			t.Errorf("%s:\n got %s\nwant %s", name, got, want[name])
		}
	}
}
