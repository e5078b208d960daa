//go:build unix

package e2e

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// kinds is a project that has every kind of node that others can read. An alias has the target's
// name in it, so no relation has the same name in two environments.
var kinds = map[string]string{
	"dbt_project.yml": `name: stall
version: "1.0"
profile: shop
flags: {send_anonymous_usage_stats: false}
models:
  +materialized: table
  stall:
    extra: {+enabled: "{{ env_var('SHOP_EXTRA', 'no') == 'yes' }}"}
`,
	"packages.yml":                  "packages:\n  - local: packages/tool\n",
	"packages/tool/dbt_project.yml": "name: tool\nversion: \"1.0\"\n",
	"packages/tool/models/tool.sql": "select 'of a package' as word\n",
	"macros/generate_alias_name.sql": `{% macro generate_alias_name(custom_alias_name=none, node=none) -%}
  {{ (custom_alias_name or node.name ~ ('_v' ~ node.version if node.version else '')) ~ '_' ~ target.name }}
{%- endmacro %}
`,
	// DuckDB's functions are macros.
	"macros/functions.sql": `{% macro duckdb__scalar_function_sql(target_relation) %}
  create or replace macro {{ target_relation }}(x) as ({{ model.compiled_code }})
{% endmacro %}
`,
	"macros/where.sql":       "{% macro where() %}{% do print(ref('base') ~ ' and ' ~ ref('dim')) %}{% endmacro %}\n",
	"functions/plus_one.sql": "select x + 1",
	"functions/schema.yml": `functions:
  - name: plus_one
    arguments: [{name: x, data_type: integer}]
    returns: {data_type: integer}
`,
	"seeds/prices.csv":      "fruit,cents\napple,120\npear,95\n",
	"models/stg.sql":        "{{ config(materialized='ephemeral') }}select fruit, cents from {{ ref('prices') }}\n",
	"models/base.sql":       "select fruit, cents from {{ ref('stg') }}\n",
	"models/dim_v1.sql":     "select 'one' as v\n",
	"models/dim_v2.sql":     "{{ config(materialized='view') }}select 'two' as v\n",
	"models/mixed.sql":      "{{ config(alias='Mixed Case') }}select 'quoted' as \"Word\"\n",
	"models/off.sql":        "{{ config(enabled=false) }}select 1 as one\n",
	"models/grows.sql":      "{{ config(materialized='incremental') }}select 1 as one\n",
	"models/days.sql":       "{{ config(event_time='day') }}select 1 as id, cast('2026-03-01' as timestamp) as day\n",
	"models/batches.sql":    "{{ config(materialized='incremental', incremental_strategy='microbatch', unique_key='id', event_time='day', begin='2026-01-01', batch_size='year') }}\nselect id, day from {{ ref('days') }}\n",
	"models/extra/more.sql": "select 'by a variable' as word\n",
	"models/total.sql":      "select sum(cents) as cents, max(v) as v from {{ ref('base') }} cross join {{ ref('dim') }}\n",
	"snapshots/past.sql":    "{% snapshot past %}{{ config(unique_key='fruit', strategy='check', check_cols=['cents']) }}select * from {{ ref('prices') }}{% endsnapshot %}\n",
	"tests/prices.sql":      "select * from {{ ref('prices') }} where cents is null\n",
	"models/schema.yml": `models:
  - name: dim
    latest_version: 2
    versions: [{v: 1}, {v: 2}]
unit_tests:
  - name: adds_up
    model: total
    given:
      - {input: ref('base'), rows: [{cents: 1}, {cents: 2}]}
      - {input: ref('dim'), rows: [{v: x}]}
    expect: {rows: [{cents: 3, v: x}]}
`,
	"models/leaf.sql": leaf,
}

// leaf reads a word of each kind.
const leaf = `select 'seed' as kind, cast(max(cents) as varchar) as word from {{ ref('prices') }}
union all select 'ephemeral', cast(max(cents) as varchar) from {{ ref('stg') }}
union all select 'table', cast(max(cents) as varchar) from {{ ref('base') }}
union all select 'version', v from {{ ref('dim', v=1) }}
union all select 'latest version', v from {{ ref('dim') }}
union all select 'quoted', "Word" from {{ ref('mixed') }}
union all select 'incremental', cast(count(*) as varchar) from {{ ref('grows') }}
union all select 'microbatch', cast(count(*) as varchar) from {{ ref('batches') }}
union all select 'snapshot', cast(count(*) as varchar) from {{ ref('past') }}
union all select 'function', cast({{ function('plus_one') }}(1) as varchar)
union all select 'package', word from {{ ref('tool', 'tool') }}
union all select 'variable', word from {{ ref('more') }}
`

