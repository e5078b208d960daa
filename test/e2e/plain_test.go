//go:build unix

package e2e

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A.4, D.9: without a ref, dot runs dbt on the working tree with an environment's flags and vars,
// and does nothing else.
func TestPlainCalls(t *testing.T) {
	onOneAny(t, "duckdb", func(t *testing.T, adapter string, dbt generation) {
		s := newStall(t, adapter, map[string]string{
			"dot_environments.yml": "environment:\n  default: dev\n  dev: {vars: {most: 200}}\n  prod: {}\n",
		})
		s.use(dbt)
		head := s.head()
		s.write("models/cheap.sql", "select fruit, cents + 1 as cents from {{ ref('prices') }} where cents < {{ var('most') }}\n")
		if dbts := s.started(func() { s.mustDot("build") }); dbts != "build" {
			t.Errorf("a plain build started dbt %q", dbts)
		}
		s.wantSchemas("dev")
		want := [][]string{{"apple", "121"}, {"pear", "96"}}
		if diff := cmp.Diff(want, s.query("select fruit, cents from dev.cheap order by 1")); diff != "" {
			t.Errorf("the working tree's model with the environment's vars (-want +got):\n%s", diff)
		}
		// Nothing is skipped, and nothing is isolated.
		s.reason("on the working tree", "build")
		if _, err := os.Stat(filepath.Join(s.dir, ".dot", "build")); !os.IsNotExist(err) {
			t.Errorf("a plain build left a build in .dot (%v)", err)
		}

		// --defer works as for builds: nodes that are not selected come from the baseline.
		s.mustDot("build", "prod@"+head, "-s", "prices cheap")
		s.refused([]string{"run", "prod", "-s", "season", "--defer", "dev@" + head}, "", "was never built", "dot build dev@"+head)
		s.mustDot("run", "prod", "-s", "season", "--defer", "prod@"+head)
		if got := s.query("select fruits from prod.season"); got[0][0] != "1" {
			t.Errorf("prod.season counts %s fruits, want the 1 that prod@%s has", got[0][0], head)
		}
		s.wantSchemas("dev", "prod", "prod_"+head)
	})
}

// D.9: without a repository, a plain call works, and an isolated one is an error.
func TestWithoutRepository(t *testing.T) {
	t.Parallel()
	s := newStall(t, "duckdb", nil)
	if err := os.RemoveAll(filepath.Join(s.dir, ".git")); err != nil {
		t.Fatal(err)
	}
	s.mustDot("build", "dev", "-s", "prices")
	s.wantSchemas("dev")
	s.refused([]string{"build", "dev@HEAD"}, "", "not a git repository")
	s.refused([]string{"run", "--defer", "prod@main", "-s", "season"}, "", "not a git repository")
	if _, err := os.Stat(filepath.Join(s.dir, ".dot")); !os.IsNotExist(err) {
		t.Errorf("dot made its directory (%v)", err)
	}
}
