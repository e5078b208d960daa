//go:build unix

package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A shape is a kind of project that people have. main has files; each branch commit changes some.
type shape struct {
	name    string
	adapter string // of make test
	only    bool   // on this adapter: the other one can't do it
	dbt1    bool   // dbt 2.0.0-alpha.4 can't do it
	dir     string // of the project in the repository
	files   map[string]string
	changes []map[string]string
	whole   bool // the branch is built whole, without a baseline
	// differ are the relations that dot compare says differ between main and the last commit.
	differ []string
}

// inner is a dbt_project.yml in a subdirectory.
const inner = "name: inner\nversion: \"1.0\"\nprofile: shop\nmodels: {+materialized: table}\nflags: {send_anonymous_usage_stats: false}\n"

var shapes = []shape{
	{
		name: "a package with integration tests", adapter: "duckdb", dir: "integration_tests",
		files: map[string]string{
			"macros/cents.sql":                       "{% macro cents(x) %}({{ x }} * 100){% endmacro %}\n",
			"models/lib.sql":                         "select 1 as one\n",
			"integration_tests/dbt_project.yml":      inner,
			"integration_tests/packages.yml":         "packages:\n  - local: ../\n",
			"integration_tests/seeds/data.csv":       "id,price\n1,2\n2,3\n",
			"integration_tests/models/checked.sql":   "select id, {{ stall.cents('price') }} as cents from {{ ref('data') }}\n",
			"integration_tests/models/of_lib.sql":    "select one + 1 as two from {{ ref('lib') }}\n",
			"integration_tests/tests/positive.sql":   "select * from {{ ref('checked') }} where cents <= 0\n",
			"integration_tests/models/unchanged.sql": "select count(*) as n from {{ ref('data') }}\n",
		},
		changes: []map[string]string{
			{"macros/cents.sql": "{% macro cents(x) %}({{ x }} * 1000){% endmacro %}\n"},
			{"models/lib.sql": "select 5 as one\n"},
		},
		differ: []string{"checked", "lib", "of_lib"},
	},
	{
		name: "data files in the repository", adapter: "duckdb", only: true, dbt1: true,
		files: map[string]string{
			"dbt_project.yml":      tables,
			"data/fruit.csv":       "fruit,cents\napple,120\npear,95\n",
			"models/raw.sql":       "select * from read_csv('data/fruit.csv')\n",
			"models/total.sql":     "select sum(cents) as cents from {{ ref('raw') }}\n",
			"models/sources.yml":   "sources:\n  - name: files\n    meta: {external_location: \"data/{name}.csv\"}\n    tables: [{name: fruit}]\n",
			"models/by_source.sql": "select count(*) as n from {{ source('files', 'fruit') }}\n",
		},
		changes: []map[string]string{{"data/fruit.csv": "fruit,cents\napple,120\npear,95\nplum,30\n"}},
		differ:  []string{"by_source", "raw", "total"},
	},
	{
		name: "snapshots", adapter: "postgres",
		files: map[string]string{
			"seeds/prices.csv":   "id,cents\n1,120\n2,95\n",
			"snapshots/past.sql": "{% snapshot past %}{{ config(unique_key='id', strategy='check', check_cols=['cents']) }}select * from {{ ref('prices') }}{% endsnapshot %}\n",
			"models/now.sql":     "select id, cents from {{ ref('past') }} where dbt_valid_to is null\n",
			"models/count.sql":   "select count(*) as n from {{ ref('past') }}\n",
		},
		changes: []map[string]string{{"seeds/prices.csv": "id,cents\n1,120\n2,99\n"}},
		differ:  []string{"now", "past", "prices"},
	},
	{
		name: "Python models", adapter: "duckdb", only: true, dbt1: true,
		files: map[string]string{
			"models/base.sql":   "select 2 as x\n",
			"models/py.py":      "def model(dbt, session):\n    return dbt.ref('base').project('x * 10 as y')\n",
			"models/on_py.sql":  "select y + 1 as z from {{ ref('py') }}\n",
			"models/aside.sql":  "select 1 as one\n",
			"models/schema.yml": "models:\n  - name: py\n    columns: [{name: y, data_tests: [not_null]}]\n",
		},
		changes: []map[string]string{{"models/py.py": "def model(dbt, session):\n    return dbt.ref('base').project('x * 100 as y')\n"}},
		differ:  []string{"on_py", "py"},
	},
	{
		name: "microbatch", adapter: "postgres",
		files: map[string]string{
			"models/events.sql": "{{ config(event_time='at') }}select 1 as id, cast('2024-03-01' as timestamp) as at\n",
			"models/days.sql":   "{{ config(materialized='incremental', incremental_strategy='microbatch', unique_key='id', event_time='at', begin='2023-01-01', batch_size='year') }}\nselect id, at from {{ ref('events') }}\n",
			"models/total.sql":  "select count(*) as n, sum(id) as ids from {{ ref('days') }}\n",
		},
		changes: []map[string]string{
			{"models/days.sql": "{{ config(materialized='incremental', incremental_strategy='microbatch', unique_key='id', event_time='at', begin='2023-01-01', batch_size='year') }}\nselect id + 1 as id, at from {{ ref('events') }}\n"},
		},
		differ: []string{"days", "total"},
	},
	{
		name: "a monorepo with shared macros", adapter: "postgres", dir: "warehouse", dbt1: true,
		files: map[string]string{
			"shared/macros/rate.sql":    "{% macro rate() %}{{ env_var('SHOP_RATE', '7') }}{% endmacro %}\n",
			"warehouse/dbt_project.yml": inner + "macro-paths: [macros, ../shared/macros]\n",
			"warehouse/models/tax.sql":  "select {{ rate() }} as rate\n",
			"warehouse/models/sum.sql":  "select rate + 1 as more from {{ ref('tax') }}\n",
			"warehouse/models/own.sql":  "select 1 as one\n",
		},
		changes: []map[string]string{{"shared/macros/rate.sql": "{% macro rate() %}{{ env_var('SHOP_RATE', '9') }}{% endmacro %}\n"}},
		differ:  []string{"sum", "tax"},
	},
	{
		// dbt doesn't know that such a model changes with the project, so people build it whole.
		name: "models of the project's metadata", adapter: "duckdb", whole: true,
		files: map[string]string{
			"models/orders.sql": "select 1 as id\n",
			"models/audit.sql": "-- depends_on: {{ ref('orders') }}\n{% set names = graph.nodes.values() | selectattr('resource_type', 'equalto', 'model') | map(attribute='name') | sort | list if execute else ['x'] %}\n" +
				"{% for name in names %}select '{{ name }}' as name{{ ' union all ' if not loop.last }}{% endfor %}\n",
		},
		changes: []map[string]string{{"models/items.sql": "select 1 as id\n"}},
		differ:  []string{"audit"},
	},
	{
		name: "hooks that write at the end", adapter: "postgres",
		files: map[string]string{
			"dbt_project.yml": strings.Replace(tables, "vars:", "on-run-end:\n  - \"drop table if exists {{ target.schema }}.runs\"\n  - \"create table {{ target.schema }}.runs as select '{{ results | length }}' as n\"\nvars:", 1),
			"models/a.sql":    "select 1 as x\n",
			"models/b.sql":    "select x + 1 as y from {{ ref('a') }}\n",
		},
		changes: []map[string]string{{"models/b.sql": "select x + 2 as y from {{ ref('a') }}\n"}},
		differ:  []string{"b"},
	},
}

