//go:build unix

package e2e

import (
	"context"
	"strings"
	"syscall"
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
	onEach(t, "postgres", func(t *testing.T, adapter string, dbt generation) {
		s := cloneProject(t, adapter, dbt)
		base, schema := s.schema("prod@main"), s.schema("dev@branch")
		args := func(more ...string) []string {
			return append([]string{"build", "dev@branch", "--defer", "prod@main", "--modified", "--clone-incremental", "--vars", "most: 4"}, more...)
		}
		size := ""
		if adapter == "postgres" { // which is asked for something else, too
			size = ", about 2 rows"
			s.query("analyze " + base + ".events, " + base + ".past")
		}
		res := s.mustDot(args("-v")...)
		if !strings.Contains(res.stderr, "  events  cloned from prod@"+s.git("rev-parse", "--short", "main")+size+"\n") {
			t.Errorf("dot does not say what it clones, and how many rows%s", size)
		}
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

// A clone that was killed counts for nothing: without the flag, the model is built from scratch.
func TestCloneKilled(t *testing.T) {
	onOnlyAny(t, "postgres", func(t *testing.T, adapter string, dbt generation) {
		s := cloneProject(t, adapter, dbt)
		s.ownDBT()
		base, schema := s.schema("prod@main"), s.schema("dev@branch")
		db := s.warehouse.(postgresDB)
		held := make(chan error, 1)
		go func() {
			_, err := db.Query(context.Background(), "begin; lock table "+base+".events in access exclusive mode; select pg_sleep(600)")
			held <- err
		}()
		waits := func(query string) func() bool {
			return func() bool {
				return db.admin(t, "select count(*) from pg_stat_activity where datname = '"+db.Name+"' and state = 'active' and query like '%"+query+"%'")[0][0] != "0"
			}
		}
		eventually(t, "the baseline's table is locked", waits("pg_sleep(600)"))
		args := []string{"build", "dev@branch", "--defer", "prod@main", "--modified", "--vars", "most: 4"}
		c := s.start(append(args, "--clone-incremental")...)
		eventually(t, "the clone waits for the lock", waits("create table %events%"))
		starts := s.starts()
		last := starts[len(starts)-1]
		c.signal(syscall.SIGKILL)
		_ = syscall.Kill(last.pid, syscall.SIGKILL)
		c.wait()
		eventually(t, "dbt is gone", func() bool { return !alive(last.pid) })
		db.admin(t, "select pg_terminate_backend(pid) from pg_stat_activity where datname = '"+db.Name+"'")
		<-held

		if res := s.dot("compare", "prod@main", "dev@branch"); res.code == 0 {
			t.Errorf("a build of which only a clone was begun can be compared:\n%s", res.stdout)
		}
		s.mustDot(args...)
		s.wantRows("select id, taken from "+schema+".events order by id", "1 4", "2 4", "3 4", "4 4")
	})
}

// --reuse builds what differs and makes views on all else: the schema has all nodes. For dot, the build is one
// that rests on the baseline.
func TestReuse(t *testing.T) {
	onEach(t, "postgres", func(t *testing.T, adapter string, dbt generation) {
		s := cloneProject(t, adapter, dbt)
		main := s.git("rev-parse", "--short", "main")
		schema := s.schema("dev@branch")
		kinds := func() string {
			return strings.Join(s.rows("select table_name, case table_type when 'VIEW' then 'view' else 'table' end from information_schema.tables where table_schema = '"+schema+"' order by 1"), ", ")
		}
		s.git("switch", "--quiet", "branch")
		s.write("models/latest.sql", cloneFiles["models/latest.sql"]+"-- changed\n")
		s.git("checkout", "--quiet", "main", "--", "models/events.sql")
		s.commit("Change latest")
		schema = s.schema("dev@branch")
		args := []string{"build", "dev@branch", "--reuse", "prod@main"}
		s.mustDot(args...)
		if got, want := kinds(), "events view, latest table, orders view, past table"; got != want {
			t.Errorf("the schema has %s, want %s", got, want)
		}
		s.wantRows("select id, taken from "+schema+".events order by id", "1 2", "2 2")
		s.upToDate(args...)
		if explained := s.mustDot(append([]string{"explain"}, args...)...).stdout; !strings.Contains(explained, "cloned events, orders, past of prod@"+main) {
			t.Errorf("dot explain does not say what was cloned:\n%s", explained)
		}
		s.wantVerdicts(s.compare(0, "prod@main", "dev@branch", "-s", "events orders"), 0, "events: same relation", "orders: same relation")
		s.mustDot("test", "dev@branch")

		// The baseline is built again: the views are made again.
		s.mustDot("build", "prod@main", "--force", "--yes", "--vars", "most: 3")
		s.mustDot(args...)
		s.wantRows("select id, taken from "+schema+".events order by id", "1 2", "2 2", "3 3")
		if got, want := kinds(), "events view, latest table, orders view, past table"; got != want {
			t.Errorf("then the schema has %s, want %s", got, want)
		}

		// What was cloned is built: a view is no seed, and no incremental model.
		s.mustDot("build", "dev@branch")
		if got, want := kinds(), "events table, latest table, orders table, past table"; got != want {
			t.Errorf("at the end the schema has %s, want %s", got, want)
		}
		s.wantRows("select id, taken from "+schema+".events order by id", "1 2", "2 2")
		s.mustDot("drop", "dev@branch", "--yes")
		if got := kinds(); got != "" {
			t.Errorf("after dot drop the schema has %s", got)
		}
	})
}
