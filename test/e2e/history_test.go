//go:build unix

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// historyFiles are a project with an incremental model, a snapshot and hooks. Each run reads the
// orders up to a number. A variable makes the last table of them take forever; it is not an input,
// so it makes nothing build again.
var historyFiles = map[string]string{
	"seeds/prices.csv": "", "models/cheap.sql": "", "models/season.sql": "", "models/schema.yml": "",
	"dot_environments.yml": `environment:
  default: dev
  all: {dot: {ignore-env: [SHOP_SLOW]}}
  dev: {}
`,
	"dbt_project.yml": projectFiles["dbt_project.yml"] + `on-run-start: create schema if not exists {{ target.schema }}_audit
`,
	"seeds/orders.csv": "id\n1\n2\n3\n4\n",
	"models/events.sql": `{{ config(materialized='incremental', post_hook="create table if not exists {{ this.schema }}_audit.runs (n int)") }}
select id, {{ var('most') }} as taken from {{ ref('orders') }} where id <= {{ var('most') }}
{% if is_incremental() %} and id > (select max(id) from {{ this }}){% endif %}
`,
	"models/latest.sql": "{{ config(materialized='table') }}select 1 as one, max(id) as id from {{ ref('events') }}\n",
	"snapshots/past.sql": `{% snapshot past %}{{ config(unique_key='one', strategy='check', check_cols='all') }}
select one, id from {{ ref('latest') }}{% endsnapshot %}
`,
	"models/total.sql": `{{ config(materialized='table') }}
-- depends_on: {{ ref('past') }}
{% if env_var('SHOP_SLOW', '') == '' %}select count(*) as n from {{ ref('events') }}
{% elif target.type == 'postgres' %}select count(*) as n from {{ ref('events') }}, pg_sleep(600)
{% else %}select count(sin(i)) as n from {{ ref('events') }}, range(100000000000) as r(i)
{% endif %}
`,
}

// D.10: dot reports what incremental models and snapshots are built on, and keeps that in the
// record. After a kill, the same command continues on top of the existing rows, without losing or
// repeating any. D.8: hooks are listed once.
func TestHistoryD10(t *testing.T) {
	slow(t)
	onOne(t, "postgres", func(t *testing.T, adapter string) {
		s := newStall(t, adapter, historyFiles)
		schema := "dev_" + s.head()
		upTo := func(n string) []string { return []string{"build", "dev@HEAD", "--vars", "most: " + n} }
		hooks := func(res result) bool {
			return strings.Contains(res.stderr, "dot can't check where hooks and grants write")
		}

		s.reason("first run", upTo("2")...)
		if detail := s.plan(upTo("2")...).last().Detail; detail != "from scratch" {
			t.Errorf("the first plan says %q", detail)
		}
		res := s.mustDot(upTo("2")...)
		if !strings.Contains(res.stderr, "6 ok") || !strings.Contains(res.stderr, ", from scratch, schema") {
			t.Error("the first summary does not say from scratch")
		}
		for _, want := range []string{"create schema if not exists", "model.stall.events: 1 post-hook"} {
			if !hooks(res) || !strings.Contains(res.stderr, want) {
				t.Errorf("of the hooks, %q is not listed", want)
			}
		}
		s.wantRows("select id, taken from "+schema+".events order by id", "1 2", "2 2")

		s.killSlow(schema, upTo("4")...)
		s.reason("last run interrupted", upTo("4")...)
		if detail := s.plan(upTo("4")...).last().Detail; !strings.HasPrefix(detail, "on top of its build from ") {
			t.Errorf("after the kill the plan says %q", detail)
		}
		res = s.mustDot(upTo("4")...)
		if !strings.Contains(res.stderr, ", on top of its build from ") {
			t.Error("the last summary does not say on top of what")
		}
		if hooks(res) {
			t.Error("the hooks are listed again")
		}
		record := s.read(".dot/build/" + s.head() + "/env/dev/records/build.json")
		if !strings.Contains(record, `"history": "on top of its build from `) {
			t.Errorf("the record does not keep it:\n%s", record)
		}
		s.wantRows("select id, taken from "+schema+".events order by id", "1 2", "2 2", "3 4", "4 4")
		s.wantRows("select id, case when dbt_valid_to is null then 'now' else 'then' end from "+schema+".past order by id", "2 then", "4 now")
		s.wantRows("select n from "+schema+".total", "4")
		s.reason("", upTo("4")...)
	})
}

