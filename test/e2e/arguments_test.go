//go:build unix

package e2e

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// meddling are variables that would make dbt build something else, or nothing.
var meddling = []string{
	"DBT_TARGET=prod", "DBT_ENGINE_TARGET=prod", "DBT_PROFILE=none", "DBT_EMPTY=true", "DBT_DEFER=true", "DBT_FAVOR_STATE=1",
	"DBT_STATE=/nowhere", "DBT_FULL_REFRESH=true", "DBT_FAIL_FAST=true", "DBT_WRITE_JSON=false", "DBT_LOG_FORMAT=json",
	"DBT_QUIET=true", "DBT_WARN_ERROR=true", "DBT_TARGET_PATH=/nowhere", "DBT_LOG_PATH=/nowhere", "DBT_RESOURCE_TYPES=test",
	"DBT_INDIRECT_SELECTION=empty", "DBT_EXCLUDE_RESOURCE_TYPES=seed", "DBT_STORE_FAILURES=true", "DBT_SAMPLE=3 days",
}

// D.6: an isolated build is what its spec says, whatever variables dbt would inherit.
func TestInheritedVariables(t *testing.T) {
	onOneAny(t, "postgres", func(t *testing.T, adapter string, dbt generation) {
		s := newStall(t, adapter, nil)
		s.use(dbt)
		schema := "dev_" + s.head()
		s.during(meddling, func() { s.mustDot("build", "dev@HEAD") })
		s.wantSchemas(schema)
		row := func(table, cells string) string {
			if adapter == "postgres" {
				values := strings.NewReplacer("fruit=", "", "cents=", "", "season=", "", "fruits=", "", " ", "").Replace(cells)
				return table + " (" + values + ")"
			}
			return table + " {'" + strings.NewReplacer("=", "': ", ", ", ", '").Replace(cells) + "}"
		}
		want := []string{
			row("cheap", "fruit=pear, cents=95"),
			row("prices", "fruit=apple, cents=120"), row("prices", "fruit=pear, cents=95"),
			row("season", "season=spring, fruits=1"),
		}
		if diff := cmp.Diff(want, s.table(schema)); diff != "" {
			t.Errorf("what was built (-want +got):\n%s", diff)
		}
		// The variables don't affect what is up to date, either, but for the one that makes errors
		// of warnings.
		s.during(meddling, func() { s.reason("", "build", "dev@HEAD") })
		s.reason("changed: --warn-error", "build", "dev@HEAD")
	})
}

// A.8: arguments after -- can't switch isolation off. All others have their effect.
func TestArgumentsAfterDashes(t *testing.T) {
	onOnlyAny(t, "duckdb", func(t *testing.T, adapter string, dbt generation) {
		s := newStall(t, adapter, map[string]string{
			"dot_environments.yml": "environment:\n  default: dev\n  dev: {threads: 3, vars: {most: 200, kept: 1}}\n  prod: {}\n",
		})
		s.use(dbt)
		for _, args := range [][]string{
			{"--profiles-dir", "."},
			{"--project-dir=."},
			{"--target-path", "elsewhere"},
			{"--log-path", "elsewhere"},
			{"--profiles-dir=.", "-s", "season"},
		} {
			flag, _, _ := strings.Cut(args[0], "=")
			s.refused(append([]string{"build", "dev@HEAD", "--"}, args...), "", flag)
		}
		s.mustDot("build", "dev@HEAD", "-s", "prices")
		s.refused([]string{"build", "prod@HEAD", "--defer", "dev@HEAD", "--", "--state", "."}, "", "--state")
		s.refused([]string{"build", "prod@HEAD", "--defer", "dev@HEAD", "--", "--defer-state=."}, "", "--defer-state")

		// If an argument repeats an environment's flag, dbt gets it once, with the argument's value.
		words := strings.Fields(s.plan("build", "dev@HEAD", "--", "--threads", "1", "--vars", "{most: 1}", "-t", "prod").last().Commands[0])
		for _, flag := range []string{"--threads", "--vars", "--target", "--profiles-dir"} {
			if n := count(words, flag); n != 1 {
				t.Errorf("%s stands %d times in %q", flag, n, words)
			}
		}
		line := strings.Join(words, " ")
		for _, want := range []string{"--threads 1", `--vars '{"kept":1,"most":1}'`, "--target prod"} {
			if !strings.Contains(line, want) {
				t.Errorf("%q is not in %s", want, line)
			}
		}
		if i := slices.Index(words, "build"); i != 1 {
			t.Errorf("flags stand before the command in %q", words)
		}
	})
}

func count(words []string, word string) (n int) {
	for _, w := range words {
		if w == word {
			n++
		}
	}
	return n
}
