package code

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// renamed is newWorld in which orders has another name. The models that read it name it by ref.
func renamed(to string) *world {
	w := newWorld()
	w.of("top")["raw_code"] = "select * from {{ ref('orders') }}"
	if to == "orders" {
		return w
	}
	delete(w.nodes, "model.shop.orders")
	w.model(to, `select id from "db"."<schema>"."stg"`, "model.shop.stg")
	w.of(to)["raw_code"] = "the file of " + to
	w.model("top", `select * from "db"."<schema>"."`+to+`"`, "model.shop."+to)
	w.of("top")["raw_code"] = "select * from {{ ref('" + to + "') }}"
	return w
}

// pairs returns the names of the nodes that a comparison finds: "new (old)" for a renamed one.
func pairs(t *testing.T, a, b *world, renames ...Rename) (map[string]string, error) {
	t.Helper()
	nodes, err := Compare(a.build(t, "prod_4521a86", "4521a86"), b.build(t, "dev_9b13827", "9b13827"), renames...)
	out := map[string]string{}
	for _, n := range nodes {
		name := n.Name
		if n.OldName != "" {
			name += " (" + n.OldName + ")"
		}
		what := strings.Join(n.Differences, ", ")
		switch {
		case !n.A.In:
			what = "added"
		case !n.B.In:
			what = "removed"
		}
		out[name] = what
	}
	return out, err
}