// Projects of the shapes that people have build, skip, defer and compare, and have the data that
// plain dbt gives them: D.2, E.1.
func TestProjectsOfPeople(t *testing.T) {
	t.Parallel()
	for _, shape := range shapes {
		t.Run(shape.name, func(t *testing.T) {
			test := func(t *testing.T, adapter string, dbt generation) {
				s := newProject(t, adapter, shape.files)
				s.use(dbt)
				s.hasShape(shape)
			}
			switch {
			case shape.only && shape.dbt1:
				onRows(t, []row{{adapter: shape.adapter, dbt: 1}}, test)
			case shape.only:
				onOnlyAny(t, shape.adapter, test)
			case shape.dbt1:
				onOne(t, shape.adapter, func(t *testing.T, adapter string) { test(t, adapter, 1) })
			default:
				onOneAny(t, shape.adapter, test)
			}
		})
	}
}

// hasShape builds main as prod, and each commit of a branch as dev on top of the one before.
func (s *shop) hasShape(p shape) {
	s.t.Helper()
	if p.dir != "" {
		s.write(p.dir+"/profiles.yml", s.read("profiles.yml"))
		s.write(p.dir+"/dot_environments.yml", s.read("dot_environments.yml"))
		s.setenv("SHOP_DB=" + s.dir + "/shop.duckdb")
		s.commit("The inner project's environments")
	}
	s.below(p.dir, func() {
		s.mustDot("build", "prod@main")
		s.asPlainDbt(s.schema("prod@main"))
		s.upToDate("build", "prod@main")
	})
	s.git("switch", "--quiet", "--create", "branch")
	layers, below := []string{s.schema("prod@main")}, "prod@main"
	for i, files := range p.changes {
		for name, text := range files {
			s.write(name, text)
		}
		s.commit(fmt.Sprintf("Change %d", i+1))
		spec := "dev@" + s.head()
		deferred := []string{"build", spec, "--defer", below, "--modified"}
		if p.whole {
			deferred = deferred[:2]
		}
		s.below(p.dir, func() {
			s.mustDot(deferred...)
			layers, below = append([]string{s.schema(spec)}, layers...), spec
			s.asPlainDbt(layers...)
			s.upToDate(deferred...)
		})
	}
	s.below(p.dir, func() {
		found := s.compare(0, "prod@main", below)
		var differ []string
		for _, r := range found.Comparisons[0].Relations {
			if !slices.Contains([]string{"same", "same code", "same relation", "added"}, r.Verdict) {
				differ = append(differ, r.Name)
				if r.Verdict != "differs" && r.Verdict != "history differs" {
					s.t.Errorf("%s: %s (%s)", r.Name, r.Verdict, r.Reason)
				}
			}
		}
		if diff := cmp.Diff(p.differ, slices.Sorted(slices.Values(differ))); diff != "" {
			s.t.Errorf("what differs (-want +got):\n%s", diff)
		}
	})
}

