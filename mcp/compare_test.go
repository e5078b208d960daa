package mcp

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"dot-for-dbt/compare/report"
)

// Without --allow-rows an answer has no value of the data, wherever a report may hold one.
func TestCompareShowsNoValues(t *testing.T) {
	value, two := "4711-secret", int64(2)
	comparison := report.Comparison{
		Options: report.Options{Where: "x = '4711-secret'"},
		Relations: []report.Relation{
			{
				Name: "orders", Verdict: report.Differs, Rung: report.ByJoin, Reason: "4711-secret occurs twice",
				Rows: &report.Counts{Baseline: 8, Candidate: 9}, Changes: &report.Changes{Added: 1, Changed: &two},
				Key: &report.Key{Columns: []string{"id"}, Problem: "such as 4711-secret"}, SQL: "+4711-secret",
				Columns: []report.Column{
					{Name: "amount", Status: report.Common, Differ: &two, Candidate: "enum('4711-secret')"},
					{Name: "extra", Status: report.ColumnAdded, Profile: &report.Profile{Min: value, Max: value}},
					{Name: "same", Status: report.Common},
				},
				Sample: []report.Row{{Kind: report.RowChanged, Baseline: map[string]*string{"id": &value, "x": nil}, Candidate: map[string]*string{"id": &value, "x": &value}}},
			},
			{Name: "broken", Verdict: report.Unknown, Reason: "could not convert 4711-secret"},
			{Name: "calm", Verdict: report.SameCode},
		},
	}
	for _, values := range []bool{false, true} {
		t.Run(fmt.Sprint(values), func(t *testing.T) {
			var out compareAnswer
			out.add(comparison, values)
			text, err := json.Marshal(out)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Contains(string(text), "4711"); got != values {
				t.Errorf("it has a value: %t, want %t\n%s", got, values, text)
			}
			if len(out.Relations) != 2 || out.Relations[0].Name != "broken" || out.Verdicts["same code"] != 1 {
				t.Fatalf("relations: %+v, %v", out.Relations, out.Verdicts)
			}
			orders := out.Relations[1]
			if orders.Rows != "8 → 9" || orders.Changes != "+1 ~2" || strings.Join(orders.Columns, ", ") != "amount 2, extra added" {
				t.Errorf("counts: %+v", orders)
			}
			if values && orders.Sample[0] != "changed: id 4711-secret, x NULL → 4711-secret" {
				t.Errorf("the sample: %q", orders.Sample)
			}
		})
	}
}
