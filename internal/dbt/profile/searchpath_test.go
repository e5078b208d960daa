package profile

import (
	"slices"
	"testing"
)

func TestSearchPath(t *testing.T) {
	for _, c := range []struct {
		lines []string
		field string
		want  []string
	}{
		{[]string{"type: postgres", "schema: dev"}, "", nil},
		{[]string{"type: postgres", "schema: dev", "search_path: prod"}, "search_path", []string{"prod"}},
		{[]string{"type: postgres", "schema: dev", `search_path: ' Prod, "Mixed" ,public'`}, "search_path", []string{"prod", "Mixed", "public"}},
		{[]string{"type: postgres", "schema: dev", `search_path: "{{ unknown() }}"`}, "", nil},
		{[]string{"type: duckdb", "settings: {search_path: 'file.prod,main'}"}, "settings.search_path", []string{"prod", "main"}},
		{[]string{"type: duckdb", "settings: {schema: Prod}"}, "settings.schema", []string{"prod"}},
		{[]string{"type: duckdb", "settings: {threads: 4}"}, "", nil},
		{[]string{"type: snowflake", "schema: dev", "search_path: prod"}, "", nil},
	} {
		field, got := chosen(t, shopOutput(c.lines...), Choice{Target: "dev", Scope: testScope}).SearchPath()
		if field != c.field || !slices.Equal(got, c.want) {
			t.Errorf("%v: %s %q, want %s %q", c.lines, field, got, c.field, c.want)
		}
	}
}
