//go:build unix

package e2e

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// --modified=compiled leaves out what compiles to the baseline's code, and nothing of which that isn't certain.
func TestModifiedByCompiledCode(t *testing.T) {
	onBothAny(t, "postgres", func(t *testing.T, adapter string, dbt generation) {
		files := map[string]string{
			"dbt_project.yml":       "name: stall\nprofile: shop\nmodels: {+materialized: table}\n",
			"seeds/small.csv":       "id\n1\n",
			"macros/cents.sql":      "{% macro cents(x) %}{{ x }} * 100{% endmacro %}\n",
			"macros/rows.sql":       "{% macro rows_of(relation) %}{{ cents(1) }}{% if execute %}, {{ run_query('select count(*) from ' ~ relation).columns[0].values()[0] }} as n{% endif %}{% endmacro %}\n",
			"models/same.sql":       "select {{ cents('id') }} as x from {{ ref('small') }}\n",
			"models/below.sql":      "select x from {{ ref('same') }}\n",
			"models/other.sql":      "select {{ cents(2) }} as x\n",
			"models/of_other.sql":   "select x from {{ ref('other') }}\n",
			"models/hooked.sql":     "{{ config(post_hook='select 1') }}select {{ cents(3) }} as x\n",
			"models/asking.sql":     "select {{ rows_of(ref('small')) }}\n",
			"models/growing.sql":    "{{ config(materialized='incremental') }}select {{ cents(4) }} as x{% if is_incremental() %} where 1 = 0{% endif %}\n",
			"models/moved.sql":      "{{ config(tags=['a']) }}select {{ cents(5) }} as x\n",
			"models/inner.sql":      "{{ config(materialized='ephemeral') }}select 6 as x\n",
			"models/untouched.sql":  "select 7 as x\n",
			"tests/singular.sql":    "select * from {{ ref('same') }} where x < 0\n",
			"dot_environments.yml":  "environment:\n  default: dev\n  dev: {}\n  prod: {}\n",
			"models/properties.yml": "models: [{name: same, columns: [{name: x, data_tests: [not_null]}]}]\n",
		}
		s := newProject(t, adapter, files)
		s.use(dbt)
		s.mustDot("build", "prod@main")
		s.git("switch", "--quiet", "--create", "branch")
		s.write("macros/cents.sql", "{# a hundred #}\n{% macro cents(x) -%}\n{{ x }} * {{ 2 * 50 }}\n{%- endmacro %}\n")
		s.write("models/other.sql", "select {{ cents(20) }} as x\n")
		s.write("models/moved.sql", "{{ config(tags=['b']) }}select {{ cents(5) }} as x\n")
		s.commit("Rewrite a macro")
		args := func(more ...string) []string {
			return append([]string{"build", "dev@branch", "--defer", "prod@main", "--modified=compiled"}, more...)
		}
		s.mustDot(args()...)
		s.wantTables("dev@branch", "asking", "growing", "hooked", "moved", "of_other", "other")
		s.wantTable("dev@branch", "of_other", "2000")
		s.upToDate(args()...)
		got := []string{}
		for id := range s.modified(args()...) {
			got = append(got, strings.TrimPrefix(id, "model.stall."))
		}
		slices.Sort(got)
		if diff := cmp.Diff([]string{"asking", "growing", "hooked", "moved", "other"}, got); diff != "" {
			t.Errorf("modified (-want +got):\n%s", diff)
		}
		if out := s.mustDot(append([]string{"plan"}, args()...)...).stdout; !strings.Contains(out, "modified: 6 nodes by dbt, 5 by compiled code") {
			t.Errorf("the plan does not count:\n%s", out)
		}
		// What was left out is the baseline's, also for what rests on this build.
		s.wantVerdicts(s.compare(0, "prod@main", "dev@branch", "-s", "same untouched"), 0, "same: same relation", "untouched: same relation")
		s.mustDot("build", "dev@branch", "--defer", "prod@main", "--modified")
		s.wantTables("dev@branch", "asking", "below", "growing", "hooked", "moved", "of_other", "other", "same")
	})
}
