//go:build unix

package e2e

import (
	"strings"
	"testing"
)

// TestCompareColumns compares models whose columns all have other names, arrays of
// numbers that are equal though they are written otherwise, and a versioned model by a
// key.
func TestCompareColumns(t *testing.T) {
	onOneAny(t, "postgres", func(t *testing.T, adapter string, dbt generation) {
		embedding := func(sign string) string {
			if adapter == "duckdb" {
				return "select 1 as id, [" + sign + "0.0::double, 1] as v\n"
			}
			return "select 1 as id, array[cast('" + sign + "0.0' as double precision), 1] as v\n"
		}
		s := newProject(t, adapter, map[string]string{
			"dbt_project.yml":       tables,
			"models/counted.sql":    "select 3 as n\n",
			"models/embedded.sql":   embedding(""),
			"models/unbranched.sql": "select 1 as loaded\n",
			"models/dim_v1.sql":     "select 1 as id, 'a' as name union all select 2, 'b'\n",
			"models/models.yml":     "models: [{name: dim, latest_version: 1, versions: [{v: 1}]}]\n",
		})
		s.use(dbt)
		s.git("switch", "--quiet", "--create", "branch")
		s.write("models/counted.sql", "select 3 as orders\n")
		s.write("models/embedded.sql", embedding("-"))
		s.write("models/dim_v1.sql", "select 1 as id, 'a' as name union all select 2, 'c'\n")
		s.commit("other columns")
		s.mustDot("build", "prod@main", "dev@branch")

		found := s.compare(1, "prod@main", "dev@branch", "--key", "dim=id", "--exit-code")
		s.wantVerdicts(found, 0, "counted: columns differ orders added n removed", "dim.v1: differs +0 -0 ~1 name:1", "embedded: same", "unbranched: same code")
		for _, args := range [][]string{{}, {"--key", "dim.v1=id"}, {"--format", "markdown"}, {"--format", "html"}} {
			out := s.mustDot(append([]string{"compare", "prod@main", "dev@branch"}, args...)...).stdout
			if !strings.Contains(out, "columns differ") {
				t.Errorf("%v: columns differ is not in the report", args)
			}
		}

		// Columns that nobody has are said, with those that there are.
		out := s.dot("compare", "prod@main", "dev@branch", "--key", "dim.v1=nope")
		if out.code != 2 || !strings.Contains(out.stdout, "--key: both sides have no column nope, but id, name") {
			t.Errorf("a key that is no column: code %d\n%s", out.code, out.stdout)
		}
		s.ends(2, "no compared relation has that column", "compare", "prod@main", "dev@branch", "--ignore-columns", "nope")
		s.ends(2, "they have id, loaded, n, name, orders, v", "compare", "prod@main", "dev@branch", "--tolerance", "nope=1")
		s.mustDot("compare", "prod@main", "dev@branch", "--ignore-columns", "NAME")
		s.mustDot("compare", "prod@main", "dev@branch", "-s", "dim unbranched", "--ignore-columns", "loaded")
		out = s.dot("compare", "prod@main", "dev@branch", "--where", "nope = 1")
		if out.code != 2 || !strings.Contains(out.stdout, "nope") || !strings.Contains(out.stdout, "; columns: id, name\n") {
			t.Errorf("a condition on no column: code %d\n%s", out.code, out.stdout)
		}
	})
}
