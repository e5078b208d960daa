//go:build linux

package e2e

import (
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// v2Beside returns the path of a dbt 2 for a shop whose own dbt is a dbt 1.
func (s *shop) v2Beside() string {
	s.t.Helper()
	dir := s.v2()
	db, ok := s.warehouse.(postgresDB)
	if !ok {
		return dir
	}
	// dbt 2 puts the socket's directory into a URL, and dbt 1 doesn't.
	s.install("dbt-2", "#!/bin/sh\nSHOP_PG_HOST="+url.PathEscape(db.Host)+" exec "+filepath.Join(dir, "bin", "dbt")+" \"$@\"\n")
	return filepath.Join(s.bin, "dbt-2")
}

// newerDBT returns the virtual environment of a dbt that is newer than the one of most tests.
func newerDBT(t *testing.T) string {
	t.Helper()
	dir := newerVenv()
	if dir == "" {
		t.Skip("DOT_TEST_HOST_VENVS names no dbt 1.12: run make test")
	}
	return dir
}

// An upgraded is what the tests read of an upgrade check's report.
type upgraded struct {
	Comparisons []struct {
		Upgrade struct {
			From, To, Stopped, Reason string
			Said                      []struct {
				Level, Kind string
				Count       int
				Texts       []string
			}
		}
		Relations []struct {
			Name, Verdict, Fails, Reason string
			Code                         []string
			Columns                      []struct {
				Name, Status string
				A            string `json:"baseline_type"`
				B            string `json:"candidate_type"`
			}
		}
	}
}

// verdicts returns a line for each relation that isn't the same, with what says why.
func (u upgraded) verdicts() (lines []string, same int) {
	for _, r := range u.Comparisons[0].Relations {
		if r.Verdict == "same" {
			same++
			continue
		}
		words := []string{r.Name, r.Verdict}
		if r.Fails != "" {
			words = append(words, "fails in", r.Fails)
		}
		for _, c := range r.Columns {
			if c.Status == "type changed" {
				words = append(words, c.Name+":", c.A, "→", c.B)
			}
		}
		lines = append(lines, strings.Join(append(words, r.Code...), " "))
	}
	slices.Sort(lines)
	return lines, same
}

// upgradeCheck runs an upgrade check and reads its report.
func (s *shop) upgradeCheck(code int, args ...string) (u upgraded) {
	s.t.Helper()
	res := s.dot(append([]string{"upgrade-check", "--format", "json"}, args...)...)
	if res.code != code {
		s.t.Fatalf("dot upgrade-check %s: exit code %d, want %d", strings.Join(args, " "), res.code, code)
	}
	if err := json.Unmarshal([]byte(res.stdout), &u); err != nil || len(u.Comparisons) != 1 {
		s.t.Fatalf("dot upgrade-check %s: %v", strings.Join(args, " "), err)
	}
	return u
}

// byDBT2 are the relations that dbt 2 builds in another way than dbt 1, and typesOfDBT2 those that it
// gives other types on PostgreSQL, since it chooses other types for seeds.
var (
	byDBT2      = []string{"below unknown fails in candidate upstream: sorted", "by_dbt differs compiled SQL", "sorted unknown fails in candidate"}
	typesOfDBT2 = []string{
		"customer_value columns differ customer_id: integer → bigint name: text → character varying",
		"customers columns differ id: integer → bigint name: text → character varying country: text → character varying",
		"fct_orders columns differ order_id: integer → bigint customer_id: integer → bigint country: text → character varying status: text → character varying",
		"orders columns differ id: integer → bigint customer_id: integer → bigint status: text → character varying",
		"payments columns differ id: integer → bigint order_id: integer → bigint kind: text → character varying amount_cents: integer → bigint",
		"stg_customers columns differ customer_id: integer → bigint name: text → character varying country: text → character varying",
		"stg_orders columns differ order_id: integer → bigint customer_id: integer → bigint status: text → character varying",
		"stg_payments columns differ payment_id: integer → bigint order_id: integer → bigint kind: text → character varying",
	}
)

// TestUpgradeCheck builds one commit with two dbts and compares them: with dbt 2 first, since its
// DuckDB can't read what a newer one has made.
func TestUpgradeCheck(t *testing.T) {
	onBoth(t, "postgres", func(t *testing.T, adapter string) {
		s := newShop(t, adapter)
		v2, newer := s.v2Beside(), newerDBT(t)
		s.write("models/marts/by_dbt.sql", "select '{{ dbt_version[:2] }}' as made_by\n")
		s.write("models/marts/sorted.sql", "select {% if execute %}{{ ([[1]] | sort(attribute=0))[0][0] }}{% endif %} as one\n")
		s.write("models/marts/below.sql", "select one from {{ ref('sorted') }}\n")
		head := s.commit("Models that a dbt builds in its own way")
		files := s.git("status", "--porcelain", "--ignored")

		s.part("1.11 to 2", func() {
			if adapter == "duckdb" && !inFull() {
				s.t.Skip("make test-full runs it on DuckDB, too")
			}
			if out := s.mustDot("plan", "upgrade-check", "dev@HEAD", "--to", v2); !strings.Contains(out.stdout, "schema dev_to_"+head) {
				t.Errorf("the plan has no schema of the new dbt:\n%s", out.stdout)
			}
			if got := s.git("status", "--porcelain", "--ignored"); got != files {
				t.Errorf("planning wrote files:\n%s", got)
			}
			u := s.upgradeCheck(2, "dev@HEAD", "--to", v2)
			got, same := u.verdicts()
			want, wantSame := slices.Clone(byDBT2), 9
			if adapter == "postgres" {
				want, wantSame = append(want, typesOfDBT2...), 1
				slices.Sort(want)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("relations (-want +got):\n%s", diff)
			}
			if same != wantSame {
				t.Errorf("%d relations are the same, want %d", same, wantSame)
			}
		})
		s.part("1.11 to 1.12", func() {
			if adapter == "postgres" && !inFull() {
				s.t.Skip("make test-full runs it on PostgreSQL, too")
			}
			u := s.upgradeCheck(0, "dev@HEAD", "--from", filepath.Join(s.bin, "dbt"), "--to", filepath.Join(newer, "bin", "dbt"))
			got, same := u.verdicts()
			if len(got) > 0 || same != 12 {
				t.Errorf("differ: %q; %d are the same, want 12", got, same)
			}
			if u.Comparisons[0].Upgrade.To[:8] != "dbt 1.12" {
				t.Errorf("the new dbt is %s", u.Comparisons[0].Upgrade.To)
			}
			again := s.mustDot("upgrade-check", "dev@HEAD", "--to", newer, "-s", "by_dbt")
			for _, want := range []string{"dbt 1.12.6 builds the same data as dbt 1.11.16, in all relations: 1", "schema dev_from_" + head, "schema dev_to_" + head} {
				if !strings.Contains(again.stdout, want) {
					t.Errorf("the report lacks %q:\n%s", want, again.stdout)
				}
			}
			if strings.Contains(again.stderr, "→ build") {
				t.Error("what is up to date was built again")
			}
		})
		s.part("nothing takes these builds for its own", func() {
			s.ends(2, "never built", "compare", "dev@HEAD", "prod@main")
			if out := s.mustDot("plan", "build", "dev@HEAD"); !strings.Contains(out.stdout, "dev@"+head+"  first run; from scratch") {
				t.Errorf("a build of an upgrade check counts as the environment's:\n%s", out.stdout)
			}
		})
		s.part("both are dropped by name or by rule", func() {
			if adapter == "postgres" && !inFull() {
				s.t.Skip("make test-full drops them on PostgreSQL, too")
			}
			s.wantSchemas("dev_from_"+head, "dev_to_"+head)
			out := s.mustDot("prune", "--keep", "0", "--dry-run")
			for _, want := range []string{"dev@" + head + ".from  no build of dev is kept; schema dev_from_" + head, "dev@" + head + ".to    no build of dev is kept; schema dev_to_" + head} {
				if !strings.Contains(out.stdout, want) {
					t.Errorf("dot prune doesn't say %q:\n%s", want, out.stdout)
				}
			}
			s.ends(2, "unknown ref", "drop", "dev@HEAD.neither")
			s.mustDot("drop", "dev@HEAD.to", "--yes")
			s.wantSchemas("dev_from_" + head)
			if _, err := os.Stat(filepath.Join(s.dir, ".dot", "build", head+".to")); err == nil {
				t.Error("its directory is left")
			}
			s.mustDot("prune", "--keep", "0", "--yes")
			s.wantSchemas()
			if trees := s.worktrees(); len(trees) > 1 {
				t.Errorf("worktrees are left: %v", trees)
			}
		})
	})
}

// A project that dbt 2 can't read: the report has its errors, and no data.
func TestUpgradeCheckOfWhatCantBeRead(t *testing.T) {
	slow(t)
	onOne(t, "duckdb", func(t *testing.T, adapter string) {
		s := newShop(t, adapter)
		v2 := s.v2()
		s.write("models/marts/more.yml", "models:\n  - name: customer_value\n    columns:\n      - {name: customer_id, data_tests: [{accepted_values: {values: [1]}}]}\n")
		s.commit("A test's arguments in the old form")
		u := s.upgradeCheck(2, "dev@HEAD", "--to", v2)
		found := u.Comparisons[0]
		if len(found.Relations) != 0 || !strings.Contains(found.Upgrade.Stopped, "dbt 2.0.0-alpha.4 built nothing") {
			t.Errorf("%d relations; stopped: %q", len(found.Relations), found.Upgrade.Stopped)
		}
		if said := found.Upgrade.Said; len(said) != 1 || said[0].Level != "error" || said[0].Count != 1 || !strings.Contains(said[0].Texts[0], "models/marts/more.yml:4") {
			t.Errorf("dbt 2 says %+v", said)
		}
	})
}
