//go:build unix

package e2e

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// plainBuild builds an environment in its own schema with plain dbt, as production does, and returns
// dbt's target path.
func (s *shop) plainBuild(env string, args ...string) string {
	s.t.Helper()
	target := filepath.Join(filepath.Dir(s.dir), "left by "+env)
	args = append([]string{"build", "--target", env, "--target-path", target}, args...)
	if res := s.dbt(args...); res.code != 0 {
		s.t.Fatalf("dbt %s: exit code %d\n%s", strings.Join(args, " "), res.code, res.stdout)
	}
	return target
}

// E.2: production is built without dot, in its own schema. Its artifacts are a baseline: a build has only
// what it selects, and reads the rest there.
func TestElsewhere(t *testing.T) {
	onBothAny(t, "postgres", func(t *testing.T, adapter string, dbt generation) {
		s := newStall(t, adapter, map[string]string{
			"dot_environments.yml": "environment:\n  default: dev\n  dev: {}\n  prod: {dot: {baseline: '../left by prod'}}\n",
			"models/late.sql":      "select season from {{ ref('season') }}\n",
		})
		s.use(dbt)
		target := s.plainBuild("prod", "--vars", "{most: 1000}")
		left := tree(t, target)

		s.write("models/season.sql", "{{ config(materialized='table') }}\nselect 'new' as season, count(*) as fruits from {{ ref('cheap') }}\n")
		s.commit("Another season")
		build := []string{"build", "dev@HEAD", "--defer", "prod", "--modified"}
		if reason := s.plan(build...).step(t, "baseline prod").Reason; !strings.Contains(reason, "4 of 4 nodes ok") {
			t.Errorf("the baseline is taken over, since %s", reason)
		}
		s.mustDot(build...)
		// With production's vars, not with this build's: 2 fruits.
		s.wantRows("select season, fruits from dev_"+s.head()+".season", "new 2")
		s.wantTables("dev@HEAD", "late", "season")
		s.upToDate(build...)
		if res := s.mustDot("test", "dev@HEAD", "--defer", "prod"); strings.Contains(res.stderr, "warning") {
			t.Error("testing it warns")
		}
		if diff := cmp.Diff(left, tree(t, target)); diff != "" {
			t.Errorf("production's artifacts have changed (-before +after):\n%s", diff)
		}

		// Production runs again, with other data.
		s.git("switch", "--quiet", "--force", "--detach", "main~1") // dbt 2 writes into .gitignore
		s.plainBuild("prod", "--vars", "{most: 100}")
		s.git("switch", "--quiet", "--force", "main")
		s.reason("changed: baseline", build...)
		s.mustDot(build...)
		s.wantRows("select season, fruits from dev_"+s.head()+".season", "new 1")

		// What the change does to production's data.
		res := s.dot("compare", "prod", "dev@HEAD")
		if !regexp.MustCompile(`(?m)^season +differs `).MatchString(res.stdout) || !strings.Contains(res.stdout, "same relation on both sides: 2 relations") {
			t.Errorf("compared with production: exit code %d", res.code)
		}

		// The working tree's build reads it, too, and what dot drops isn't production's.
		prod := s.table("prod")
		s.mustDot("build", "dev", "--defer", "prod", "-s", "season")
		s.wantRows("select season, fruits from dev.season", "new 1")

		// And the working tree's own build is such a layer.
		s.mustDot("build", "dev")
		s.write("models/late.sql", "select 'late' as season from {{ ref('season') }}\n")
		s.commit("Late")
		s.mustDot("build", "dev@HEAD", "--defer", "dev", "-s", "late")
		s.wantTables("dev@HEAD", "late")
		res = s.dot("compare", "dev", "dev@HEAD")
		if !regexp.MustCompile(`(?m)^late +differs `).MatchString(res.stdout) || !strings.Contains(res.stdout, "same relation on both sides: ") {
			t.Errorf("compared with the working tree's build: exit code %d", res.code)
		}
		s.mustDot("drop", "dev@HEAD", "--yes")
		if diff := cmp.Diff(prod, s.table("prod")); diff != "" || len(prod) == 0 {
			t.Errorf("production (-before +after):\n%s", diff)
		}
	})
}
