//go:build unix

package main

import "testing"

func TestJudge(t *testing.T) {
	d := edited(5000)
	right := answer{rows(300), rows(200), rows(1000), map[string]int64{"id": 0, "amount": 500, "status": 500}}
	with := func(change func(*answer)) answer {
		a := right
		change(&a)
		return a
	}
	for name, c := range map[string]struct {
		told map[string]answer
		want string
	}{
		"all":             {map[string]answer{"orders": right}, "right"},
		"not all":         {map[string]answer{"orders": with(func(a *answer) { a.changed, a.columns = nil, nil })}, "right; no count of changed, columns"},
		"another number":  {map[string]answer{"orders": with(func(a *answer) { a.added = rows(299) })}, "WRONG: orders: added 299"},
		"another column":  {map[string]answer{"orders": with(func(a *answer) { a.columns = map[string]int64{"amount": 500, "city": 1, "status": 500} })}, "WRONG: orders: 1 differ in city"},
		"a column less":   {map[string]answer{"orders": with(func(a *answer) { a.columns = map[string]int64{"amount": 500} })}, "WRONG: orders: nothing of status"},
		"nothing at all":  {nil, "WRONG: nothing of orders"},
		"nothing certain": {map[string]answer{"orders": {}}, "WRONG: nothing of orders"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := d.judge(c.told); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestFigures(t *testing.T) {
	r := relation{name: "orders"}
	for name, c := range map[string]struct{ text, want string }{
		"some": {"a ONLY: 200 rows (0.2%)\nb ONLY: 300 rows\nPARTIAL MATCH: 1000 rows\nFULL MATCH: 48800 rows (97.5%)", "right; no count of columns"},
		"none": {"FULL MATCH: 48800 rows (97.5%)", "WRONG: orders: added 0, removed 0, changed 0; no count of columns"},
	} {
		t.Run(name, func(t *testing.T) {
			told, err := figures(r, c.text, "a ONLY: ", "b ONLY: ", "PARTIAL MATCH: ", "FULL MATCH: ")
			if err != nil {
				t.Fatal(err)
			}
			if got := edited(5000).judge(told); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	if _, err := figures(r, "Error: no such table", "a", "b", "c", "FULL MATCH: "); err == nil {
		t.Error("an error message was taken for an answer")
	}
}