// asPlainDbt builds the working tree with plain dbt from scratch, and compares its relations with
// those of the layers: with that of the first layer that has it. dbt's own columns of snapshots
// hold the time of the run.
func (s *shop) asPlainDbt(layers ...string) {
	s.t.Helper()
	s.execute("drop schema if exists dev cascade")
	for _, command := range []string{"deps", "build"} {
		if res := s.dbt(command); res.code != 0 {
			s.t.Fatalf("plain dbt %s: exit code %d\n%s", command, res.code, res.stdout)
		}
	}
	columns := map[string][]string{} // by relation
	for _, row := range s.query("select table_name, column_name from information_schema.columns where table_schema = 'dev' and column_name not like 'dbt_%' order by 1, 2") {
		columns[row[0]] = append(columns[row[0]], `"`+row[1]+`"`)
	}
	if len(columns) == 0 {
		s.t.Fatal("plain dbt has built nothing")
	}
	where := map[string]string{}
	for _, layer := range slices.Backward(layers) {
		for _, row := range s.query("select table_name from information_schema.tables where table_schema = '" + layer + "'") {
			where[row[0]] = layer
		}
	}
	for name, list := range columns {
		rows := func(schema string) [][]string {
			return s.query(fmt.Sprintf("select %s from %s.%s order by %s", strings.Join(list, ", "), schema, name, strings.Join(list, ", ")))
		}
		switch layer, ok := where[name]; {
		case name == "runs": // the hook's: how many nodes ran
		case !ok:
			s.t.Errorf("%s is in none of %v", name, layers)
		default:
			if diff := cmp.Diff(rows("dev"), rows(layer)); diff != "" {
				s.t.Errorf("%s in %s (-plain dbt +dot):\n%s", name, layer, diff)
			}
		}
	}
}
