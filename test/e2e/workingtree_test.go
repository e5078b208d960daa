//go:build unix

package e2e

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A.4, D.5: dev@. is the working tree as it is, in a schema of its own: what is edited and what is
// new, over the build of main.
func TestWorkingTree(t *testing.T) {
	onBothAny(t, "duckdb", func(t *testing.T, adapter string, dbt generation) {
		s := newShop(t, adapter)
		s.use(dbt)
		build := []string{"build", "dev@.", "--defer", "prod@main"}
		revenue := func(want ...string) {
			t.Helper()
			s.wantRows("select revenue from "+s.schema("dev@.")+".revenue_by_month order by month", want...)
		}
		s.mustDot("build", "prod@main")
		edited := func(condition string) {
			s.write("models/marts/revenue_by_month.sql", "select cast(date_trunc('month', ordered_on) as date) as month, count(*) as orders, sum(amount) as revenue\n"+
				"from {{ ref('fct_orders') }} where "+condition+" group by 1\n")
		}
		s.part("it is built with what is not committed", func() {
			edited("country <> 'xx'")
			s.write("models/marts/new_model.sql", "select count(*) as n from {{ ref('revenue_by_month') }}\n")
			s.git("add", "models/marts/revenue_by_month.sql")
			before := s.gitState()
			s.planIsRun(build...)
			revenue("185.40", "180.00", "94.24")
			s.wantTable("dev@.", "new_model", "3")
			s.wantTables("dev@.", "customer_value", "fct_orders", "new_model", "payments", "revenue_by_month", "stg_payments")
			s.upToDate(build...)
			if diff := cmp.Diff(before, s.gitState()[:len(before)]); diff != "" {
				t.Errorf("what the user sees of git (-before +after):\n%s", diff)
			}
		})
		s.part("another edit builds what it changes, in the same schema", func() {
			edited("status <> 'cancelled'")
			s.refused([]string{"compare", "prod@main", "dev@."}, "", "was never built: there is nothing to compare", "dot build dev@.")
			schemas := s.schemas()
			if res := s.mustDot(build...); !strings.Contains(res.stderr, ": 4 ok") { // with two tests
				t.Errorf("more or less is built than what changed:\n%s", res.stderr)
			}
			s.wantSchemas(schemas...)
			s.wantTable("dev@.", "new_model", "3")
			found := s.compare(0, "prod@main", "dev@.")
			s.wantVerdicts(found, 0,
				"customer_value: added",
				"customers: same relation",
				"fct_orders: differs +0 -0 ~2 amount:2",
				"new_model: added",
				"orders: same relation",
				"payments: differs +1 -0 ~0",
				"revenue_by_month: differs +0 -0 ~2 orders:1 revenue:2",
				"stg_customers: same relation",
				"stg_orders: same relation",
				"stg_payments: differs +1 -0 ~0",
			)
		})
		s.part("it is a baseline, too", func() {
			s.git("switch", "--quiet", "--detach")
			s.mustDot("build", "dev@HEAD", "--defer", "dev@.", "-s", "revenue_by_month")
			s.wantTables("dev@HEAD", "revenue_by_month")
			s.git("switch", "--quiet", "-")
		})
		s.part("the commit lasts as long as its build, and is no branch's", func() {
			s.git("gc", "--quiet", "--prune=now")
			s.upToDate(build...)
			short := strings.TrimPrefix(strings.TrimSpace(s.mustDot("schema", "dev@.", "--own-schema").stdout), "dev_")
			if refs := s.git("for-each-ref", "--contains", short); refs != "" {
				t.Errorf("refs lead to it: %s", refs)
			}
		})
		s.part("once it is committed, there is nothing to build", func() {
			schemas := s.schemas()
			s.commit("Without what is cancelled")
			if res := s.mustDot(build...); !strings.Contains(res.stderr, "nothing modified") {
				t.Errorf("something is built:\n%s", res.stderr)
			}
			s.wantSchemas(schemas...)
		})
	})
}
