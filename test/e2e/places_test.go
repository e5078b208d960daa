//go:build unix

package e2e

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestSecretPlaces proves F.2: a database that a secret variable names is a place like any other,
// and its name is in no message and no record of dot's.
func TestSecretPlaces(t *testing.T) {
	onBothAny(t, "", func(t *testing.T, adapter string, dbt generation) {
		output := "{type: duckdb, path: \"{{ env_var('DBT_ENV_SECRET_DB') }}.duckdb\", schema: %, threads: 2}"
		if adapter == "postgres" {
			output = "{type: postgres, host: \"{{ env_var('SHOP_PG_HOST') }}\", port: 5432, user: \"{{ env_var('SHOP_PG_USER') }}\"," +
				" password: \"{{ env_var('SHOP_PG_PASSWORD') }}\", dbname: \"{{ env_var('DBT_ENV_SECRET_DB') }}\", schema: %, threads: 2}"
		}
		s := newProject(t, adapter, map[string]string{
			"dbt_project.yml": tables,
			"profiles.yml":    "shop:\n  target: dev\n  outputs:\n    dev: " + strings.Replace(output, "%", "\"{{ env_var('DBT_ENV_SECRET_DEV') }}\"", 1) + "\n    prod: " + strings.Replace(output, "%", "prod", 1) + "\n",
			"models/a.sql":    "select 1 as x\n",
			"models/b.sql":    "select x from {{ ref('a') }}\n",
		})
		s.use(dbt)
		s.setenv("DBT_ENV_SECRET_DEV=dev")
		in := map[string]warehouse{}
		for _, name := range []string{"canary_one", "canary_two"} {
			switch home := s.warehouse.(type) {
			case duckDB:
				in[name] = duckDB{path: filepath.Join(s.dir, name+".duckdb"), python: home.python}
			case postgresDB:
				home.admin(t, "create database "+name)
				other := *home.Database
				other.Name = name
				in[name] = postgresDB{Database: &other, profiles: home.profiles}
			}
		}
		use := func(name string) {
			s.warehouse = in[name]
			s.setenv("DBT_ENV_SECRET_DB=" + name)
		}
		quiet := func(args ...string) string {
			t.Helper()
			res := s.mustDot(args...)
			if strings.Contains(res.stderr+res.stdout, "canary") {
				t.Errorf("dot %s shows the name", strings.Join(args, " "))
			}
			return res.stderr + res.stdout
		}

		use("canary_one")
		quiet("build", "prod@HEAD")
		s.wantTable("prod@HEAD", "b", "1")
		if out := quiet("build", "prod@HEAD"); !strings.Contains(out, "up to date prod@") {
			t.Error("not up to date")
		}
		use("canary_two")
		if last := s.plan("build", "prod@HEAD").last(); last.Decision != "run" {
			t.Errorf("in the other database: %s (%s)", last.Decision, last.Reason)
		}
		s.ends(2, "was never built", "build", "dev@HEAD", "--defer", "prod@HEAD", "-s", "b")
		quiet("build", "prod@HEAD")
		s.wantTable("prod@HEAD", "b", "1")

		use("canary_one")
		s.write("models/b.sql", "select x + 1 as x from {{ ref('a') }}\n")
		s.commit("One more")
		quiet("build", "dev@HEAD", "--defer", "prod@HEAD~", "--modified")
		s.wantTables("dev@HEAD", "b")
		s.wantTable("dev@HEAD", "b", "2")
		if out := quiet("compare", "prod@HEAD~", "dev@HEAD", "--format", "json"); !strings.Contains(out, `"verdict": "differs"`) {
			t.Errorf("compared: %s", out)
		}
		quiet("explain", "build", "dev@HEAD", "--defer", "prod@HEAD~", "--modified")
		s.eachFile(".dot", func(name, text string) {
			if strings.Contains(text, "canary") && !isDBTs(name) && !strings.Contains(name, "/defer/") && !strings.Contains(name, "/changed/") {
				t.Errorf("%s has the name:\n%s", name, text)
			}
		})
	})
}
