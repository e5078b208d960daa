//go:build unix

package main

import (
	"fmt"
	"strings"
)

// A dataset is a dbt project at two commits. The differences between their builds are known,
// because the project generates the data.
type dataset struct {
	name      string // a letter
	says      string
	relations []relation
	key       string // a column that identifies rows in every relation
	// unique reports whether key is unique. If it isn't, dbt doesn't get it, but tools that need a
	// key do.
	unique bool
}

// A relation is a model at both commits.
type relation struct {
	name         string
	base, change string // SQL, for all databases
	truth        answer
}

// An answer is what a tool reports about a relation; nil means that it reports nothing.
type answer struct {
	added, removed, changed *int64
	columns                 map[string]int64 // number of rows that differ in both sides, by column, if any
}

func rows(n int64) *int64 { return &n }

// sizes has the number of rows of each data set.
type sizes struct{ order, wide, events, small int64 }

// datasets returns the data sets of a warehouse.
func datasets(n sizes) []dataset {
	return []dataset{
		reordered(n.order), edited(n.order), wide(n.wide), copies(n.events), many(n.small),
	}
}

// series returns SQL for every step-th number from 0 to n-1, as i.
func series(n, step int64) string {
	return fmt.Sprintf("from (select cast(n as bigint) as i from generate_series(0, %d, %d) as g(n)) as numbers", n-1, step)
}

// order returns the ten columns of all relations except wide ones: most kinds of types. place
// replaces columns; {} in a replacement stands for the original column.
func order(place map[string]string) string {
	var out []string
	for _, c := range [][2]string{
		{"id", "i"},
		{"customer_id", "i * 7919 % 100003"},
		{"status", "case i % 4 when 0 then 'placed' when 1 then 'paid' when 2 then 'shipped' else 'returned' end"},
		{"amount", "cast(i % 100000 * 0.25 as decimal(12, 2))"},
		{"weight", "cast(i % 9973 as double precision) / 8"},
		{"ordered_at", "timestamp '2020-01-01 00:00:00' + i % 100000000 * interval '1 second'"},
		{"due", "date '2020-01-01' + cast(i % 3000 as integer)"},
		{"city", "'city ' || cast(i % 5000 as varchar)"},
		{"note", "case when i % 10 = 0 then null else 'note ' || cast(i * 31 % 1000003 as varchar) end"},
		{"gift", "i % 3 = 0"},
	} {
		text := c[1]
		if other, ok := place[c[0]]; ok {
			text = strings.ReplaceAll(other, "{}", c[1])
		}
		out = append(out, "    "+text+" as "+c[0])
	}
	return "select\n" + strings.Join(out, ",\n") + "\n"
}

// reordered is data set a: the same rows in another physical order.
func reordered(n int64) dataset {
	sql := order(nil) + series(n, 1)
	return dataset{
		name: "a", says: fmt.Sprintf("%s rows of 10 columns, identical, in another physical order", thousands(n)),
		key: "id", unique: true,
		relations: []relation{{
			"orders", sql, sql + "\norder by i * 2654435761 % 4294967296",
			answer{rows(0), rows(0), rows(0), nil},
		}},
	}
}

// edited is data set b: 500 rows changed in one column, 500 others in another; 200 rows were
// removed, 300 added. n is a multiple of 1,000, and at least 4,000. So no row belongs to two of
// these groups.
func edited(n int64) dataset {
	changed := order(map[string]string{
		"amount": fmt.Sprintf("cast(case when i %% %d = 1 and i < %d then {} + 1 else {} end as decimal(12, 2))", n/500, n),
		"status": fmt.Sprintf("case when i %% %d = 2 and i < %d then 'changed' else {} end", n/500, n),
	})
	return dataset{
		name: "b", says: fmt.Sprintf("%s rows of 10 columns, 2 columns with 500 changed rows each, 200 rows removed, 300 added", thousands(n)),
		key: "id", unique: true,
		relations: []relation{{
			"orders", order(nil) + series(n, 1),
			changed + series(n+300, 1) + fmt.Sprintf("\nwhere not (i %% %d = 3 and i < %d)", n/200, n),
			answer{rows(300), rows(200), rows(1000), map[string]int64{"amount": 500, "status": 500}},
		}},
	}
}

// wide is data set c: 60 columns. One of them differs in one row of a hundred.
func wide(n int64) dataset {
	columns := func(changed bool) string {
		out := []string{"    i as id"}
		for c := 1; c < 60; c++ {
			text := []string{
				"i * %d %% 1000003", "'value ' || cast(i * %d %% 10007 as varchar)", "cast(i * %d %% 9973 as double precision) / 8",
				"date '2020-01-01' + cast(i * %d %% 3000 as integer)", "cast(i * %d %% 100000 * 0.25 as decimal(12, 2))",
			}[c%5]
			text = fmt.Sprintf(text, c)
			if changed && c == 30 {
				text = "case when i % 100 = 7 then -1 else " + text + " end"
			}
			out = append(out, fmt.Sprintf("    %s as c%d", text, c))
		}
		return "select\n" + strings.Join(out, ",\n") + "\n" + series(n, 1)
	}
	return dataset{
		name: "c", says: fmt.Sprintf("%s rows of 60 columns, one of which differs in 1 %% of the rows", thousands(n)),
		key: "id", unique: true,
		relations: []relation{{
			"measurements", columns(false), columns(true),
			answer{rows(0), rows(0), rows(n / 100), map[string]int64{"c30": n / 100}},
		}},
	}
}

// copies is data set d: a third of the events were delivered twice, so no column identifies rows.
// 100 copies were added and 50 rows removed.
func copies(n int64) dataset {
	event := order(nil)
	twice := fmt.Sprintf("\nunion all\n%s%s\n", event, series(n, 3))
	return dataset{
		name: "d", says: fmt.Sprintf("%s rows of 10 columns without a key, a third of the rows twice; 100 copies added, 50 rows removed", thousands(n+(n+2)/3)),
		key: "id",
		relations: []relation{{
			"events", event + series(n, 1) + twice,
			event + series(n, 1) + fmt.Sprintf("\nwhere i %% %d <> 1", n/50) + twice + "union all\n" + event + series(n, n/100),
			answer{rows(100), rows(50), nil, nil},
		}},
	}
}

// many is data set e: a hundred relations, five of which lack a row.
func many(n int64) dataset {
	d := dataset{
		name: "e", says: fmt.Sprintf("100 relations with %s rows of 10 columns, 5 of which lack one row", thousands(n)),
		key: "id", unique: true,
	}
	sql := order(nil) + series(n, 1)
	for i := range 100 {
		r := relation{fmt.Sprintf("orders_%02d", i), sql, sql, answer{rows(0), rows(0), rows(0), nil}}
		if i%20 == 7 {
			r.change += fmt.Sprintf("\nwhere i <> %d", n/2)
			r.truth.removed = rows(1)
		}
		d.relations = append(d.relations, r)
	}
	return d
}

// thousands formats a number for people.
func thousands(n int64) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
