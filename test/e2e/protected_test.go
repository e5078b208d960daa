//go:build unix

package e2e

import (
	"strings"
	"testing"
)

// TestProtected proves D.8: nothing writes into a protected environment's own schema unless a person says so,
// and hooks of isolated builds that name it are warned of.
func TestProtected(t *testing.T) {
	onOneAny(t, "postgres", func(t *testing.T, adapter string, dbt generation) {
		s := newProject(t, adapter, map[string]string{
			"dbt_project.yml":      tables,
			"dot_environments.yml": "environment:\n  dev: {}\n  prod: {dot: {protected: true}}\n",
			"models/a.sql":         "{{ config(post_hook=\"create table if not exists prod.copied as select * from {{ this }}\") }} select 1 as x\n",
		})
		s.use(dbt)
		s.ends(2, "this writes into schema prod of database ", "build", "prod")
		s.ends(2, "this writes into schema prod of database ", "build", "dev", "--", "--target", "prod")
		s.mustDot("build", "prod", "--yes")
		s.wantTables("prod", "a", "copied")
		const says = "hooks name schema prod of environment prod: they may write there"
		if out := s.mustDot("build", "dev@HEAD"); strings.Count(out.stderr, says) != 1 {
			t.Errorf("a hook that names it:\n%s", out.stderr)
		}
		if out := s.mustDot("build", "dev@HEAD", "--force"); strings.Contains(out.stderr, says) {
			t.Errorf("said again:\n%s", out.stderr)
		}
	})
}
