//go:build unix

package e2e

import (
	"maps"
	"os"
	"path/filepath"
	"testing"
)

// stallFiles are, beside projectFiles, a small project that dbt builds quickly: a seed, a view, a
// table and a test, no packages.
var stallFiles = map[string]string{
	"seeds/prices.csv":  "fruit,cents\napple,120\npear,95\n",
	"models/cheap.sql":  "select fruit, cents from {{ ref('prices') }} where cents < {{ var('most') }}\n",
	"models/season.sql": "{{ config(materialized='table') }}\nselect '{{ env_var(\"SHOP_SEASON\", \"spring\") }}' as season, count(*) as fruits from {{ ref('cheap') }}\n",
	"models/schema.yml": "models:\n  - name: cheap\n    columns:\n      - name: fruit\n        data_tests: [unique]\n",
}

// newStall makes a project of stallFiles. more replaces some of the files, or removes them with "".
func newStall(t *testing.T, adapter string, more map[string]string) *shop {
	t.Helper()
	files := maps.Clone(stallFiles)
	maps.Copy(files, more)
	return newProject(t, adapter, files)
}

// read returns the content of a file of the project.
func (s *shop) read(name string) string {
	s.t.Helper()
	text, err := os.ReadFile(filepath.Join(s.dir, name))
	if err != nil {
		s.t.Fatal(err)
	}
	return string(text)
}

// head returns the short hash of HEAD.
func (s *shop) head() string {
	s.t.Helper()
	return s.git("rev-parse", "--short", "HEAD")
}
