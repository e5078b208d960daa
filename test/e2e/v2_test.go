//go:build linux

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestV2 builds, skips, defers and compares with dbt 2.
func TestV2(t *testing.T) {
	onBoth(t, "duckdb", func(t *testing.T, adapter string) {
		s := newShop(t, adapter)
		s.useV2()
		revenue := func(schema string) [][]string {
			return s.query("select orders, revenue, null from " + schema + ".revenue_by_month order by month")
		}
		main := s.git("rev-parse", "--short", "main")
		s.part("build", func() {
			s.mustDot("build", "prod@main")
			want := [][]string{{"3", "274.40", "NULL"}, {"3", "335.00", "NULL"}, {"2", "94.24", "NULL"}}
			if diff := cmp.Diff(want, revenue("prod_"+main)); diff != "" {
				t.Errorf("revenue_by_month (-want +got):\n%s", diff)
			}
			ignore := filepath.Join(s.dir, ".dot", "build", main, "worktree", ".gitignore")
			if text, err := os.ReadFile(ignore); err != nil || !strings.HasSuffix(string(text), "\ndbt_internal_packages/\n") {
				t.Errorf("dbt 2 no longer changes .gitignore: %v\n%s", err, text)
			}
		})
		s.part("again", func() {
			if out := s.mustDot("build", "prod@main"); !strings.Contains(out.stderr, "up to date") {
				t.Error("it was built again")
			}
		})
		s.part("what the branch changed", func() {
			s.mustDot("build", "dev@HEAD", "--defer", "prod@main", "--modified")
			want := [][]string{{"3", "185.40", "NULL"}, {"3", "180.00", "NULL"}, {"2", "94.24", "NULL"}}
			if diff := cmp.Diff(want, revenue("dev_"+s.head())); diff != "" {
				t.Errorf("revenue_by_month (-want +got):\n%s", diff)
			}
			got := s.query("select table_name from information_schema.tables where table_schema = 'dev_" + s.head() + "' order by table_name")
			if diff := cmp.Diff([][]string{{"customer_value"}, {"fct_orders"}, {"payments"}, {"revenue_by_month"}, {"stg_payments"}}, got); diff != "" {
				t.Errorf("relations (-want +got):\n%s", diff)
			}
		})
		s.part("several builds", func() {
			out := s.mustDot("build", "prod@main", "dev@HEAD", "--force", "--log", "json")
			for _, want := range []string{`"unique_id":"model.shop.fct_orders"`, `"status":"success"`, `"total":21`, `"total":22`} {
				if !strings.Contains(out.stdout, want) {
					t.Errorf("no %s in the events", want)
				}
			}
		})
		s.part("compare", func() {
			s.wantVerdicts(s.compare(0, "prod@main", "dev@HEAD"), 0, compareShop...)
			s.wantVerdicts(s.compare(0, "prod@main", "dev@HEAD", "--all"), 0, strings.Split(strings.ReplaceAll(strings.Join(compareShop, "\n"), "same code", "same"), "\n")...)
		})
		s.part("a failure", func() {
			s.write("models/marts/customer_value.sql", "select nothing from {{ ref('fct_orders') }}\n")
			s.write("models/marts/below.sql", "select * from {{ ref('customer_value') }}\n")
			s.commit("A model that fails")
			out := s.dot("build", "dev@HEAD", "--log", "quiet")
			if out.code != 1 || !strings.Contains(out.stderr, "customer_value") || !strings.Contains(out.stderr, "nothing") {
				t.Errorf("exit code %d, without the database's words\n%s", out.code, out.stderr)
			}
			s.write("models/marts/customer_value.sql", "select 1 as something\n")
			s.commit("mended")
		})
		s.part("a test that fails", func() {
			s.write("tests/nothing_is_wrong.sql", "select * from {{ ref('fct_orders') }} where amount > 0\n")
			s.commit("A test that fails")
			out := s.dot("build", "dev@HEAD", "--log", "quiet")
			if out.code != 1 || !strings.Contains(out.stderr, "1 fail") || !strings.Contains(out.stderr, "test nothing_is_wrong") {
				t.Errorf("exit code %d, and the test isn't named\n%s", out.code, out.stderr)
			}
			// dbt 2 cancels what it has begun, and says that some of it succeeded.
			if out := s.dot("compare", "prod@main", "dev@HEAD"); strings.Contains(out.stdout, "is not there, although") {
				t.Errorf("the ledger has relations that were not built:\n%s", out.stdout)
			}
			s.git("rm", "--quiet", "tests/nothing_is_wrong.sql")
		})
		s.part("going on", func() {
			s.write("models/marts/customer_value.sql", "select nothing from {{ ref('fct_orders') }}\n")
			s.commit("fails again")
			s.ends(1, "", "build", "dev@HEAD")
			out := s.dot("build", "dev@HEAD", "--resume")
			if out.code != 1 || strings.Contains(out.stdout, "fct_orders (table)") {
				t.Errorf("exit code %d; what was built is built again, or nothing was tried", out.code)
			}
		})
	})
}
