//go:build unix

package e2e

import (
	"strings"
	"testing"
)

// TestCompareFailedTests: each report of a comparison names the candidate's failed tests, and says
// which of them failed in the baseline, too. --exit-code counts the new ones.
func TestCompareFailedTests(t *testing.T) {
	onOneAny(t, "postgres", func(t *testing.T, adapter string, dbt generation) {
		s := newProject(t, adapter, map[string]string{
			"dbt_project.yml":   tables,
			"models/a.sql":      "select 1 as x\n",
			"models/models.yml": "models: [{name: a, columns: [{name: x, data_tests: [not_null, unique]}]}]\n",
			"tests/always.sql":  "select * from {{ ref('a') }}\n",
		})
		s.use(dbt)
		s.git("switch", "--quiet", "--create", "branch")
		s.write("models/a.sql", "{# the same rows, and another text #} select 1 as x\n")
		s.commit("the same")
		s.git("switch", "--quiet", "--create", "worse")
		s.write("models/a.sql", "select cast(null as int) as x union all select null\n")
		s.commit("no values")
		s.ends(1, "", "build", "prod@main", "dev@branch", "dev@worse", "--keep-going")

		out := s.mustDot("compare", "prod@main", "dev@branch", "--exit-code")
		if !strings.Contains(out.stdout, "1 test failed, as in the baseline:") || !strings.Contains(out.stdout, "always  fail (1 row), failed in the baseline, too") {
			t.Errorf("the same failure:\n%s", out.stdout)
		}
		for _, format := range []string{"text", "markdown", "html", "json"} {
			out := s.dot("compare", "prod@main", "dev@worse", "--exit-code", "--format", format)
			for _, want := range []string{"not_null_a_x", "always"} {
				if out.code != 1 || !strings.Contains(out.stdout, want) {
					t.Errorf("--format %s: exit code %d, and no %s", format, out.code, want)
				}
			}
			if format != "json" && (!strings.Contains(out.stdout, "2 tests failed, 1 of them not in the baseline") || !strings.Contains(out.stdout, "fail (2 rows), in the baseline: pass")) {
				t.Errorf("--format %s:\n%.3000s", format, out.stdout)
			}
		}

		// A run without tests makes the results void.
		s.mustDot("run", "dev@worse", "--force")
		if out := s.mustDot("compare", "prod@main", "dev@worse"); strings.Contains(out.stdout, "failed") {
			t.Errorf("results of an earlier run:\n%s", out.stdout)
		}
		s.ends(1, "", "test", "dev@worse")
		if out := s.mustDot("compare", "prod@main", "dev@worse"); !strings.Contains(out.stdout, "2 tests failed") {
			t.Errorf("results of dbt test:\n%s", out.stdout)
		}
	})
}
