//go:build unix

package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// compared is the part of a comparison's JSON that the tests read.
type compared struct {
	Comparisons []struct {
		Baseline, Candidate struct{ Name, Schema string }
		Warnings            []string
		Relations           []struct {
			Name, Verdict, Reason, Inputs string
			DecidedBy                     string `json:"decided_by"`
			Rows                          *struct{ Baseline, Candidate int64 }
			Changes                       *struct{ Added, Removed, Changed int64 }
			Key                           *struct {
				Columns []string
				Problem string
			}
			Columns []struct {
				Name, Status string
				Differ       int64
			}
			Sample []struct{ Kind string }
			Code   []string
		}
	}
}

// compare runs dot compare, checks its exit code, and returns its report.
func (s *shop) compare(code int, args ...string) (found compared) {
	s.t.Helper()
	res := s.dot(append([]string{"compare", "--format", "json"}, args...)...)
	if res.code != code {
		s.t.Fatalf("dot compare %s: exit code %d, want %d", strings.Join(args, " "), res.code, code)
	}
	if err := json.Unmarshal([]byte(res.stdout), &found); err != nil {
		s.t.Fatalf("dot compare %s: %v", strings.Join(args, " "), err)
	}
	return found
}

// verdicts returns the verdicts of one comparison, one a line, in the order of the names.
func (c compared) verdicts(i int) []string {
	var lines []string
	for _, r := range c.Comparisons[i].Relations {
		line := r.Name + ": " + r.Verdict
		if r.Inputs != "" {
			line += ", inputs " + r.Inputs
		}
		if r.Changes != nil {
			line += fmt.Sprintf(" +%d -%d ~%d", r.Changes.Added, r.Changes.Removed, r.Changes.Changed)
		}
		for _, column := range r.Columns {
			if column.Differ > 0 {
				line += fmt.Sprintf(" %s:%d", column.Name, column.Differ)
			}
			if column.Status != "common" && r.Verdict != "added" {
				line += fmt.Sprintf(" %s %s", column.Name, column.Status)
			}
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return lines
}

func (s *shop) wantVerdicts(found compared, i int, want ...string) {
	s.t.Helper()
	if diff := cmp.Diff(want, found.verdicts(i)); diff != "" {
		s.t.Errorf("verdicts (-want +got):\n%s", diff)
	}
}

// TestCompare follows a branch from the first build to the report on its changes to the data.
func TestCompare(t *testing.T) {
	onEach(t, "", func(t *testing.T, adapter string, dbt generation) {
		s := newShop(t, adapter)
		s.use(dbt)
		s.part("nothing is built", func() {
			s.refused([]string{"compare", "prod@main", "dev@HEAD"}, "",
				"was never built", "dot build prod@main dev@HEAD", "--build")
			if isDir(filepath.Join(s.dir, ".dot")) {
				t.Error("a refusal left .dot")
			}
		})
		s.part("--build, of two candidates", func() {
			found := s.compare(0, "prod@main", "dev@HEAD", "dev@HEAD~2", "--build")
			s.wantVerdicts(found, 0, compareShop...)
			s.wantVerdicts(found, 1,
				"customers: same code",
				"fct_orders: differs, inputs same +0 -0 ~1 amount:1",
				"orders: same code",
				"payments: same code",
				"revenue_by_month: differs +0 -0 ~1 revenue:1",
				"stg_customers: same code",
				"stg_orders: same code",
				"stg_payments: same code",
			)
		})
		schemas := s.query("select table_schema, table_name, table_type from information_schema.tables order by 1, 2")
		s.part("what stands is compared, and the exit code says so", func() {
			s.wantVerdicts(s.compare(1, "prod@main", "dev@HEAD", "--exit-code"), 0, compareShop...)
		})
		s.part("--all looks at what has the same code", func() {
			found := s.compare(0, "prod@main", "dev@HEAD", "--all", "-s", "customers", "-s", "orders")
			s.wantVerdicts(found, 0, "customers: same", "orders: same")
		})
		s.part("a selection, a key, a key that is none, and a sample", func() {
			found := s.compare(0, "prod@main", "dev@HEAD", "--modified", "--exclude", "customer_value",
				"--key", "payments=id", "--key", "fct_orders=customer_id", "--sample", "2")
			for _, r := range found.Comparisons[0].Relations {
				switch r.Name {
				case "customer_value":
					t.Error("what was excluded is compared")
				case "payments":
					if r.Key == nil || r.DecidedBy != "join" || len(r.Sample) == 0 {
						t.Errorf("payments: key %v, decided by %s, %d rows of a sample", r.Key, r.DecidedBy, len(r.Sample))
					}
				case "fct_orders":
					if r.Verdict != "differs" || r.DecidedBy != "group by" || r.Key == nil || !strings.Contains(r.Key.Problem, " than once in ") {
						t.Errorf("%s by %s, key %+v: the key's problem and the keyless way are wanted", r.Verdict, r.DecidedBy, r.Key)
					}
				}
			}
		})
		s.part("one relation is gone", func() {
			dev := "dev_" + s.head()
			s.execute("alter table " + dev + ".revenue_by_month rename to gone")
			defer s.execute("alter table " + dev + ".gone rename to revenue_by_month")
			found := s.compare(2, "prod@main", "dev@HEAD", "-s", "revenue_by_month", "-s", "fct_orders")
			for _, r := range found.Comparisons[0].Relations {
				if want := map[string]string{"revenue_by_month": "unknown", "fct_orders": "differs"}[r.Name]; r.Verdict != want {
					t.Errorf("%s: %s, want %s", r.Name, r.Verdict, want)
				}
			}
		})
		if adapter == "duckdb" { // the same on both
			s.part("--fresh, and a table for people", func() {
				res := s.mustDot("compare", "prod@main", "dev@HEAD", "--fresh", "--sample", "1", "--log", "quiet")
				if strings.Count(res.stderr, "--force") < 2 {
					t.Error("not both sides were built anew")
				}
				text := res.stdout
				for _, want := range []string{"fct_orders", "differs", "customer_value", "added"} {
					if !strings.Contains(text, want) {
						t.Errorf("the table does not say %q", want)
					}
				}
			})
			s.part("wrong input", func() {
				s.git("branch", "alone", s.git("-c", "user.name=Ada", "-c", "user.email=ada@shop.example", "commit-tree", "-m", "alone", "HEAD^{tree}"))
				for _, test := range []struct {
					says string
					args []string
				}{
					{"matches no relation", []string{"prod@main", "dev@HEAD", "-s", "no_such_model"}},
					{`neither build has a relation "nope"`, []string{"prod@main", "dev@HEAD", "--key", "nope=id"}},
					{"no commit in common", []string{"prod@main", "dev@alone", "--merge-base"}},
				} {
					if res := s.dot(append([]string{"compare"}, test.args...)...); res.code != 2 || !strings.Contains(res.stderr, test.says) {
						t.Errorf("dot compare %s: exit code %d, want 2 and %q", strings.Join(test.args, " "), res.code, test.says)
					}
				}
			})
		}
		s.part("nothing is left behind", func() {
			now := s.query("select table_schema, table_name, table_type from information_schema.tables order by 1, 2")
			if diff := cmp.Diff(schemas, now); diff != "" {
				t.Errorf("the warehouse (-before +after):\n%s", diff)
			}
			_ = filepath.WalkDir(filepath.Join(s.dir, ".dot", "compare"), func(name string, d os.DirEntry, err error) error {
				copied := filepath.Base(filepath.Dir(name)) == "state" // from the baseline's build
				if err == nil && filepath.Base(name) == "run_results.json" && !copied {
					t.Errorf("rows are left in %s", name)
				}
				return nil
			})
		})
	})
}

// execute changes the warehouse behind dot's back.
func (s *shop) execute(sql string) {
	s.t.Helper()
	if d, ok := s.warehouse.(duckDB); ok {
		s.must(s.commandIn(s.dir, d.python, "-c", "import duckdb, sys; duckdb.connect(sys.argv[1]).execute(sys.argv[2])", d.path, sql))
		return
	}
	s.query(sql)
}

// wantReasons compares the reasons of a comparison's relations, by name; most have none.
func (s *shop) wantReasons(found compared, want map[string]string) {
	s.t.Helper()
	for _, r := range found.Comparisons[0].Relations {
		if r.Reason != want[r.Name] {
			s.t.Errorf("%s: %q, want %q", r.Name, r.Reason, want[r.Name])
		}
	}
}

// compareShop is what the branch changes in the shop's data, according to the seeds and the models'
// SQL. There is one more refund, which reduces the revenue of two orders in two months.
var compareShop = []string{
	"customer_value: added",
	"customers: same code",
	"fct_orders: differs +0 -0 ~2 amount:2",
	"orders: same code",
	"payments: differs +1 -0 ~0",
	"revenue_by_month: differs +0 -0 ~2 revenue:2",
	"stg_customers: same code",
	"stg_orders: same code",
	"stg_payments: differs +1 -0 ~0",
}

// TestCompareInterrupted: Ctrl-C in the middle of a query ends it in the database.
func TestCompareInterrupted(t *testing.T) {
	slow(t)
	t.Parallel()
	s := newStall(t, "postgres", map[string]string{
		"models/nap.sql": "{{ config(materialized='view') }}\nselect n.seconds from public.nap as n, pg_sleep(n.seconds)\n",
	})
	s.ownDBT()
	s.query("create table public.nap as select 0 as seconds")
	s.write("models/nap.sql", "{{ config(materialized='view') }}\nselect n.seconds + 0 as seconds from public.nap as n, pg_sleep(n.seconds)\n")
	s.commit("Sleep otherwise")
	s.mustDot("build", "dev@HEAD~1", "dev@HEAD")
	s.query("update public.nap set seconds = 600")
	// The text of the view's query differs from its definition.
	asleep := func() bool {
		return len(s.query("select pid from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()")) > 0
	}
	c := s.start("compare", "dev@HEAD~1", "dev@HEAD")
	eventually(t, "the view sleeps", func() bool {
		if c.ended() {
			c.wait()
			t.Fatal("dot ended before the view slept")
		}
		return asleep()
	})
	c.signal(syscall.SIGINT)
	if res := c.wait(); res.code != 130 || !strings.Contains(res.stderr, "interrupted") || strings.Contains(res.stderr, "error:") {
		t.Errorf("exit code %d, want 130, and no word of an error", res.code)
	}
	eventually(t, "the query has ended", func() bool { return !asleep() })
	s.query("update public.nap set seconds = 0")
	s.wantVerdicts(s.compare(0, "dev@HEAD~1", "dev@HEAD", "-s", "nap"), 0, "nap: same")
}
