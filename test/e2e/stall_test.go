//go:build unix

package e2e

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// stallFiles are a project that dbt is quickly done with: a seed, a view, a
// table and a test, no packages.
var stallFiles = map[string]string{
	".gitignore": ".dot/\nlogs/\ntarget/\n*.duckdb\n*.duckdb.wal\n.user.yml\n",
	"dbt_project.yml": `name: stall
version: "1.0"
profile: shop
flags:
  send_anonymous_usage_stats: false
vars:
  most: 100
`,
	"dot_environments.yml": `environment:
  default: dev
  dev: {}
  prod: {}
`,
	"seeds/prices.csv":  "fruit,cents\napple,120\npear,95\n",
	"models/cheap.sql":  "select fruit, cents from {{ ref('prices') }} where cents < {{ var('most') }}\n",
	"models/season.sql": "{{ config(materialized='table') }}\nselect '{{ env_var(\"SHOP_SEASON\", \"spring\") }}' as season, count(*) as fruits from {{ ref('cheap') }}\n",
	"models/schema.yml": "models:\n  - name: cheap\n    columns:\n      - name: fruit\n        data_tests: [unique]\n",
}

// newStall makes a shop of stallFiles, with its profile beside them, and commits
// it on main. An entry of more takes the place of one of the files, or none where
// it is "".
func newStall(t *testing.T, adapter string, more map[string]string) *shop {
	t.Helper()
	s := newEmptyShop(t, adapter)
	profiles := map[string]string{"duckdb": "../../demo/project/profiles.yml", "postgres": "testdata/postgres/profiles.yml"}
	text, err := os.ReadFile(profiles[adapter])
	if err != nil {
		t.Fatal(err)
	}
	files := maps.Clone(stallFiles)
	files["profiles.yml"] = string(text)
	maps.Copy(files, more)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if files[name] != "" {
			s.write(name, files[name])
		}
	}
	s.setenv("DBT_PROFILES_DIR=") // an empty one counts as none
	s.git("init", "--quiet", "--template=", "--initial-branch=main")
	s.commit("Open the stall")
	return s
}

// read is a file of the project.
func (s *shop) read(name string) string {
	s.t.Helper()
	text, err := os.ReadFile(filepath.Join(s.dir, name))
	if err != nil {
		s.t.Fatal(err)
	}
	return string(text)
}

// head is the short hash of HEAD.
func (s *shop) head() string {
	s.t.Helper()
	return s.git("rev-parse", "--short", "HEAD")
}
