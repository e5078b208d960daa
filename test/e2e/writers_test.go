//go:build unix

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// shared is a project in which builds write the same relations: a seed in a schema that is shared
// on purpose, and a model whose schema is that of the commit, whatever the environment.
var shared = map[string]string{
	"dbt_project.yml":      tables + "seeds: {+schema: raw}\n",
	"dot_environments.yml": "environment: {default: dev, all: {dot: {shared-schemas: [raw]}}, dev: {}, prod: {}}\n",
	"seeds/prices.csv":     "id,price\n1,20\n",
	"models/a.sql":         "select price from {{ ref('prices') }}\n",
	"models/common.sql":    "{{ config(schema='commit') }} select '{{ target.name }}' as name from {{ ref('a') }}\n",
	"macros/generate_schema_name.sql": `{% macro generate_schema_name(custom, node) -%}
{%- if custom == 'commit' -%} main_{{ target.schema.split('_') | last }}
{%- else -%} {{ env_var('DBT_ENV_CUSTOM_ENV_OUT', '') or custom or target.schema }}
{%- endif -%}
{%- endmacro %}
`,
	"macros/drop_a.sql": "{% macro drop_a() %}{% do run_query('drop table ' ~ target.schema ~ '.a') %}{% endmacro %}\n",
}

// TestWriters proves that dot knows who wrote a relation last, wherever it lies, and checks every
// run: D.8, D.11, F.2.
func TestWriters(t *testing.T) {
	onOneAny(t, "duckdb", func(t *testing.T, adapter string, dbt generation) {
		s := newProject(t, adapter, shared)
		s.use(dbt)
		s.mustDot("build", "dev@main")
		main := s.head()

		s.part("a schema that is shared on purpose", func() {
			s.write("seeds/prices.csv", "id,price\n1,30\n")
			s.commit("30")
			s.mustDot("build", "dev@HEAD")
			s.reason("seed.stall.prices was overwritten by dev@"+s.head(), "build", "dev@"+main)
			for _, r := range s.compare(2, "dev@"+main, "dev@HEAD").Comparisons[0].Relations {
				if r.Name == "prices" && (r.Verdict != "unknown" || !strings.Contains(r.Reason, "was overwritten by dev@")) {
					t.Errorf("prices: %s: %s", r.Verdict, r.Reason)
				}
			}
			s.mustDot("build", "dev@"+main)
			s.wantTable("dev@"+main, "a", "20")
			s.reason("seed.stall.prices was overwritten by dev@"+main, "build", "dev@HEAD")
		})
		s.part("environments that a macro leads to one schema", func() {
			s.mustDot("build", "prod@"+main)
			s.reason("model.stall.common was overwritten by prod@"+main, "build", "dev@"+main)
		})
		s.part("a variable that is no input", func() {
			s.during([]string{"DBT_ENV_CUSTOM_ENV_OUT=elsewhere"}, func() {
				s.refused([]string{"build", "prod@" + main, "--force"}, "list", "model.stall.a  schema elsewhere")
			})
			s.wantTable("prod@"+main, "a", "20")
		})
		s.part("an operation", func() {
			s.mustDot("run-operation", "prod@"+main, "--", "drop_a")
			s.reason("run-operation", "build", "prod@"+main)
		})
		s.part("a macro that says something else while dbt builds", func() {
			s.write("macros/generate_schema_name.sql", "{% macro generate_schema_name(custom, node) %}{{ custom if custom == 'raw' else target.schema ~ ('_wild' if flags.WHICH == 'run') }}{% endmacro %}\n")
			s.commit("Go astray")
			s.mustDot("build", "dev@HEAD")
			s.ends(2, "wrote other relations than dbt list had named", "run", "dev@HEAD", "-s", "a", "--", "--no-partial-parse")
			s.wantRows("select price from "+s.schema("dev@HEAD")+"_wild.a", "30")
		})
		if adapter == "duckdb" {
			s.part("a file that another build made again", func() {
				s.mustDot("build", "dev@"+main)
				if err := os.Rename(filepath.Join(s.dir, "shop.duckdb"), filepath.Join(s.dir, "away.duckdb")); err != nil {
					t.Fatal(err)
				}
				s.mustDot("build", "prod@"+main)
				s.reason("3 of its 3 relations changed", "build", "dev@"+main)
				s.ends(2, "dev@"+main+" has none of its relations any more", "run", "prod@HEAD", "--defer", "dev@"+main, "-s", "a")
			})
		}
	})
}
