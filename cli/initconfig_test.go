package cli_test

import (
	"os"
	"strings"
	"testing"

	"dot-for-dbt/schemas"
)

// A new configuration has an environment for each output, and what was possible without it still is.
func TestInitConfig(t *testing.T) {
	s := newShop(t)
	s.remove("dot_environments.yml")
	s.write("profiles.yml", `shop:
  target: "{{ env_var('TARGET', 'dev') }}"
  outputs:
    dev: {type: duckdb, path: warehouse.duckdb, schema: dev, password: hunter2}
    prod: {type: duckdb, path: warehouse.duckdb, schema: prod, token: "{{ env_var('DBT_ENV_SECRET_TOKEN') }}"}
    default: {type: duckdb, path: warehouse.duckdb, schema: other}
`)
	before := digestTree(s.dir)
	dry := s.run("init-config --dry-run")
	if digestTree(s.dir) != before {
		t.Error("--dry-run writes")
	}
	s.show("init-config")
	if got := s.read("dot_environments.yml"); got != dry.stdout {
		t.Errorf("--dry-run printed something else than was written:\n%s", got)
	}
	for _, secret := range []string{"hunter2", "SECRET"} {
		if strings.Contains(dry.both+s.story.String(), secret) {
			t.Errorf("it shows %s", secret)
		}
	}
	for _, name := range []string{"dot_environments", "dot_vars"} {
		want, err := schemas.Read(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.read("dot_schemas/" + name + ".schema.json"); got != string(want) {
			t.Errorf("the schema %s isn't dot's", name)
		}
	}
	s.show("path prod@main --profiles")
	s.show("path default-1@main --profiles")
	s.tell("again: it is left as it is")
	s.write("dot_environments.yml", "# mine\n"+s.read("dot_environments.yml"))
	mine := s.read("dot_environments.yml")
	s.show("init-config")
	if got := s.read("dot_environments.yml"); got != mine {
		t.Error("it was overwritten")
	}
	golden(t, "init-config/twice", s.story.String()+"\n"+dry.stdout)
}

// Schemas are renewed, and other files of their names are left alone.
func TestInitConfigSchemas(t *testing.T) {
	s := newShop(t)
	const name = "dot_schemas/dot_vars.schema.json"
	if out := s.run("init-config --schemas"); strings.Count(out.stderr, "wrote ") != 2 {
		t.Errorf("the first time: %s", out.both)
	}
	own := s.read(name)
	if out := s.run("init-config --schemas"); strings.Contains(out.both, "wrote") {
		t.Errorf("the second time: %s", out.both)
	}
	s.write(name, strings.Replace(own, `"strict"`, `"exact"`, 1))
	s.run("init-config --schemas")
	if s.read(name) != own {
		t.Error("an older schema was not replaced")
	}
	s.write(name, `{"title": "mine"}`)
	if out := s.dot([]string{"init-config", "--schemas"}); out.code != 2 || !strings.Contains(out.stderr, "is no schema of dot's") || s.read(name) != `{"title": "mine"}` {
		t.Errorf("another file: exit code %d, %s", out.code, out.both)
	}
}

func TestJSONSchema(t *testing.T) {
	s := newShop(t)
	names := strings.Fields(s.run("json-schema").stdout)
	if len(names) != len(schemas.Names()) {
		t.Errorf("it lists %q", names)
	}
	for _, name := range names {
		want, err := schemas.Read(name)
		if got := s.dot([]string{"json-schema", name}).stdout; err != nil || got != string(want) {
			t.Errorf("%s: %v, %.100s", name, err, got)
		}
	}
	if out := s.dot([]string{"json-schema", "../go"}); out.code != 2 || !strings.Contains(out.stderr, "dot has no schema ../go") {
		t.Errorf("exit code %d, %s", out.code, out.both)
	}
}

func (s *shop) read(name string) string {
	s.t.Helper()
	text, err := os.ReadFile(s.file(name))
	if err != nil {
		s.t.Fatal(err)
	}
	return string(text)
}