// killSlow starts a command whose last table takes forever. It kills dot and dbt with SIGKILL when
// they are at that table.
func (s *shop) killSlow(schema string, args ...string) {
	s.t.Helper()
	var c *call
	s.during([]string{"SHOP_SLOW=1"}, func() { c = s.start(args...) })
	log := filepath.Join(s.dir, ".dot", "build", s.head(), "env", "dev", "logs", "dbt.log")
	begun := "START sql table model " + schema + ".total"
	before, err := os.ReadFile(log)
	if err != nil {
		s.t.Fatal(err)
	}
	eventually(s.t, "dbt comes to its last table", func() bool {
		text, err := os.ReadFile(log)
		return err == nil && strings.Count(string(text), begun) > strings.Count(string(before), begun)
	})
	starts := s.starts()
	dbt := starts[len(starts)-1]
	c.signal(syscall.SIGKILL)
	_ = syscall.Kill(dbt.pid, syscall.SIGKILL)
	c.wait()
	eventually(s.t, "dbt is gone", func() bool { return !alive(dbt.pid) })
	if p, ok := s.warehouse.(postgresDB); ok {
		// The server only notices that dbt has ended after it has slept.
		p.admin(s.t, "select pg_terminate_backend(pid) from pg_stat_activity where datname = '"+p.Name+"'")
	}
}

// What --empty has left out of an incremental model is missing until the model is built anew: so the next
// build does that, and the model has all rows. Until then it is no baseline.
func TestEmptyHistory(t *testing.T) {
	onBothAny(t, "postgres", func(t *testing.T, adapter string, dbt generation) {
		s := newProject(t, adapter, map[string]string{
			"dbt_project.yml":  tables,
			"models/five.sql":  "select 1 as n union all select 5\n",
			"models/grows.sql": "{{ config(materialized='incremental') }}\nselect n from {{ ref('five') }}{% if is_incremental() %} where n > (select max(n) from {{ this }}){% endif %}\n",
			"models/reads.sql": "select count(*) as n from {{ ref('grows') }}, {{ ref('past') }}\n",
			"snapshots/past.sql": "{% snapshot past %}{{ config(unique_key='n', strategy='check', check_cols='all') }}\n" +
				"select n from {{ ref('five') }}{% endsnapshot %}\n",
			"models/kept.sql": "{{ config(materialized='incremental', full_refresh=false) }}\nselect n from {{ ref('five') }}\n",
			"models/last.sql": "select count(*) as n from {{ ref('kept') }}\n",
		})
		s.use(dbt)
		s.mustDot("build", "dev@HEAD", "--", "--empty")
		if res := s.dot("build", "prod@HEAD", "-s", "reads", "--defer", "dev@HEAD"); res.code != 2 || !strings.Contains(res.stderr, "was built with --empty") {
			t.Error("a model without rows is a baseline")
		}
		if res := s.mustDot("build", "dev@HEAD"); !strings.Contains(res.stderr, "incremental models built with --empty are rebuilt") {
			t.Error("dot doesn't say that it builds the model anew")
		}
		if got := s.query("select n from dev_" + s.head() + ".reads"); got[0][0] != "4" {
			t.Errorf("the model and the snapshot have %s pairs of rows, want 4", got[0][0])
		}
		s.mustDot("build", "prod@HEAD", "-s", "reads", "--defer", "dev@HEAD")
		s.upToDate("build", "dev@HEAD")

		// --full-refresh leaves the other one alone. What dot says to type for it builds it anew.
		if res := s.dot("build", "prod@HEAD", "-s", "last", "--defer", "dev@HEAD"); res.code != 2 || !strings.Contains(res.stderr, "kept was built with --empty") {
			t.Error("a model that may lack rows is a baseline")
		}
		s.execute("drop table dev_" + s.head() + ".kept")
		s.mustDot("build", "dev@HEAD", "--check-warehouse")
		s.mustDot("build", "prod@HEAD", "-s", "last", "--defer", "dev@HEAD")
	})
}

// dbt retry takes --empty over from the run that it retries: what it builds is no baseline either.
func TestEmptyRetry(t *testing.T) {
	onOneAny(t, "duckdb", func(t *testing.T, adapter string, dbt generation) {
		s := newProject(t, adapter, map[string]string{
			"dbt_project.yml":   tables,
			"models/one.sql":    "select 1 as n\n",
			"models/counts.sql": "select count(*) as n from {{ ref('one') }}, outside.things\n",
			"models/reads.sql":  "select n from {{ ref('counts') }}\n",
		})
		s.use(dbt)
		s.ends(1, "1 error", "build", "dev@HEAD", "--", "--empty")
		s.execute("create schema outside; create table outside.things as select 1 as x")
		s.mustDot("retry", "dev@HEAD")
		if res := s.dot("build", "prod@HEAD", "-s", "reads", "--defer", "dev@HEAD"); res.code != 2 || !strings.Contains(res.stderr, "counts was built with --empty") {
			t.Errorf("a model without rows is a baseline:\n%s", res.stderr)
		}
		s.mustDot("build", "dev@HEAD")
		s.mustDot("build", "prod@HEAD", "-s", "reads", "--defer", "dev@HEAD")
	})
}
