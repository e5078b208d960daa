//go:build unix

package e2e

import (
	"regexp"
	"strings"
	"testing"
)

// TestSearchPath proves F.4: where the profile's or the server's search path leads to an
// environment's schema, SQL without a schema goes there, and dot says so before. A
// protected environment's is refused.
func TestSearchPath(t *testing.T) {
	onEach(t, "", func(t *testing.T, adapter string, dbt generation) {
		s := newProject(t, adapter, map[string]string{
			"dbt_project.yml": tables + "on-run-start: \"create table if not exists mine (n int)\"\n",
			"models/a.sql":    "select 1 as x\n",
		})
		s.use(dbt)
		const says = "SQL without a schema reads and writes schema prod of environment prod, and not the build's"
		s.mustDot("build", "prod")
		if out := s.mustDot("build", "dev@HEAD"); strings.Contains(out.stderr, says) {
			t.Errorf("with the usual search path:\n%s", out.stderr)
		}
		if adapter == "duckdb" {
			profiles := s.read("profiles.yml")
			s.write("profiles.yml", regexp.MustCompile(`(?m)^( +)threads:`).ReplaceAllString(profiles, "${1}settings: {search_path: prod}\n$0"))
			if s.read("profiles.yml") == profiles {
				t.Fatalf("no settings in\n%s", profiles)
			}
		} else {
			s.setenv("PGOPTIONS=-c search_path=prod")
		}
		out := s.mustDot("build", "dev@HEAD", "--force")
		if strings.Count(out.stderr, says) != 1 {
			t.Errorf("with another search path:\n%s", out.stderr)
		}
		if adapter != "duckdb" || dbt == 1 { // dbt 2.0.0-alpha.4 doesn't set DuckDB's search path
			s.wantRows("select count(*) from prod.mine", "0")
		}
		if out := s.mustDot("build", "dev@HEAD", "--force"); adapter == "postgres" && strings.Contains(out.stderr, says) {
			t.Errorf("said again:\n%s", out.stderr)
		}
		s.write("dot_environments.yml", "environment: {dev: {}, prod: {dot: {protected: true}}}\n")
		s.ends(2, "nothing was run, because that environment is protected", "build", "dev@HEAD", "--force")
	})
}
