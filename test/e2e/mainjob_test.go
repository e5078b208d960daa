//go:build unix

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The main job: what main says as prod, and beside it only what the branch
// changed, on top of prod's data.
func TestMainJob(t *testing.T) {
	for _, adapter := range []string{"duckdb", "postgres"} {
		t.Run(adapter, func(t *testing.T) {
			t.Parallel()
			s := newShop(t, adapter)
			// Uncommitted and staged work, which dot must neither build nor touch.
			s.write("models/marts/fct_orders.sql", "this is not SQL")
			s.write("notes.md", "staged")
			s.git("add", "notes.md")
			before := s.gitState()

			s.mustDot("build", "prod@main")
			s.mustDot("build", "dev@HEAD", "--defer", "prod@main", "--modified")

			prod := "prod_" + s.git("rev-parse", "--short", "main")
			dev := "dev_" + s.git("rev-parse", "--short", "HEAD")
			schemas := s.query("select distinct table_schema from information_schema.tables" +
				" where table_schema like 'dev%' or table_schema like 'prod%' order by 1")
			if diff := cmp.Diff([][]string{{dev}, {prod}}, schemas); diff != "" {
				t.Fatalf("schemas (-want +got):\n%s", diff)
			}
			// The customers and orders did not change: dev reads prod's.
			built := s.query("select table_name from information_schema.tables where table_schema = '" + dev + "' order by 1")
			want := [][]string{{"customer_value"}, {"fct_orders"}, {"payments"}, {"revenue_by_month"}, {"stg_payments"}}
			if diff := cmp.Diff(want, built); diff != "" {
				t.Errorf("tables in %s (-want +got):\n%s", dev, diff)
			}

			revenue := "select revenue from %s.revenue_by_month order by month"
			for schema, want := range map[string][][]string{
				prod: {{"274.40"}, {"335.00"}, {"94.24"}},
				dev:  {{"185.40"}, {"180.00"}, {"94.24"}},
			} {
				if diff := cmp.Diff(want, s.query(fmt.Sprintf(revenue, schema))); diff != "" {
					t.Errorf("revenue in %s (-want +got):\n%s", schema, diff)
				}
			}
			if diff := cmp.Diff(before, s.gitState()); diff != "" {
				t.Errorf("what the user sees of git (-before +after):\n%s", diff)
			}
		})
	}
}

// gitState is what a user has in git and dot must leave alone.
func (s *shop) gitState() []string {
	s.t.Helper()
	return []string{
		s.git("status", "--porcelain"),
		s.git("diff", "--cached"),
		s.git("for-each-ref"),
		s.git("symbolic-ref", "HEAD"),
		s.git("stash", "list"),
	}
}

func TestUnknownEnvironment(t *testing.T) {
	s := newShop(t, "duckdb")
	res := s.dot("build", "staging@HEAD")
	if res.code != 2 {
		t.Errorf("exit code %d, want 2", res.code)
	}
	for _, want := range []string{"staging", "dev", "prod"} {
		if !strings.Contains(res.stderr, want) {
			t.Errorf("the error does not name %s:\n%s", want, res.stderr)
		}
	}
	if _, err := os.Stat(filepath.Join(s.dir, ".dot")); !os.IsNotExist(err) {
		t.Errorf("something was written (%v)", err)
	}
}
