//go:build unix

package e2e

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// F.2, F.4, G.1, G.3: what makes a build run again, and what does not. If the plan is enough to
// tell, nothing is run: planIsRun checks that a run does what its plan says.
func TestRerun(t *testing.T) {
	onOneAny(t, "postgres", func(t *testing.T, adapter string, dbt generation) {
		s := newStall(t, adapter, map[string]string{
			"dot_environments.yml": `environment:
  default: dev
  dev: {}
  twin: {target: dev}
`,
		})
		s.use(dbt)
		schema := "dev_" + s.head()
		build := []string{"build", "dev@HEAD"}
		s.planIsRun(build...)
		s.reason("", build...)
		s.reason("--force", append(build, "--force")...)

		s.part("age", func() {
			for hours, reason := range map[int]string{11: "", 13: "older than 12h"} {
				later := time.Now().Add(time.Duration(hours) * time.Hour).Format(time.RFC3339)
				s.during([]string{"DOT_TEST_NOW=" + later}, func() { s.reason(reason, build...) })
			}
		})
		s.part("variable of the environment", func() {
			s.during([]string{"SHOP_SEASON=winter"}, func() { s.reason("changed: env_var SHOP_SEASON", build...) })
			s.during([]string{"SHOP_OTHER=winter"}, func() { s.reason("", build...) })
		})
		s.part("field of the output", func() {
			profiles := s.read("profiles.yml")
			defer s.write("profiles.yml", profiles)
			field := map[string]string{"duckdb": "threads", "postgres": "connect_timeout"}[adapter]
			s.write("profiles.yml", strings.Replace(profiles, "    dev:", "    # a comment\n    dev:", 1))
			s.reason("", build...)
			if adapter == "duckdb" {
				s.write("profiles.yml", strings.ReplaceAll(profiles, "threads: 4", "threads: 3"))
			} else {
				s.write("profiles.yml", strings.ReplaceAll(profiles, "port: 5432", "port: 5432\n      connect_timeout: 9"))
			}
			s.reason("changed: profile: "+field, build...)
		})
		s.part("vars", func() {
			s.write("dot_environments.yml", strings.Replace(s.read("dot_environments.yml"), "dev: {}", "dev: {vars: {most: 200}}", 1))
			s.reason("changed: vars: most", build...)
			s.planIsRun(build...)
			want := []string{"cheap {'fruit': apple, 'cents': 120}", "cheap {'fruit': pear, 'cents': 95}"}
			if adapter == "postgres" {
				want = []string{"cheap (apple,120)", "cheap (pear,95)"}
			}
			var cheap []string
			for _, row := range s.table(schema) {
				if strings.HasPrefix(row, "cheap") {
					cheap = append(cheap, row)
				}
			}
			if diff := cmp.Diff(want, cheap); diff != "" {
				s.t.Errorf("cheap with other vars (-want +got):\n%s", diff)
			}
		})

		s.part("written by another build", func() {
			s.mustDot("build", "twin@HEAD")
			s.reason("3 of its 3 relations changed: model.stall.cheap was overwritten by twin@"+s.head(), build...)
			s.reason("", "build", "twin@HEAD")
			s.planIsRun(build...)
			s.reason("", build...)
			s.reason("3 of its 3 relations changed: model.stall.cheap was overwritten by dev@"+s.head(), "build", "twin@HEAD")
		})
		if adapter == "duckdb" {
			s.part("file gone", func() {
				file := s.dir + "/shop.duckdb"
				if err := os.Rename(file, file+".away"); err != nil {
					s.t.Fatal(err)
				}
				s.reason("the DuckDB file is gone", build...)
				if err := os.Rename(file+".away", file); err != nil {
					s.t.Fatal(err)
				}
				s.reason("", build...)
			})
		}
	})
}

// A.7, F.4: a build that failed runs again. A commit that fixes it is another build.
func TestFailedThenFixed(t *testing.T) {
	onOneAny(t, "duckdb", func(t *testing.T, adapter string, dbt generation) {
		s := newStall(t, adapter, map[string]string{"models/season.sql": "select no_such_column from {{ ref('cheap') }}\n"})
		s.use(dbt)
		broken := s.head()
		res := s.dot("build", "dev@HEAD")
		if res.code != 1 { // dbt's exit code
			t.Errorf("exit code %d, want 1", res.code)
		}
		for _, want := range []string{"dbt build failed on dev@" + broken, "1 error", "dbt.log"} {
			if !strings.Contains(res.stderr, want) {
				t.Errorf("dot does not say %q", want)
			}
		}
		s.reason("last run failed", "build", "dev@HEAD")

		s.write("models/season.sql", stallFiles["models/season.sql"])
		fixed := s.commit("Put the season right")
		s.reason("first run", "build", "dev@HEAD")
		s.mustDot("build", "dev@HEAD")
		s.reason("", "build", "dev@"+fixed)
		s.reason("last run failed", "build", "dev@"+broken)
		if got := s.query(fmt.Sprintf("select fruits from dev_%s.season", fixed)); got[0][0] != "1" {
			t.Errorf("season counts %s fruits, want 1", got[0][0])
		}
	})
}

// F.2, G.3: a password is not an input. A new one is written, and nothing is built again.
func TestPasswordRotated(t *testing.T) {
	onOnlyAny(t, "postgres", func(t *testing.T, adapter string, dbt generation) {
		s := newStall(t, adapter, nil)
		s.use(dbt)
		role := "rotated_" + s.warehouse.(postgresDB).Name
		s.query("create role " + role + " login superuser password 'harvest-moon'")
		t.Cleanup(func() {
			// Its schemas stay until the database is removed.
			_, _ = s.warehouse.query(t.Context(), "alter role "+role+" nologin")
		})
		profile := strings.ReplaceAll(s.read("profiles.yml"), "{{ env_var('SHOP_PG_USER') }}", role)
		password := func(p string) {
			s.write("profiles.yml", strings.ReplaceAll(profile, "{{ env_var('SHOP_PG_PASSWORD') }}", p))
		}
		password("harvest-moon")
		s.mustDot("build", "dev@HEAD")

		s.query("alter role " + role + " password 'midnight-sun'")
		password("midnight-sun")
		planned := s.plan("build", "dev@HEAD")
		want := []string{"→ profiles dev@" + s.head() + " (the profile has changed; schema dev_" + s.head() + ")"}
		var runs []string
		for _, line := range planned.does() {
			if strings.HasPrefix(line, "→") {
				runs = append(runs, line)
			}
		}
		if diff := cmp.Diff(want, runs); diff != "" {
			t.Errorf("what runs (-want +got):\n%s", diff)
		}
		s.planIsRun("build", "dev@HEAD")
		// The new password was written: dbt can log in with it.
		s.mustDot("build", "dev@HEAD", "--force")

		// It is in the profile and nowhere else.
		for _, said := range s.said {
			if strings.Contains(said.stdout+said.stderr, "harvest-moon") || strings.Contains(said.stdout+said.stderr, "midnight-sun") {
				t.Errorf("dot %s shows the password", strings.Join(said.args, " "))
			}
		}
		found := s.must(s.commandIn(s.dir, "grep", "-rlE", "harvest-moon|midnight-sun", ".dot")).stdout
		if want := ".dot/build/" + s.head() + "/env/dev/profiles.yml\n"; found != want {
			t.Errorf("the password stands in\n%swant\n%s", found, want)
		}
	})
}
