package code

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dot-for-dbt/internal/dbt/artifact"
)

// A thin is a side of which some nodes are of builds below it.
type thin struct {
	t     *testing.T
	side  Side
	below map[string]*Side // by schema
}

// thinOver returns the side of a build, with its own nodes.
func thinOver(t *testing.T, w *world, schema, suffix string, own ...string) *thin {
	s := &thin{t, w.build(t, schema, suffix), map[string]*Side{}}
	s.side.Nodes = map[string]Resolved{}
	for _, id := range own {
		s.side.Nodes[id] = lies(id, schema)
	}
	return s
}

// has says that nodes are of a build below.
func (s *thin) has(w *world, schema, suffix string, ids ...string) *thin {
	if s.below[schema] == nil {
		side := w.build(s.t, schema, suffix)
		s.below[schema] = &side
	}
	for _, id := range ids {
		at := lies(id, schema)
		at.Below = s.below[schema]
		s.side.Nodes[id] = at
	}
	return s
}

func lies(id, schema string) Resolved {
	name := id[len("model.shop."):]
	if id == raw {
		name = "raw"
	}
	return Resolved{
		RelationName: artifact.RelationName{Database: "db", Schema: schema, Name: name, SQL: `"db"."` + schema + `"."` + name + `"`},
		Run:          "run of " + schema,
	}
}

const raw, stg, orders, top, outside = "seed.shop.raw", "model.shop.stg", "model.shop.orders", "model.shop.top", "model.shop.outside"

const prod, prodSuffix, dev, devSuffix = "prod_4521a86", "4521a86", "dev_9b13827", "9b13827"

// notRun has the world as dbt leaves it when it has run none of these models.
func notRun(w *world, names ...string) *world {
	for _, name := range names {
		w.of(name)["compiled_code"] = nil
	}
	return w
}

// reading replaces the schema from which models read.
func reading(w *world, codes map[string]string) *world {
	for name, sql := range codes {
		w.code(name, sql)
	}
	return w
}

