//go:build unix

package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// leakyFiles write outside of the build's schema in every way that a manifest shows.
var leakyFiles = map[string]string{
	"macros/generate_schema_name.sql": `{% macro generate_schema_name(custom, node) -%}
{%- if node.resource_type == 'seed' and custom -%} {{ custom }}
{%- elif custom -%} {{ target.schema }}_{{ custom }}
{%- else -%} {{ target.schema }}
{%- endif -%}
{%- endmacro %}
`,
	"dbt_project.yml": projectFiles["dbt_project.yml"] + "seeds:\n  stall:\n    +schema: raw\n",
	"snapshots/prices_then.sql": `{% snapshot prices_then %}
{{ config(target_schema='snaps', unique_key='fruit', strategy='check', check_cols=['cents']) }}
select * from {{ ref('prices') }}
{% endsnapshot %}
`,
	// The suffix is in the middle: dev_9b13827_fin.
	"models/fin.sql": "{{ config(schema='fin', materialized='table') }}\nselect 1 as id\n",
	"models/schema.yml": `models:
  - name: fin
    columns:
      - name: id
        data_tests:
          - unique: {config: {store_failures: true}}
`,
}

// TestIsolation proves D.8.
func TestIsolation(t *testing.T) {
	onOne(t, "duckdb", func(t *testing.T, adapter string) {
		s := newStall(t, adapter, leakyFiles)
		s.touch()
		head := s.head()
		build := []string{"build", "dev@HEAD"}

		s.refused(build, "list", "dev@"+head+" is not isolated: nothing was run",
			"seed.stall.prices  schema raw", "snapshot.stall.prices_then  schema snaps",
			"generate_schema_name", "target_schema", "shared-schemas: [raw, snaps]")
		said := s.said[len(s.said)-1].stderr
		for _, isolated := range []string{"model.stall.fin", "test.stall.unique_fin_id", "model.stall.cheap"} {
			if strings.Contains(said, isolated) {
				t.Errorf("%s is isolated, and is listed as a leak", isolated)
			}
		}
		s.wantSchemas()
		// dot remembers that nothing ran: the plan does not promise a build.
		check := s.plan(build...).Steps
		if got := check[len(check)-2]; got.Kind != "check" || got.Decision != "run" || got.Reason != "last run failed" {
			t.Errorf("the check after a refusal: %+v", got)
		}

		// Stored failures are also written, to one of the build's schemas.
		s.mustDot(append(build, "-s", "fin")...)
		s.wantSchemas("dev_"+head+"_dbt_test__audit", "dev_"+head+"_fin")

		// A schema in shared-schemas may be written.
		s.write("dot_environments.yml", strings.Replace(projectFiles["dot_environments.yml"], "dev: {}", "dev: {dot: {shared-schemas: [raw, snaps]}}", 1))
		s.mustDot(build...)
		s.wantSchemas("dev_"+head, "dev_"+head+"_dbt_test__audit", "dev_"+head+"_fin", "raw", "snaps")
	})
}

// D.4, D.8: a macro that uses the target's name writes prod's own tables, with dot's profile as
// with the user's.
func TestIsolationOfTargetName(t *testing.T) {
	onOneAny(t, "postgres", func(t *testing.T, adapter string, dbt generation) {
		s := newStall(t, adapter, map[string]string{
			"macros/generate_schema_name.sql": `{% macro generate_schema_name(custom, node) -%}
{%- if target.name == 'prod' -%} analytics {%- else -%} {{ target.schema }} {%- endif -%}
{%- endmacro %}
`,
		})
		s.use(dbt)
		s.touch()
		s.refused([]string{"build", "prod@HEAD"}, "list", "is not isolated", "model.stall.season  schema analytics", "target-name")
		s.wantSchemas()

		s.write("dot_environments.yml", strings.Replace(projectFiles["dot_environments.yml"], "prod: {}", "prod: {dot: {target-name: isolated}}", 1))
		s.mustDot("build", "prod@HEAD", "-s", "prices")
		s.wantSchemas("prod_" + s.head())
	})
}

// D.8: a separate schema isolates in another database, too; a shared one doesn't.
func TestIsolationOfDatabase(t *testing.T) {
	onBoth(t, "", func(t *testing.T, adapter string) {
		s := newStall(t, adapter, map[string]string{
			"models/elsewhere.sql":            "{{ config(database='other') }}\nselect 1 as id\n",
			"models/leak.sql":                 "{{ config(database='other', schema='plain') }}\nselect 1 as id\n",
			"macros/generate_schema_name.sql": "{% macro generate_schema_name(custom, node) %}{{ custom or target.schema }}{% endmacro %}\n",
		})
		s.touch()
		s.write("profiles.yml", strings.ReplaceAll(s.read("profiles.yml"), "threads: 4", "threads: 4\n      attach: [{path: other.duckdb}]"))
		s.refused([]string{"build", "dev@HEAD", "-s", "elsewhere leak"}, "list", "model.stall.leak  schema plain")
		if strings.Contains(s.said[len(s.said)-1].stderr, "model.stall.elsewhere") {
			t.Error("model.stall.elsewhere is isolated, and is listed as a leak")
		}
		s.wantSchemas()
		if adapter == "postgres" {
			return // the profile can't write to another database
		}
		s.mustDot("build", "dev@HEAD", "-s", "elsewhere")
		other := duckDB{path: s.dir + "/other.duckdb", python: s.warehouse.(duckDB).python}
		rows, err := other.query(t.Context(), fmt.Sprintf("select id from dev_%s.elsewhere", s.head()))
		if diff := cmp.Diff([][]string{{"1"}}, rows); err != nil || diff != "" {
			t.Errorf("the model in the other database: %v\n%s", err, diff)
		}
	})
}

// D.5, D.8: PostgreSQL cuts long names silently, and the suffix with them.
func TestLongNames(t *testing.T) {
	t.Parallel()
	s := newStall(t, "postgres", map[string]string{
		"models/deep.sql": "{{ config(schema='" + strings.Repeat("x", 60) + "') }}\nselect 1 as id\n",
	})
	s.refused([]string{"build", "dev@HEAD"}, "list", "model.stall.deep", "bytes", "63")
	s.wantSchemas()

	long := strings.Repeat("y", 60)
	s.write("profiles.yml", strings.ReplaceAll(s.read("profiles.yml"), "schema: dev", "schema: "+long))
	s.refused([]string{"build", "dev@HEAD"}, "", long+"_"+s.head(), "63 bytes")
	s.wantSchemas()
}
