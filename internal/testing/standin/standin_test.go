package standin_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/flock"
	"github.com/google/go-cmp/cmp"

	"dot-for-dbt/internal/testing/standin"
)

// project makes a directory with a small project.
func project(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	all := map[string]string{
		"dbt_project.yml":  "name: shop\nprofile: shop\n",
		"profiles.yml":     "shop: {target: dev, outputs: {dev: {type: duckdb, path: w, schema: dev}, prod: {type: duckdb, path: w, schema: prod}}}\n",
		"seeds/raw.csv":    "id\n1\n",
		"models/clean.sql": "select * from {{ ref('raw') }}\n",
		"models/sum.sql":   "{{ config(schema='out') }}select * from {{ ref('clean') }} where {{ var('x', 1) }}\n",
	}
	for name, text := range files {
		all[name] = text
	}
	for name, text := range all {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// dbt runs a command line in dir and returns what it printed.
func dbt(t *testing.T, dir string, want int, commandLine string, env ...string) string {
	t.Helper()
	var out bytes.Buffer
	code := standin.Main(standin.Process{
		Args: strings.Fields(commandLine), Env: env, Dir: dir, Stdout: &out, Stderr: &out, Now: time.Now,
	})
	if code != want {
		t.Fatalf("dbt %s: exit code %d, want %d\n%s", commandLine, code, want, &out)
	}
	return out.String()
}

func read(t *testing.T, elem ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(elem...))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestVersionSaysWhatItIs(t *testing.T) {
	if out := dbt(t, t.TempDir(), 0, "--version"); !strings.Contains(out, "stand-in") {
		t.Errorf("no word of a stand-in in\n%s", out)
	}
}

func TestBuild(t *testing.T) {
	dir := project(t, nil)
	dbt(t, dir, 0, `build --vars {"x":2}`)
	want := "select * from \"w\".\"dev\".\"clean\" where 2\n"
	if got := read(t, dir, "w/dev_out/sum"); got != want {
		t.Errorf("sum is %q, want %q", got, want)
	}
	var results struct {
		Args    struct{ Which string }
		Results []struct {
			ID string `json:"unique_id"`
		}
	}
	if err := json.Unmarshal([]byte(read(t, dir, "target/run_results.json")), &results); err != nil {
		t.Fatal(err)
	}
	if len(results.Results) != 3 || results.Args.Which != "build" {
		t.Errorf("run results are %+v", results)
	}
}

func TestDefer(t *testing.T) {
	dir := project(t, nil)
	dbt(t, dir, 0, "build --target prod --target-path state")
	dbt(t, dir, 0, "run -s sum --defer --state state")
	if got, want := read(t, dir, "w/dev_out/sum"), `"w"."prod"."clean"`; !strings.Contains(got, want) {
		t.Errorf("sum reads from elsewhere than %s: %s", want, got)
	}
	dbt(t, dir, 0, "build -s raw clean")
	dbt(t, dir, 0, "run -s sum --defer --state state")
	if got, want := read(t, dir, "w/dev_out/sum"), `"w"."dev"."clean"`; !strings.Contains(got, want) {
		t.Errorf("sum reads from elsewhere than %s, which exists: %s", want, got)
	}
	dbt(t, dir, 0, "run -s sum --defer --favor-state --state state")
	if got, want := read(t, dir, "w/dev_out/sum"), `"w"."prod"."clean"`; !strings.Contains(got, want) {
		t.Errorf("sum reads from elsewhere than %s, which is favoured: %s", want, got)
	}
}

func TestModified(t *testing.T) {
	dir := project(t, nil)
	dbt(t, dir, 0, "parse --target-path state")
	if err := os.WriteFile(filepath.Join(dir, "models/clean.sql"), []byte("select 2 from {{ ref('raw') }}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	got := dbt(t, dir, 0, "list --quiet -s state:modified+ --state state")
	if diff := cmp.Diff("shop.clean\nshop.sum\n", got); diff != "" {
		t.Errorf("list (-want +got):\n%s", diff)
	}
}

func TestList(t *testing.T) {
	dir := project(t, map[string]string{"tests/some.sql": "{{ config(store_failures=true) }}select 1 from {{ ref('sum') }}"})
	line := "list --quiet -s sum --resource-types test --output json --output-keys schema"
	if diff := cmp.Diff(`{"schema":"dev_dbt_test__audit"}`+"\n", dbt(t, dir, 0, line)); diff != "" {
		t.Errorf("list (-want +got):\n%s", diff)
	}
}

func TestMisbehaviour(t *testing.T) {
	for _, test := range []struct {
		name, line, env string
		code            int
		says            string
	}{
		{"a node that fails", "build", "STANDIN_FAIL=clean", 1, "3 of 3 SKIPPED dev_out.sum"},
		{"an exit code", "list", "STANDIN_EXIT=list 3", 3, "STANDIN_EXIT"},
		{"the exit code of another command", "list", "STANDIN_EXIT=build 3", 0, "shop.sum"},
		{"a flag of another command", "deps --target-path x", "", 2, "No such option: --target-path"},
		{"an unknown flag", "build --wat", "", 2, "No such option: --wat"},
		{"an unknown selector", "build -s tag:x", "", 2, "tag:x"},
		{"no such target", "build --target qa", "", 2, "does not have a target named 'qa'"},
		{"an inherited target", "build", "DBT_TARGET=prod", 0, "prod.clean"},
		{"an inherited switch", "build", "DBT_DEFER=1", 2, "no state was given"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if out := dbt(t, project(t, nil), test.code, test.line, test.env); !strings.Contains(out, test.says) {
				t.Errorf("it does not say %q:\n%s", test.says, out)
			}
		})
	}
}

func TestWarehouseIsForOne(t *testing.T) {
	dir := project(t, nil)
	other := flock.New(filepath.Join(dir, "w.lock"))
	if _, err := other.TryLock(); err != nil {
		t.Fatal(err)
	}
	if out := dbt(t, dir, 2, "build"); !strings.Contains(out, "Could not set lock") {
		t.Errorf("it says %q", out)
	}
	if err := other.Unlock(); err != nil {
		t.Fatal(err)
	}
	dbt(t, dir, 0, "build")
}

func TestDeps(t *testing.T) {
	dir := project(t, map[string]string{
		"packages.yml":               "packages:\n  - local: money\n",
		"money/dbt_project.yml":      "name: money\n",
		"money/macros/cents.sql":     "{% macro cents() %}100{% endmacro %}",
		"models/cents.sql":           "select {{ cents() }}",
		"macros/schema.sql":          "{% macro generate_schema_name(custom_schema_name, node) %}{% if custom_schema_name is none %}{{ target.schema }}{% else %}{{ custom_schema_name }}{% endif %}{% endmacro %}",
		"snapshots/history.sql":      "{% snapshot past %}{{ config(target_schema='snaps') }}select 1{% endsnapshot %}",
		"models/somewhere/reads.sql": "select '{{ env_var('COLOUR') }}'",
	})
	if out := dbt(t, dir, 2, "build"); !strings.Contains(out, "Run \"dbt deps\"") {
		t.Errorf("without packages it says %q", out)
	}
	dbt(t, dir, 0, "deps")
	if out := dbt(t, dir, 2, "build"); !strings.Contains(out, "Env var required but not provided: 'COLOUR'") {
		t.Errorf("without the variable it says %q", out)
	}
	dbt(t, dir, 0, "build", "COLOUR=blue")
	for file, want := range map[string]string{
		"w/dev/cents": "select 100\n", "w/out/sum": "select * from \"w\".\"dev\".\"clean\" where 1\n",
		"w/snaps/past": "select 1\n", "w/dev/reads": "select 'blue'\n",
	} {
		if got := read(t, dir, file); got != want {
			t.Errorf("%s is %q, want %q", file, got, want)
		}
	}
}
