package dbt

import (
	"strings"
	"testing"

	"dot-for-dbt/internal/dbt/artifact"
)

func TestBuilt(t *testing.T) {
	tests := []struct {
		args string
		want bool
	}{
		{`{"which": "run", "empty": false}`, true},
		{`{"which": "run", "empty": null}`, true},
		{`{"which": "seed"}`, true},
		{`{"which": "run", "empty": true}`, false},
		{`{"which": "compile"}`, false},
		{`{"which": "generate"}`, false},
		{`{"which": "list"}`, false},
		{`{}`, false},
	}
	for _, tt := range tests {
		text := `{"metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/run-results/v6.json"}, "results": [], "args": ` + tt.args + `}`
		r, err := artifact.ReadRunResults("run_results.json", strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if Built(r) != tt.want {
			t.Errorf("%s: built %t, want %t", tt.args, Built(r), tt.want)
		}
	}
}
