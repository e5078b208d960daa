//go:build unix

package e2e

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// These tests check the helpers of the other tests. If one of them fails, look here before you look
// at dot.

func TestShopHistory(t *testing.T) {
	t.Parallel()
	s := newShop(t, "duckdb")
	// Tests and docs can name commits because the hashes are the same on every machine.
	want := `24256d1 feature/refunds Record a late refund`
	if got := s.git("log", "-1", "--format=%h "+s.git("branch", "--show-current")+" %s"); got != want {
		t.Errorf("HEAD is %q, want %q", got, want)
	}
	if status := s.git("status", "--porcelain", "--ignored"); status != "" {
		t.Errorf("not clean:\n%s", status)
	}
	want = strings.Join([]string{
		"M\tmodels/marts/fct_orders.sql",
		"A\tmodels/marts/customer_value.sql",
		"M\tseeds/payments.csv",
	}, "\n")
	if diff := cmp.Diff(want, s.git("log", "--reverse", "--format=tformat:", "--name-status", "main..HEAD")); diff != "" {
		t.Errorf("changes on the branch (-want +got):\n%s", diff)
	}
	if out := s.git("diff", "--name-only", "v1", "main"); !strings.Contains(out, "revenue_by_month.sql") {
		t.Errorf("v1 and main differ in %q", out)
	}
}

func TestShopCommit(t *testing.T) {
	t.Parallel()
	s := newShop(t, "duckdb")
	s.write("seeds/vouchers/spring.csv", "id\n1\n")
	hash := s.commit("Add vouchers")
	if got, want := s.git("show", "--format=%h %s", "--name-only", hash), hash+" Add vouchers\n\nseeds/vouchers/spring.csv"; got != want {
		t.Errorf("got commit %q, want %q", got, want)
	}
}

func TestShopWithPlainDbt(t *testing.T) {
	onOne(t, "duckdb", func(t *testing.T, adapter string) {
		s := newShop(t, adapter)
		if res := s.dbt("--no-use-colors", "deps"); res.code != 0 {
			t.Fatalf("dbt deps: exit code %d\n%s%s", res.code, res.stdout, res.stderr)
		}
		if res := s.dbt("--no-use-colors", "build", "--target", "prod"); res.code != 0 {
			t.Fatalf("dbt build: exit code %d\n%s%s", res.code, res.stdout, res.stderr)
		}
		if status := s.git("status", "--porcelain"); status != "" {
			t.Errorf("dbt left changes that git sees:\n%s", status)
		}

		got := s.query("select orders, revenue, null from prod.revenue_by_month order by month")
		want := [][]string{{"3", "185.40", "NULL"}, {"3", "180.00", "NULL"}, {"2", "94.24", "NULL"}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("revenue_by_month (-want +got):\n%s", diff)
		}
		got = s.query("select schema_name from information_schema.schemata where schema_name in ('dev', 'prod')")
		if diff := cmp.Diff([][]string{{"prod"}}, got); diff != "" {
			t.Errorf("schemas (-want +got):\n%s", diff)
		}
	})
}
