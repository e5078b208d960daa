//go:build linux

package e2e

import (
	"strings"
	"testing"
)

// F.2, D.4: since version 1.12, dbt loads a .env. The same values count for dbt in a host and as a
// process of its own, for the place of a build and for its key.
func TestDotEnv(t *testing.T) {
	slow(t)
	t.Parallel()
	s := newStall(t, "duckdb", map[string]string{
		"models/fruits.sql": "select '{{ env_var('FRUIT', 'none') }}' as fruit, '{{ target.schema }}' as schema_name\n",
		".gitignore":        ".env\n",
	})
	profile := s.read("profiles.yml")
	changed := strings.Replace(profile, "schema: dev", `schema: "{{ env_var('PLACE', 'dev') }}"`, 1)
	if changed == profile {
		t.Fatalf("the profile has no schema dev:\n%s", profile)
	}
	s.write("profiles.yml", changed)
	head := s.commit("A place")
	loads := !strings.HasPrefix(s.dbtVersion(), "1.11.")
	expect := func(schema, fruit string) {
		t.Helper()
		if !loads {
			schema, fruit = "dev", "none"
		}
		schema += "_" + head
		if got := s.dot("schema", "dev@HEAD").stdout; got != schema+"\n" {
			t.Errorf("dot schema prints %q, want %s", got, schema)
		}
		s.wantRows("select fruit, schema_name from "+schema+".fruits", fruit+" "+schema)
	}

	env := "PLACE=orchard\nexport FRUIT=\"${KIND:-red} apple\" # a fruit\n"
	s.write(".env", env)
	for _, hosted := range []bool{true, false} {
		res := s.mustDot("build", "dev@HEAD", "-v", "--force")
		if hosted {
			s.hosted(res)
		} else if !strings.Contains(res.stderr, "as a process of its own") {
			t.Error("dbt ran in a host")
		}
		expect("orchard", "red apple")
		s.unhosted()
	}
	s.setenv("DOT_DBT_HOST=")
	upToDate := func(want bool) {
		t.Helper()
		if up := strings.Contains(s.mustDot("build", "dev@HEAD").stderr, "up to date dev@"+head); up != want {
			t.Errorf("up to date: %t, want %t", up, want)
		}
	}
	upToDate(true)
	s.write(".env", "# the same\n"+env)
	upToDate(true)
	s.setenv("KIND=green") // dbt reads it through the .env
	upToDate(!loads)
	expect("orchard", "green apple")
	s.write(".env", strings.Replace(env, "apple", "pear", 1))
	upToDate(!loads)
	expect("orchard", "green pear")
}