// TestKinds proves that each kind of node is read from the layer that has it, by each command.
func TestKinds(t *testing.T) {
	onOne(t, "duckdb", func(t *testing.T, adapter string) {
		functions := hasFunctions(t)
		s := newProject(t, adapter, kindsOn(adapter, functions))
		s.setenv("SHOP_EXTRA=yes")
		s.mustDot("build", "prod@main")
		s.git("switch", "--quiet", "--create", "branch")
		s.write("models/base.sql", "select fruit, cents + 1000 as cents from {{ ref('stg') }}\n")
		s.write("models/leaf.sql", s.read("models/leaf.sql")+"union all select 'leaf', 'changed'\n")
		s.write("tests/base.sql", "select * from {{ ref('base') }} where cents < 1000\n")
		s.commit("The middle and the leaf")
		dot := func(command string, args ...string) result {
			s.t.Helper()
			return s.mustDot(slices.Concat(strings.Fields(command), []string{"dev@branch", "--defer", "prod@main"}, args)...)
		}
		prints := func(out, want string) {
			s.t.Helper()
			if !strings.Contains(out, want) {
				s.t.Errorf("it does not print %q", want)
			}
		}
		compiled := func() {
			s.t.Helper()
			text := s.read(filepath.Join(".dot", "build", s.head(), "env", "dev", "target", "compiled", "stall", "models", "leaf.sql"))
			own := `"` + s.schema("dev@branch") + `".`
			if strings.Count(text, own) != 1 || !strings.Contains(text, own+`"base_dev"`) {
				s.t.Errorf("base is the one relation of the build's own in\n%s", text)
			}
		}

		s.part("build", func() {
			dot("build", "--modified")
			own := []string{"base_dev", "leaf_dev", "total_dev"}
			if adapter == "duckdb" {
				own = []string{"base_dev", "frames_dev", "leaf_dev", "total_dev"}
				s.wantTable("dev@branch", "frames_dev", "apple 1120 120")
			}
			s.wantTables("dev@branch", own...)
			words := []string{
				"ephemeral 120", "function 2", "incremental 1", "latest version two", "leaf changed", "microbatch 1", "package of a package",
				"quoted quoted", "seed 120", "snapshot 2", "table 1120", "variable by a variable", "version one",
			}
			if !functions {
				words = slices.Delete(words, 1, 2)
			}
			s.wantTable("dev@branch", "leaf_dev", words...)
			s.wantTable("dev@branch", "total_dev", "2215 two")
		})
		s.part("test", func() { prints(dot("test").stderr, "3 ok") })
		s.part("show", func() {
			out := dot("show", "--", "--inline", "select max(cents) as own, max(v) as below from {{ ref('base') }} cross join {{ ref('dim') }}")
			prints(out.stdout, "| 1120 | two   |")
		})
		s.part("compile", func() { dot("compile", "-s", "leaf"); compiled() })
		s.part("docs generate", func() { dot("docs generate", "-s", "leaf"); compiled() })
		s.part("run-operation", func() {
			out := dot("run-operation", "--", "where")
			prints(out.stderr, "--defer has no effect: in dbt run-operation, ref() names the build's own relations")
			prints(out.stdout, `"`+s.schema("dev@branch")+`"."dim_v2_dev"`)
		})
		s.part("snapshot", func() {
			dot("snapshot")
			s.wantRows("select cents from "+s.schema("dev@branch")+".past_dev order by 1", "95", "120")
		})
		s.part("clone", func() {
			dot("clone", "-s", "dim")
			s.wantTable("dev@branch", "dim_v1_dev", "one")
			s.wantTable("dev@branch", "dim_v2_dev", "two")
		})
	})
}

// hasFunctions reports whether dbt has functions, as since 1.11.
func hasFunctions(t *testing.T) bool {
	t.Helper()
	for _, old := range []string{"dbt_core-1.9.*", "dbt_core-1.10.*"} {
		found, err := filepath.Glob(filepath.Join(venv(t), "lib", "python3*", "site-packages", old))
		if err != nil {
			t.Fatal(err)
		}
		if len(found) > 0 {
			return false
		}
	}
	return true
}

// kindsOn are the files of kinds on an adapter, with functions or without.
func kindsOn(adapter string, functions bool) map[string]string {
	files := maps.Clone(kinds)
	if adapter == "duckdb" {
		files["models/frame.py"] = "def model(dbt, session):\n    dbt.config(materialized='table')\n    return dbt.ref('prices').filter('cents > 100')\n"
		files["models/frames.py"] = `def model(dbt, session):
    dbt.config(materialized='table')
    mine, below = dbt.ref('base'), dbt.ref('frame').project('fruit, cents as before')
    return mine.join(below, 'fruit')
`
		files["functions/plus_one.sql"] = "x + 1"
	}
	if !functions {
		delete(files, "functions/plus_one.sql")
		delete(files, "functions/schema.yml")
		files["models/leaf.sql"] = strings.Replace(leaf, "union all select 'function', cast({{ function('plus_one') }}(1) as varchar)\n", "", 1)
	}
	return files
}
