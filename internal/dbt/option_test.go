package dbt

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dot-for-dbt/internal/testing/dbttest"
)

// TestSetting proves C.8.
func TestSetting(t *testing.T) {
	tests := []struct {
		name    string
		command string
		key     string
		value   any
		want    []string // nil: no option
	}{
		{"a number", "build", "threads", uint64(8), []string{"--threads", "8"}},
		{"with underscores", "build", "full_refresh", true, []string{"--full-refresh"}},
		{"false where there is no negative form", "build", "full-refresh", false, nil},
		{"false", "build", "defer", false, []string{"--no-defer"}},
		{"a negative form", "build", "no-partial-parse", true, []string{"--no-partial-parse"}},
		{"a negative form negated", "build", "no-partial-parse", false, []string{"--partial-parse"}},
		{"a list", "build", "exclude", []any{"a", "tag:b"}, []string{"--exclude", "a", "tag:b"}},
		{"one value of a list", "build", "exclude", "a b", []string{"--exclude", "a b"}},
		{"an empty list", "build", "exclude", []any{}, nil},
		{"nothing", "build", "selector", nil, nil},
		{"a mapping", "build", "warn-error-options", map[string]any{"error": "all"}, []string{"--warn-error-options", `{"error":"all"}`}},
		{"another command's", "deps", "threads", uint64(8), nil},
		{"no command's", "build", "materialized", "table", nil},
		{"of a newer dbt", "seed", "empty", true, nil},
		{"an alias", "test", "models", "a", []string{"--select", "a"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o, ok, err := command(t, tt.command).Setting(tt.key, tt.value)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			if ok {
				got = o.Words()
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("words (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSettingErrors(t *testing.T) {
	var golden dbttest.Errors
	for _, tt := range []struct {
		key   string
		value any
	}{
		{"full-refresh", "yes"},
		{"full-refresh", nil},
		{"defer", []any{true}},
		{"threads", true},
		{"threads", []any{1, 2}},
		{"exclude", []any{map[string]any{}}},
	} {
		_, _, err := command(t, "build").Setting(tt.key, tt.value)
		golden.Add(t, tt.key, err)
	}
	golden.Compare(t, "setting_errors")
}

func TestVarsOption(t *testing.T) {
	o, err := VarsOption(map[string]any{"b": 1, "a": "x"})
	if diff := cmp.Diff([]string{"--vars", `{"a":"x","b":1}`}, o.Words()); err != nil || diff != "" {
		t.Errorf("error %v, words (-want +got):\n%s", err, diff)
	}
	if _, err := VarsOption(map[string]any{"bad": make(chan int)}); err == nil || !strings.HasPrefix(err.Error(), "writing --vars: ") {
		t.Errorf("expected an error that names --vars, got %v", err)
	}
}
