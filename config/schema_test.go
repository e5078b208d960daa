package config

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dot-for-dbt/internal/testing/schematest"
)

// The schemas have the keys that are read, and no others.
func TestSchemasHaveTheKeys(t *testing.T) {
	keys := func(file string, path ...any) []string {
		t.Helper()
		text, err := os.ReadFile(filepath.Join(schematest.Dir(), file))
		if err != nil {
			t.Fatal(err)
		}
		var value any
		if err := json.Unmarshal(text, &value); err != nil {
			t.Fatal(err)
		}
		for _, key := range path {
			switch key := key.(type) {
			case string:
				value = value.(map[string]any)[key]
			case int:
				value = value.([]any)[key]
			}
		}
		return slices.Sorted(maps.Keys(value.(map[string]any)))
	}
	const environments = "dot_environments.schema.json"
	for _, tt := range []struct {
		name      string
		read, has []string
	}{
		{"dot", slices.Sorted(maps.Keys(settings)), keys(environments, "definitions", "dot", "anyOf", 0, "properties")},
		{"compare", slices.Sorted(maps.Keys(compareSettings)), keys(environments, "definitions", "dot", "anyOf", 0, "properties", "compare", "anyOf", 0, "properties")},
		{"keep", []string{"days", "last"}, keys(environments, "definitions", "dot", "anyOf", 0, "properties", "keep", "anyOf", 0, "properties")},
		{"variables", variableKeys, keys("dot_vars.schema.json", "definitions", "variable", "anyOf", 0, "properties")},
	} {
		if diff := cmp.Diff(tt.read, tt.has); diff != "" {
			t.Errorf("%s: what dot reads (-) and what the schema has (+):\n%s", tt.name, diff)
		}
	}
}