func TestRename(t *testing.T) {
	rest := map[string]string{"raw": "", "stg": "", "outside": ""}
	with := func(more map[string]string) map[string]string {
		for name, what := range rest {
			if _, given := more[name]; !given {
				more[name] = what
			}
		}
		return more
	}
	tests := []struct {
		name string
		b    func() *world
		give []Rename
		want map[string]string
	}{
		{
			name: "the same file under another name",
			b:    func() *world { return renamed("fct_orders") },
			want: with(map[string]string{"fct_orders (orders)": "", "top": ""}),
		},
		{
			name: "and one that reads it",
			b: func() *world {
				w := renamed("fct_orders")
				w.node("model.shop.summit", w.of("top"))
				w.of("summit")["unique_id"], w.of("summit")["name"], w.of("summit")["alias"] = "model.shop.summit", "summit", "summit"
				w.of("summit")["relation_name"] = `"db"."<schema>"."summit"`
				delete(w.nodes, "model.shop.top")
				return w
			},
			want: with(map[string]string{"fct_orders (orders)": "", "summit (top)": ""}),
		},
		{
			name: "another file",
			b: func() *world {
				w := renamed("fct_orders")
				w.of("fct_orders")["raw_code"] = "something else"
				return w
			},
			want: with(map[string]string{"fct_orders": "added", "orders": "removed", "top": "SQL, upstream: fct_orders, orders"}),
		},
		{
			name: "another file, but the user says so",
			b: func() *world {
				w := renamed("fct_orders")
				w.of("fct_orders")["raw_code"] = "something else"
				w.code("fct_orders", `select id, 1 from "db"."<schema>"."stg"`)
				return w
			},
			give: []Rename{{"orders", "fct_orders"}},
			want: with(map[string]string{"fct_orders (orders)": "SQL", "top": "upstream: fct_orders"}),
		},
		{
			name: "two files alike",
			b: func() *world {
				w := renamed("fct_orders")
				w.model("more_orders", "select 1")
				w.of("more_orders")["raw_code"] = "the file of more_orders"
				return w
			},
			want: with(map[string]string{"fct_orders": "added", "more_orders": "added", "orders": "removed", "top": "SQL, upstream: fct_orders, orders"}),
		},
		{
			name: "a seed by its checksum",
			b: func() *world {
				w := renamed("orders")
				delete(w.nodes, "seed.shop.raw")
				w.node("seed.shop.raw_rows", object{
					"checksum": object{"name": "sha256", "checksum": "abc"}, "config": object{"materialized": "seed"}, "compiled_code": nil,
				})
				w.model("stg", `select * from "db"."<schema>"."raw_rows"`, "seed.shop.raw_rows")
				return w
			},
			want: map[string]string{"raw_rows (raw)": "", "stg": "", "outside": "", "orders": "", "top": ""},
		},
		{
			name: "a name that another node of the candidate has, without a relation",
			b: func() *world {
				w := renamed("fct_orders")
				w.node("model.shop.orders", object{"relation_name": nil, "config": object{"materialized": "ephemeral"}})
				return w
			},
			want: with(map[string]string{"fct_orders": "added", "orders": "removed", "top": "SQL, upstream: fct_orders, orders"}),
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := pairs(t, renamed("orders"), test.b(), test.give...)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestRenameSaysWhatIsWrong(t *testing.T) {
	for give, want := range map[Rename]string{
		{"nothing", "fct_orders"}: "--rename nothing=fct_orders: the baseline has no relation nothing",
		{"orders", "nothing"}:     "--rename orders=nothing: the candidate has no relation nothing",
		{"stg", "fct_orders"}:     "--rename stg=fct_orders: both sides have stg",
		{"orders", "stg"}:         "--rename orders=stg: both sides have stg",
	} {
		_, err := pairs(t, renamed("orders"), renamed("fct_orders"), give)
		if err == nil || err.Error() != want {
			t.Errorf("%v: %v, want %s", give, err, want)
		}
	}
	twice := []Rename{{"orders", "fct_orders"}, {"orders", "fct_orders"}}
	if _, err := pairs(t, renamed("orders"), renamed("fct_orders"), twice...); err == nil || !strings.Contains(err.Error(), "renamed twice") {
		t.Errorf("twice: %v", err)
	}
}

// A renamed node may be of a build below.
func TestRenameBelow(t *testing.T) {
	a, b := renamed("orders"), renamed("fct_orders")
	baseline := thinOver(t, notRun(renamed("orders"), "orders"), prod, prodSuffix, stg, top).has(a, "base_1234567", "1234567", orders)
	candidate := b.build(t, dev, devSuffix)
	nodes, err := Compare(baseline.side, candidate)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range nodes {
		if n.Name != "fct_orders" {
			continue
		}
		if n.OldID != orders || n.A.Schema != "base_1234567" || strings.Contains(strings.Join(n.Differences, " "), "not known") {
			t.Errorf("got %+v", n)
		}
		return
	}
	t.Error("fct_orders is missing")
}

// Names are words.
func TestReplaceWord(t *testing.T) {
	for text, want := range map[string]string{
		"orders":                      "X",
		"ref('orders') from orders_x": "ref('X') from orders_x",
		"my_orders, orders2, ordersé": "my_orders, orders2, ordersé",
		"orders.orders":               "X.X",
		"ordersorders, xordersorders": "ordersorders, xordersorders",
		"":                            "",
	} {
		if got := replaceWord(text, "orders", "X"); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// A diff shows a seed's file, and the whole file of a node that one side lacks.
func TestSource(t *testing.T) {
	seed := func(rows string) *world {
		w := newWorld()
		w.nodes["seed.shop.raw"].(object)["checksum"].(object)["checksum"] = rows
		w.files["seeds/raw.csv"] = rows
		return w
	}
	if got, want := both(t, seed("id\n1\n"), seed("id\n1\n2\n"))["raw"].Diff, "--- a/seeds/raw.csv\n+++ b/seeds/raw.csv\n@@ -1,2 +1,3 @@\n id\n 1\n+2\n"; got != want {
		t.Errorf("seed: got %q, want %q", got, want)
	}
	for name, rows := range map[string]string{"large": strings.Repeat("1\n", mostSeed/2+1), "binary": "id\n\xff\n"} {
		if got := both(t, seed("id\n1\n"), seed(rows))["raw"].Diff; got != "" {
			t.Errorf("a %s seed: got %.100q", name, got)
		}
	}
	without := newWorld()
	delete(without.nodes, "model.shop.top")
	if got, want := both(t, without, newWorld())["top"].Diff, "--- /dev/null\n+++ b/models/top.sql\n@@ -0,0 +1,1 @@\n+the file of top\n"; got != want {
		t.Errorf("added: got %q, want %q", got, want)
	}
	if got, want := both(t, newWorld(), without)["top"].Diff, "--- a/models/top.sql\n+++ /dev/null\n@@ -1,1 +0,0 @@\n-the file of top\n"; got != want {
		t.Errorf("removed: got %q, want %q", got, want)
	}
}
