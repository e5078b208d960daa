package standin_test

import (
	"strings"
	"testing"
)

func TestV2(t *testing.T) {
	dir := project(t, map[string]string{
		"packages.yml":          "packages:\n  - local: money\n",
		"money/dbt_project.yml": "name: money\n",
		"profiles.yml":          "shop: {target: dev, outputs: {dev: {type: duckdb, path: w, schema: dev}, pg: {type: postgres, dbname: db, schema: pg}}}\n",
		"old/manifest.json":     `{"metadata": {"dbt_version": "1.7.19"}, "nodes": {}}`,
	})
	const v2 = "STANDIN_V2=1"
	for _, tt := range []struct {
		name, line string
		env        []string
		code       int
		says       string
	}{
		{"says what it is", "--version", []string{v2}, 0, "dbt 2.0.0"},
		{"and that it is not", "--version", []string{v2}, 0, "stand-in"},
		{"installs packages", "build", []string{v2}, 0, "Installing money"},
		{"as dbt 1", "list --threads 2", nil, 2, "No such option"},
		{"takes flags everywhere", "list --threads 2", []string{v2}, 0, ""},
		{"fails with 1", "list --no-such-flag", []string{v2}, 1, "No such option"},
		{"unknown variables are errors", "list", []string{v2, "DBT_ENGINE_INVENTED=1"}, 1, "DBT_ENGINE_INVENTED"},
		{"known ones are not", "list", []string{v2, "DBT_ENGINE_QUIET=1"}, 0, ""},
		{"experimental adapter", "list --target pg", []string{v2}, 1, "DBT_ALLOW_EXPERIMENTAL_ADAPTERS"},
		{"allowed", "list --target pg", []string{v2, "DBT_ALLOW_EXPERIMENTAL_ADAPTERS=true"}, 0, ""},
		{"not experimental in dbt 1", "list --target pg", nil, 0, ""},
		{"old manifest", "build --defer --state old", []string{v2}, 1, "too old"},
		{"old manifest, dbt 1", "build --defer --state old", nil, 0, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if out := dbt(t, dir, tt.code, tt.line, tt.env...); !strings.Contains(out, tt.says) {
				t.Errorf("it says %q, not %q", out, tt.says)
			}
		})
	}
}