// TestLayers compares sides whose nodes lie in several builds.
func TestLayers(t *testing.T) {
	whole := func() *thin { return thinOver(t, newWorld(), prod, prodSuffix, raw, stg, orders, top, outside) }
	for _, test := range []struct {
		name string
		a, b *thin
		one  []string            // relations that both sides have
		want map[string][]string // the differences; all other nodes have the same code
	}{
		{
			name: "a build and itself", a: whole(), b: whole(),
			one: []string{"orders", "outside", "raw", "stg", "top"}, want: map[string][]string{},
		},
		{
			name: "a build that changed nothing, over its baseline", a: whole(),
			b:   thinOver(t, notRun(newWorld(), "stg", "orders", "top", "outside"), dev, devSuffix).has(newWorld(), prod, prodSuffix, raw, stg, orders, top, outside),
			one: []string{"orders", "outside", "raw", "stg", "top"}, want: map[string][]string{},
		},
		{
			name: "a change, over its baseline", a: whole(),
			b: thinOver(t, reading(notRun(newWorld(), "stg", "outside"), map[string]string{
				"orders": `select id + 1 from "db"."prod_4521a86"."stg"`,
			}), dev, devSuffix, orders, top).has(newWorld(), prod, prodSuffix, raw, stg, outside),
			one: []string{"outside", "raw", "stg"},
			want: map[string][]string{
				"orders": {"compiled SQL"}, "top": {"upstream: orders"},
			},
		},
		{
			name: "the same code, built again over the baseline", a: whole(),
			b: thinOver(t, reading(notRun(newWorld(), "stg", "outside", "top"), map[string]string{
				"orders": `select id from "db"."prod_4521a86"."stg"`,
			}), dev, devSuffix, orders).has(newWorld(), prod, prodSuffix, raw, stg, outside, top),
			one: []string{"outside", "raw", "stg", "top"}, want: map[string][]string{},
		},
		{
			name: "the code of a layer is that of its own manifest", a: whole(),
			b:    thinOver(t, notRun(newWorld(), "stg", "orders", "top", "outside"), dev, devSuffix).has(newWorld(), "ci_7777777", "7777777", raw, stg, orders, top, outside),
			want: map[string][]string{},
		},
		{
			name: "and a difference in there counts", a: whole(),
			b: thinOver(t, newWorld(), dev, devSuffix).has(
				reading(newWorld(), map[string]string{"stg": "select 2"}), "ci_7777777", "7777777", raw, stg, orders, top, outside),
			want: map[string][]string{"stg": {"compiled SQL"}, "orders": {"upstream: stg"}, "top": {"upstream: stg"}},
		},
		{
			name: "so do its macros and its dbt", a: whole(),
			b: thinOver(t, newWorld(), dev, devSuffix, raw, stg, orders, top).has(
				func() *world { w := newWorld(); w.head["dbt_version"] = "1.10.9"; return w }(), "ci_7777777", "7777777", outside),
			want: map[string][]string{"outside": {"dbt: 1.11.16 → 1.10.9"}},
		},
		{
			name: "a layer that read another relation than the side has", a: whole(),
			b: thinOver(t, reading(newWorld(), map[string]string{
				"top": `select * from "db"."ci_7777777"."orders"`,
			}), dev, devSuffix, raw, stg, top).has(
				newWorld(), "ci_7777777", "7777777", orders, outside), // the orders of ci were made of its own stg
			want: map[string][]string{"orders": {"compiled SQL"}, "top": {"upstream: orders"}},
		},
		{
			name: "a layer that never compiled it", a: whole(),
			b: thinOver(t, newWorld(), dev, devSuffix, raw, stg, orders, top).has(
				notRun(newWorld(), "outside"), "ci_7777777", "7777777", outside),
			want: map[string][]string{"outside": {"the candidate's code is not known: it was not in the last run"}},
		},
		{
			name: "a layer whose manifest lacks it", a: whole(),
			b: thinOver(t, newWorld(), dev, devSuffix, raw, stg, orders, top).has(
				func() *world { w := newWorld(); delete(w.nodes, outside); return w }(), "ci_7777777", "7777777", outside),
			want: map[string][]string{"outside": {"the candidate's code is not known: the build below that has it left none"}},
		},
		{
			name: "a relation that was written again is another one", a: whole(),
			b: func() *thin {
				s := thinOver(t, newWorld(), dev, devSuffix, raw, stg, orders, top).has(newWorld(), prod, prodSuffix, outside)
				at := s.side.Nodes[outside]
				at.Run = "a later one"
				s.side.Nodes[outside] = at
				return s
			}(),
			want: map[string][]string{},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			nodes, err := Compare(test.a.side, test.b.side)
			if err != nil {
				t.Fatal(err)
			}
			sound(t, nodes)
			var one []string
			got := map[string][]string{}
			for _, n := range nodes {
				if n.One {
					one = append(one, n.Name)
				}
				if len(n.Differences) > 0 {
					got[n.Name] = n.Differences
				}
				if want := test.b.side.Nodes[n.ID].SQL; n.B.SQL != want {
					t.Errorf("%s lies at %s, want %s", n.Name, n.B.SQL, want)
				}
			}
			slices.Sort(one)
			if diff := cmp.Diff(test.one, one); diff != "" {
				t.Errorf("one relation (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("differences (-want +got):\n%s", diff)
			}
		})
	}
}

// A layer whose manifest can't be read leaves its nodes' code unknown.
func TestLayerGone(t *testing.T) {
	a := thinOver(t, newWorld(), prod, prodSuffix, raw, stg, orders, top, outside)
	b := thinOver(t, newWorld(), dev, devSuffix, raw, stg, orders, top).has(newWorld(), "ci_7777777", "7777777", outside)
	b.below["ci_7777777"].Manifest += ".gone"
	nodes, err := Compare(a.side, b.side)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range nodes {
		if n.Name == "outside" && (n.Same || !strings.HasPrefix(n.Differences[0], "the candidate's code is not known: read the candidate's manifest: ")) {
			t.Errorf("same %t, differences %q", n.Same, n.Differences)
		}
	}
}
