//go:build unix

package e2e

import (
	"strings"
	"testing"
)

// cloneFiles are a project with an incremental model and a snapshot of what it has.
var cloneFiles = map[string]string{
	"dbt_project.yml":  "name: stall\nprofile: shop\nmodels: {+materialized: table}\nvars: {most: 2}\n",
	"seeds/orders.csv": "id\n1\n2\n3\n4\n",
	"models/events.sql": `{{ config(materialized='incremental'INDEXES) }}
select id, {{ var('most') }} as taken from {{ ref('orders') }} where id <= {{ var('most') }}
{% if is_incremental() %} and id > (select max(id) from {{ this }}){% endif %}
`,
	"models/latest.sql": "select 1 as one, max(id) as id from {{ ref('events') }}\n",
	"snapshots/past.sql": `{% snapshot past %}{{ config(unique_key='one', strategy='check', check_cols='all') }}
select one, id from {{ ref('latest') }}{% endsnapshot %}
`,
}

// cloneProject builds prod@main of a project with a branch that changes the incremental model, and is on
// that branch.
func cloneProject(t *testing.T, adapter string, dbt generation) *shop {
	files := map[string]string{}
	for name, text := range cloneFiles {
		indexes := ""
		if adapter == "postgres" && dbt == 1 { // dbt 2.0.0-alpha.4 has no indexes
			indexes = ", indexes=[{'columns': ['id']}]"
		}
		files[name] = strings.Replace(text, "INDEXES", indexes, 1)
	}
	s := newProject(t, adapter, files)
	if dbt == 2 {
		s.useV2()
	}
	s.mustDot("build", "prod@main")
	s.git("switch", "--quiet", "--create", "branch")
	s.write("models/events.sql", files["models/events.sql"]+"-- changed\n")
	s.commit("Change events")
	return s
}

// Incremental models and snapshots run over the baseline's rows, once they are cloned. What was cloned counts
// as built only when dbt has built it.
func TestCloneIncremental(t *testing.T) {
	onEach(t, func(t *testing.T, adapter string, dbt generation) {
		s := cloneProject(t, adapter, dbt)
		base, schema := s.schema("prod@main"), s.schema("dev@branch")
		args := func(more ...string) []string {
			return append([]string{"build", "dev@branch", "--defer", "prod@main", "--modified", "--clone-incremental", "--vars", "most: 4"}, more...)
		}
		res := s.mustDot(args()...)
		if !strings.Contains(res.stderr, "cloned events, past of prod@"+s.git("rev-parse", "--short", "main")) || !strings.Contains(res.stderr, "on top of a clone of prod@"+s.git("rev-parse", "--short", "main")) {
			t.Error("dot does not say what it cloned")
		}
		s.wantRows("select id, taken from "+schema+".events order by id", "1 2", "2 2", "3 4", "4 4")
		s.wantRows("select id, case when dbt_valid_to is null then 'now' else 'then' end from "+schema+".past order by id", "2 then", "4 now")
		s.wantRows("select id, taken from "+base+".events order by id", "1 2", "2 2")
		if adapter == "postgres" && dbt == 1 {
			s.wantRows("select count(*) from pg_indexes where schemaname = '"+schema+"' and tablename = 'events'", "1")
		}
		s.upToDate(args()...)
		if explained := s.mustDot(append([]string{"explain"}, args()...)...).stdout; !strings.Contains(explained, "cloned events, past of prod@") {
			t.Errorf("dot explain does not say what was cloned:\n%s", explained)
		}
		s.mustDot(args("--full-refresh")...)
		s.wantRows("select id, taken from "+schema+".events order by id", "1 4", "2 4", "3 4", "4 4")
	})
}
