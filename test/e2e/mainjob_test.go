//go:build unix

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// D.4, D.5, E.1, E.4, F.3, G.3: the main job. main is built as prod, and beside it only the
// branch's changes, on top of prod's data.
func TestMainJob(t *testing.T) {
	onEach(t, "", func(t *testing.T, adapter string, dbt generation) {
		s := newShop(t, adapter)
		s.use(dbt)
		s.ownDBT()
		// Uncommitted and staged work, which dot must neither build nor change.
		s.write("models/marts/fct_orders.sql", "this is not SQL")
		s.write("notes.md", "staged")
		s.git("add", "notes.md")
		before := s.gitState()
		prod := "prod_" + s.git("rev-parse", "--short", "main")
		dev := "dev_" + s.head()
		job := []string{"build", "dev@HEAD", "--defer", "prod@main", "--modified"}

		s.mustDot("build", "prod@main")
		s.planIsRun(job...)

		s.wantSchemas(dev, prod)
		// The customers and orders did not change, so dev reads prod's.
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

		s.upToDate(job...)
		s.deferredCompared()
		s.candidateFails(prod)
		if diff := cmp.Diff(before, s.gitState()[:len(before)]); diff != "" {
			t.Errorf("what the user sees of git (-before +after):\n%s", diff)
		}
		for _, worktree := range s.worktrees()[1:] { // the first is the user's
			if !strings.HasPrefix(worktree, "worktree .dot/build/") || !strings.HasSuffix(worktree, " detached locked dot") {
				t.Errorf("a worktree that is not dot's: %s", worktree)
			}
		}
	})
}

// upToDate runs a command that is up to date: it uses neither dbt nor the warehouse, and changes
// nothing.
func (s *shop) upToDate(args ...string) {
	s.t.Helper()
	open := s.warehouse.close(s.t)
	before := tree(s.t, s.dir)
	var res result
	dbts := s.started(func() { res = s.dot(args...) })
	after := tree(s.t, s.dir)
	open()
	if dbts != "" || res.code != 0 {
		s.t.Errorf("the second run started dbt %q and ended with exit code %d", dbts, res.code)
	}
	if !strings.Contains(res.stderr, "up to date ") || !regexp.MustCompile(`(?m)^up to date .*built .*\(\d+ ok`).MatchString(res.stderr) {
		s.t.Error("the second run does not say when it was built")
	}
	if diff := cmp.Diff(before, after); diff != "" {
		s.t.Errorf("the second run changed something (-before +after):\n%s", diff)
	}
}

// deferredCompared compares the two builds. What the branch reads from prod is no difference,
// neither for the nodes it changed nor for their inputs.
func (s *shop) deferredCompared() {
	s.t.Helper()
	found := s.compare(0, "prod@main", "dev@HEAD")
	s.wantVerdicts(found, 0,
		"customer_value: added",
		"customers: same relation",
		"fct_orders: differs +0 -0 ~2 amount:2",
		"orders: same relation",
		"payments: differs +1 -0 ~0",
		"revenue_by_month: differs +0 -0 ~2 revenue:2",
		"stg_customers: same relation",
		"stg_orders: same relation",
		"stg_payments: differs +1 -0 ~0",
	)
	for _, r := range found.Comparisons[0].Relations {
		if want := []string{"SQL", "upstream: payments"}; r.Name == "fct_orders" && !slices.Equal(r.Code, want) {
			s.t.Errorf("the code of fct_orders differs by %q, want %q", r.Code, want)
		}
	}
}

// candidateFails checks that a candidate's tests read the candidate. With the baseline they would
// pass, and with --favor-state dbt reads that. Nodes that are not selected must come from the
// baseline.
func (s *shop) candidateFails(prod string) {
	s.t.Helper()
	// Make a separate branch without touching the user's index.
	blob := s.gitWith("select * from (select id as order_id, customer_id, ordered_on, status from {{ ref('orders') }}) as o\n"+
		"union all select 101, 1, '2026-01-04', 'shipped'\n", "hash-object", "-w", "--stdin")
	index := "GIT_INDEX_FILE=" + filepath.Join(s.t.TempDir(), "index")
	var commit string
	s.during([]string{index, "GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@shop.example", "GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=ada@shop.example"}, func() {
		s.git("read-tree", "HEAD")
		s.git("update-index", "--cacheinfo", "100644,"+blob+",models/staging/stg_orders.sql")
		commit = s.git("commit-tree", "-p", "HEAD", "-m", "Order 101 twice", s.git("write-tree"))
	})
	candidate := "dev@" + commit
	deferred := []string{candidate, "--defer", "prod@main", "-s", "stg_orders"}
	s.mustDot(append([]string{"run"}, deferred...)...)

	schema := "dev_" + s.git("rev-parse", "--short", commit)
	view := s.query("select view_definition from information_schema.views where table_schema = '" + schema + "' and table_name = 'stg_orders'")
	if len(view) != 1 || !strings.Contains(view[0][0], prod) {
		s.t.Errorf("the view does not read %s.orders: %v", prod, view)
	}
	for from, want := range map[string]string{schema: "2", prod: "1"} {
		if got := s.query("select count(*) from " + from + ".stg_orders where order_id = 101"); got[0][0] != want {
			s.t.Errorf("order 101 is %s times in %s, want %s", got[0][0], from, want)
		}
	}
	res := s.dot(append([]string{"test"}, deferred...)...)
	if res.code != 1 || !regexp.MustCompile(`(?i)fail.* unique_stg_orders_order_id`).MatchString(res.stdout) {
		s.t.Errorf("dot test ended with exit code %d, want 1 for the order that is there twice", res.code)
	}
}

// gitState returns the state of git that belongs to the user and that dot must not change.
func (s *shop) gitState() []string {
	s.t.Helper()
	return []string{
		s.git("--no-optional-locks", "status", "--porcelain"),
		s.git("--no-optional-locks", "diff", "--cached"),
		s.git("for-each-ref"),
		s.git("symbolic-ref", "HEAD"),
		s.git("stash", "list"),
		s.read(".git/index"),
		s.read(".git/HEAD"),
		s.read(".git/config"),
	}
}

// worktrees lists the repository's worktrees, a line each, the user's first.
func (s *shop) worktrees() []string {
	s.t.Helper()
	var all []string
	for _, entry := range strings.Split(s.git("worktree", "list", "--porcelain"), "\n\n") {
		entry = strings.ReplaceAll(entry, s.dir+"/", "")
		all = append(all, strings.ReplaceAll(entry, "\n", " "))
	}
	return all
}

// TestUnknownEnvironment proves C.5.
func TestUnknownEnvironment(t *testing.T) {
	t.Parallel()
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
