//go:build unix

package code

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dot-for-dbt/internal/testing/imported"
	"dot-for-dbt/internal/testing/postgres"
)

// extra has files that are added to the sample shop, so that it has a node of each kind.
var extra = map[string]string{
	"models/eph.sql": `{{ config(materialized='ephemeral') }} select * from {{ ref('stg_orders') }} where status <> 'it''s void'`,
	"models/inc.sql": `{{ config(materialized='incremental', unique_key='order_id', post_hook="delete from {{ this }} where order_id < 0") }}
-- depends_on: {{ ref('stg_payments') }}
select * from {{ ref('eph') }}
{% if is_incremental() %} where ordered_on > (select max(ordered_on) from {{ this }}) {% endif %}`,
	"models/stamped.sql":   `select '{{ this.schema }}' as made_in, order_id from {{ ref('stg_orders') }}`,
	"models/sidestep.sql":  `select count(*) as n from {{ target.schema }}.stg_orders -- {{ ref('stg_orders') }}`,
	"models/outside.sql":   `select * from {{ source('outside', 'things') }}`,
	"models/on_custom.sql": `select * from {{ ref('custom') }}`,
	"models/custom.sql":    `{{ config(schema='marts') }} select 1 as x, 'dev_9b13827 prod_4521a86' as text`,
	"models/sources.yml": `
sources:
  - name: outside
    schema: outside
    tables: [{name: things}]
`,
	"snapshots/snaps.yml": `
snapshots:
  - name: order_history
    relation: ref('inc')
    config: {unique_key: order_id, strategy: check, check_cols: all}
`,
}

// A lab is a copy of the shop with a warehouse.
type lab struct {
	t       *testing.T
	dir     string // one project directory a build
	adapter string
	program string // dbt
	output  string // of the profile, without the schema
	env     []string
}

func newLab(t *testing.T, adapter string, quick *imported.Server) *lab {
	t.Helper()
	if os.Getenv("DOT_TEST_VENV") == "" {
		t.Skip("DOT_TEST_VENV is not set: run make test")
	}
	dbt, err := quick.DBT(os.Getenv("DOT_TEST_VENV"))
	if err != nil {
		t.Fatal(err)
	}
	l := &lab{t: t, dir: t.TempDir(), adapter: adapter, program: dbt}
	l.env = append(os.Environ(), "DBT_SEND_ANONYMOUS_USAGE_STATS=false")
	if adapter == "duckdb" {
		path := filepath.Join(l.dir, "shop.duckdb")
		l.output = fmt.Sprintf("type: duckdb, path: %q", path)
		return l
	}
	bin := os.Getenv("DOT_TEST_PG_BIN")
	if bin == "" {
		var err error
		if bin, err = postgres.FindBin(os.Getenv("DOT_TEST_VENV")); err != nil {
			t.Fatal(err)
		}
	}
	server, err := postgres.Start(t.Context(), bin)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	db, err := server.CreateDatabase(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	l.output = fmt.Sprintf("type: postgres, host: %q, port: 5432, user: %q, password: %q, dbname: %q", db.Host, db.User, db.Password, db.Name)
	return l
}

// write makes a build's project from directories of the demo, and files.
func (l *lab) write(env, suffix string, files map[string]string, from ...string) string {
	l.t.Helper()
	dir := filepath.Join(l.dir, env)
	for _, name := range from {
		// A later commit replaces files of an earlier one.
		source := filepath.Join("..", "..", "demo", name)
		err := filepath.WalkDir(source, func(path string, entry os.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			l.put(filepath.Join(dir, strings.TrimPrefix(path, source)), string(data))
			return nil
		})
		if err != nil {
			l.t.Fatal(err)
		}
	}
	for name, text := range files {
		l.put(filepath.Join(dir, name), text)
	}
	l.put(filepath.Join(dir, "profiles.yml"), fmt.Sprintf("shop: {target: %[1]s, outputs: {%[1]s: {%[2]s, schema: %[1]s_%[3]s, threads: 1}}}\n", env, l.output, suffix))
	l.dbt(dir, "deps")
	return dir
}

func (l *lab) put(path, text string) {
	l.t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		l.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		l.t.Fatal(err)
	}
}

func (l *lab) dbt(dir string, args ...string) {
	l.t.Helper()
	cmd := exec.CommandContext(l.t.Context(), l.program, args...)
	cmd.Dir, cmd.Env = dir, l.env
	if out, err := cmd.CombinedOutput(); err != nil {
		l.t.Fatalf("dbt %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// keep copies a build's manifest, as dot does after each command.
func (l *lab) keep(dir, suffix, as string) Side {
	l.t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "target", "manifest.json"))
	if err != nil {
		l.t.Fatal(err)
	}
	kept := filepath.Join(l.dir, as+".json")
	l.put(kept, string(data))
	read := func(name string) ([]byte, error) { return os.ReadFile(filepath.Join(dir, name)) }
	return Side{Manifest: kept, Suffix: suffix, ReadFile: read, FileID: func(name string) (string, error) {
		data, err := read(name)
		return string(data), err
	}}
}

func TestRealManifests(t *testing.T) {
	var quick imported.Server
	t.Cleanup(quick.Stop)
	for _, adapter := range []string{"duckdb", "postgres"} {
		t.Run(adapter, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, adapter, &quick)
			prod := l.write("prod", "4521a86", extra, "project", "changes/1-revenue-by-month")
			l.dbt(prod, "build", "--exclude", "outside")
			baseline := l.keep(prod, "4521a86", "prod")
			dev := l.write("dev", "9b13827", extra,
				"project", "changes/1-revenue-by-month", "changes/2-refunds", "changes/3-customer-value")
			l.dbt(dev, "build", "--exclude", "outside")
			candidate := l.keep(dev, "9b13827", "dev")

			got := compared(t, baseline, candidate)
			want := map[string][]string{
				"customers": nil, "orders": nil, "payments": nil,
				"stg_customers": nil, "stg_orders": nil, "stg_payments": nil,
				"inc": nil, "order_history": nil, "custom": nil, "on_custom": nil,
				"fct_orders":       {"SQL"},
				"revenue_by_month": {"upstream: fct_orders"},
				"customer_value":   {"only in the candidate's project"},
				"stamped":          {"compiled SQL"},
				"sidestep":         {"compiled SQL"},
				"outside":          {"the code is not known: it was not in the last run of either build"},
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("differences (-want +got):\n%s", diff)
			}

			// The same commit, built on the baseline's tables.
			l.dbt(dev, "build", "-s", "revenue_by_month", "inc", "--defer", "--favor-state", "--state", filepath.Join(prod, "target"))
			deferred := l.keep(dev, "9b13827", "deferred")
			got = compared(t, baseline, deferred)
			if d, ok := got["revenue_by_month"]; !ok || d != nil {
				t.Errorf("revenue_by_month read the baseline's fct_orders, and differs by %q", d)
			}
			// An incremental model that was built from scratch has other SQL.
			if diff := cmp.Diff([]string{"compiled SQL"}, got["inc"]); diff != "" {
				t.Errorf("inc (-want +got):\n%s", diff)
			}
			want["fct_orders"] = []string{
				"SQL", "the candidate's code is not known: it was not in the last run",
				"upstream: stg_customers, stg_orders, stg_payments",
			}
			if diff := cmp.Diff(want["fct_orders"], got["fct_orders"]); diff != "" {
				t.Errorf("fct_orders (-want +got):\n%s", diff)
			}
		})
	}
}
