//go:build unix

package e2e

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// This file is the cheap way to write a test with real dbt. Such a test gives its
// few models, runs dot, and reads tables back:
//
//	func TestRevenue(t *testing.T) {
//		onBoth(t, "", func(t *testing.T, adapter string) { // or t.Parallel() and one adapter
//			s := newProject(t, adapter, map[string]string{
//				"models/orders.sql":  "select 1 as id, 20 as amount\n",
//				"models/revenue.sql": "select sum(amount) as amount from {{ ref('orders') }}\n",
//			})
//			s.mustDot("build", "dev@HEAD")
//			s.wantTables("dev@HEAD", "orders", "revenue")
//			s.wantTable("dev@HEAD", "revenue", "20")
//		})
//	}
//
// The project is committed on main and has the environments dev and prod, which write
// to the schemas of the same names. What else such a test may need:
//
//   - s.write, s.read, s.commit, s.head, s.git: change the project and its history
//   - s.setenv, s.during: variables for dot and dbt, DOT_DBT for another dbt
//   - s.dot, s.mustDot, s.refused: run dot to its end; s.start: and while it runs
//   - s.plan, s.planIsRun, s.reason: what dot would do, and why
//   - s.started: the dbts that something starts; s.newGate: stop one of them
//   - s.wantTables, s.wantTable, s.wantRows, s.query: what is in the warehouse
//   - s.part: a part of the test with a name of its own
//
// What costs is dbt: a command takes one to two seconds of CPU, and importing dbt as
// much again. So let one project serve all parts of a test, ask s.plan where the plan
// tells enough, and give several specs to one dot. dot imports dbt once for all
// commands that it runs (it hosts them), on Linux.

// projectFiles are the files of every small project.
var projectFiles = map[string]string{
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
}

// tables is a dbt_project.yml in which models are tables.
var tables = strings.Replace(projectFiles["dbt_project.yml"], "vars:", "models: {+materialized: table}\nvars:", 1)

// newProject makes a shop whose project has these files, by name, and commits it on main. A file
// may replace one of projectFiles, or remove it with "".
func newProject(t *testing.T, adapter string, files map[string]string) *shop {
	t.Helper()
	s := newEmptyShop(t, adapter)
	profiles := map[string]string{"duckdb": "../../demo/project/profiles.yml", "postgres": "testdata/postgres/profiles.yml"}
	text, err := os.ReadFile(profiles[adapter])
	if err != nil {
		t.Fatal(err)
	}
	all := maps.Clone(projectFiles)
	all["profiles.yml"] = string(text)
	maps.Copy(all, files)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if all[name] != "" {
			s.write(name, all[name])
		}
	}
	s.setenv("DBT_PROFILES_DIR=") // dbt ignores an empty one
	s.git("init", "--quiet", "--template=", "--initial-branch=main")
	s.commit("Open the stall")
	return s
}

// schema returns the schema of a spec's build: dev_1234567 for "dev@HEAD", dev for "dev".
func (s *shop) schema(spec string) string {
	s.t.Helper()
	env, ref, ok := strings.Cut(spec, "@")
	switch {
	case !ok:
		return env
	case ref == ".":
		return strings.TrimSpace(s.mustDot("schema", spec).stdout)
	}
	return env + "_" + s.git("rev-parse", "--short", ref)
}

// wantTables compares the names of the tables and views of a spec's build, sorted.
func (s *shop) wantTables(spec string, want ...string) {
	s.t.Helper()
	var got []string
	for _, row := range s.query("select table_name from information_schema.tables where table_schema = '" + s.schema(spec) + "' order by 1") {
		got = append(got, row[0])
	}
	if diff := cmp.Diff(want, got); diff != "" {
		s.t.Errorf("tables of %s (-want +got):\n%s", spec, diff)
	}
}

// wantTable compares the rows of a table or view of a spec's build. A row is its values, separated
// by spaces; NULL reads "NULL". Rows are sorted as text. Numbers, texts and dates read the same on
// both databases; cast other types to text.
func (s *shop) wantTable(spec, name string, want ...string) {
	s.t.Helper()
	got := s.rows("select * from " + s.schema(spec) + "." + name)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		s.t.Errorf("%s of %s (-want +got):\n%s", name, spec, diff)
	}
}

// wantRows compares the result of a query, in order.
func (s *shop) wantRows(sql string, want ...string) {
	s.t.Helper()
	if diff := cmp.Diff(want, s.rows(sql)); diff != "" {
		s.t.Errorf("%s (-want +got):\n%s", sql, diff)
	}
}

// rows returns the result of a query, one text for each row.
func (s *shop) rows(sql string) []string {
	s.t.Helper()
	var rows []string
	for _, row := range s.query(sql) {
		rows = append(rows, strings.Join(row, " "))
	}
	return rows
}

// TestProject is a test as described at the head of this file: a build, and one that reads the
// unchanged part from it.
func TestProject(t *testing.T) {
	onBothAny(t, "duckdb", func(t *testing.T, adapter string, dbt generation) {
		s := newProject(t, adapter, map[string]string{
			"seeds/orders.csv":     "id,day,amount\n1,2026-03-01,20\n2,2026-03-02,\n",
			"models/open.sql":      "select id, day, amount from {{ ref('orders') }} where amount is null\n",
			"models/revenue.sql":   "{{ config(materialized='table') }}\nselect sum(amount) as amount from {{ ref('orders') }}\n",
			"models/untouched.sql": "select 'said' as word\n",
		})
		s.use(dbt)
		s.mustDot("build", "prod@HEAD")
		s.wantTables("prod@HEAD", "open", "orders", "revenue", "untouched")
		s.wantTable("prod@HEAD", "orders", "1 2026-03-01 20", "2 2026-03-02 NULL")
		s.wantTable("prod@HEAD", "open", "2 2026-03-02 NULL")

		s.write("models/revenue.sql", "{{ config(materialized='table') }}\nselect count(*) as orders, sum(amount) as amount from {{ ref('orders') }}\n")
		s.commit("Count the orders")
		dbts := s.started(func() { s.mustDot("build", "dev@HEAD", "--defer", "prod@HEAD~", "--modified") })
		if dbts != "list list build" { // the dbt that marks the schema asks the question
			t.Errorf("dot started dbt %q, want list and build", dbts)
		}
		s.wantTables("dev@HEAD", "revenue")
		s.wantTable("dev@HEAD", "revenue", "2 20")
	})
}
