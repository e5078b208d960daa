package steps_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Everything that F.2 lists is in the key, with its own label. Secrets, and settings
// without an effect, are not.
func TestInputs(t *testing.T) {
	tests := []struct {
		name   string
		change func(b *bench)
		want   []string // the labels that differ
	}{
		{"nothing", func(*bench) {}, nil},

		{"another commit", func(b *bench) {
			b.write("models/more.sql", "select 1")
			b.git("add", "-A")
			b.git("commit", "-qm", "More")
		}, []string{"commit", "schema suffix"}},
		{"uncommitted changes", func(b *bench) { b.write("models/more.sql", "select 1") }, nil},
		{"another environment", func(b *bench) { b.specs("ci@HEAD") }, []string{"environment"}},
		{"another ref of the same commit", func(b *bench) { b.specs("@main") }, nil},

		{"a var's value", func(b *bench) { b.replace("dot_environments.yml", "days: 30", "days: 7") }, []string{"vars: days"}},
		{"a var's type", func(b *bench) { b.replace("dot_environments.yml", "days: 30", "days: '30'") }, []string{"vars: days"}},
		{"a var more", func(b *bench) { b.req.Args = []string{"--vars", "{more: 1}"} }, []string{"vars: more"}},
		{"a var less", func(b *bench) { b.replace("dot_environments.yml", "{vars: {days: 30}}", "{}") }, []string{"vars: days"}},
		{"the same var on the command line", func(b *bench) { b.req.Args = []string{"--vars", "days: 30"} }, nil},

		{"a flag of the environment", func(b *bench) {
			b.replace("dot_environments.yml", "{vars: {days: 30}}", "{vars: {days: 30}, full-refresh: true}")
		}, []string{"--full-refresh"}},
		{"a flag of the command line", func(b *bench) { b.req.Args = []string{"-f"} }, []string{"--full-refresh"}},
		{"a selection", func(b *bench) { b.req.Args = []string{"-s", "orders"} }, []string{"--select"}},
		{"an argument that dot doesn't know", func(b *bench) { b.req.Args = []string{"--wat", "x"} }, []string{"arguments"}},

		{"a field of the output", func(b *bench) { b.replace("profiles.yml", "threads: 4, password", "threads: 8, password") }, []string{"profile: threads"}},
		{"a field's type", func(b *bench) { b.replace("profiles.yml", "threads: 4, password", "threads: '4', password") }, []string{"profile: threads"}},
		{"another output's field", func(b *bench) { b.replace("profiles.yml", "schema: prod", "schema: live") }, nil},
		{"another output", func(b *bench) { b.req.Args = []string{"--target", "prod"} }, []string{
			"env_var REGION", "profile: schema", "profile: settings.region",
		}},
		{"a password", func(b *bench) { b.replace("profiles.yml", "hunter2", "hunter3") }, nil},
		{"a password from the environment", func(b *bench) { b.setenv("LOGIN", "s3cret") }, nil},
		{"a variable in the output", func(b *bench) { b.setenv("REGION", "us") }, []string{"env_var REGION"}},

		{"a variable in the project", func(b *bench) { b.setenv("COLOUR", "blue") }, []string{"env_var COLOUR"}},
		{"an empty variable", func(b *bench) { b.setenv("COLOUR", "") }, []string{"env_var COLOUR"}},
		{"a variable nobody reads", func(b *bench) { b.setenv("SHAPE", "round") }, nil},
		{"a secret variable", func(b *bench) { b.setenv("DBT_ENV_SECRET_SALT", "sea") }, nil},
		{"a variable that dbt leaves out of its state", func(b *bench) { b.setenv("DBT_ENV_CUSTOM_ENV_TEAM", "a") }, []string{"env_var DBT_ENV_CUSTOM_ENV_TEAM"}},
		{"a .env that dbt 1.11 doesn't load", func(b *bench) { b.write(".env", "COLOUR=blue\n") }, nil},
		{"a variable to be ignored", func(b *bench) {
			b.setenv("COLOUR", "blue")
			b.replace("dot_environments.yml", "{vars: {days: 30}}", "{vars: {days: 30}, dot: {ignore-env: [COLOUR]}}")
		}, []string{"env_var COLOUR"}}, // is there no more; its value makes no difference, see below
		{"a variable that is declared", func(b *bench) {
			b.replace("dot_environments.yml", "{vars: {days: 30}}", "{vars: {days: 30}, dot: {env: [SHAPE]}}")
		}, []string{"env_var SHAPE"}},
		{"a variable that is removed for dbt", func(b *bench) { b.setenv("DBT_FULL_REFRESH", "1") }, nil},

		{"dbt", func(b *bench) {
			b.uninstall("dbt_core-1.11.16")
			b.install("dbt_core-1.11.17")
		}, []string{"dbt"}},
		{"the adapter", func(b *bench) {
			b.uninstall("dbt_duckdb-1.11.1")
			b.install("dbt_duckdb-1.11.2")
		}, []string{"dbt-duckdb"}},
		{"another adapter", func(b *bench) { b.install("dbt_postgres-1.11.0") }, nil},

		{"schema-suffix", func(b *bench) {
			b.replace("dot_environments.yml", "{vars: {days: 30}}", "{vars: {days: 30}, dot: {schema-suffix: 'x{short}'}}")
		}, []string{"schema suffix"}},
		{"target-name", func(b *bench) {
			b.replace("dot_environments.yml", "{vars: {days: 30}}", "{vars: {days: 30}, dot: {target-name: x}}")
		}, []string{"target-name"}},
		{"what only dot reads", func(b *bench) {
			b.replace("dot_environments.yml", "{vars: {days: 30}}", "{vars: {days: 30}, dot: {max-age: 3h, shared-schemas: [x]}}")
		}, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			before := b.inputs()
			test.change(b)
			after := b.inputs()
			if diff := cmp.Diff(test.want, changed(before, after)); diff != "" {
				t.Errorf("the inputs that changed (-want +got):\n%s", diff)
			}
		})
	}
}

// TestDotEnvInputs proves F.2: dbt 1.12 loads a .env from its working directory or above it, dbt 2 only from there.
func TestDotEnvInputs(t *testing.T) {
	for _, version := range []string{"1.12.6", "2.0.1"} {
		t.Run(version, func(t *testing.T) {
			b := newBench(t)
			b.uninstall("dbt_core-1.11.16")
			b.install("dbt_core-" + version)
			before := b.inputs()
			expect := func(change string, want ...string) {
				t.Helper()
				now := b.inputs()
				if diff := cmp.Diff(want, changed(before, now)); diff != "" {
					t.Errorf("%s (-want +got):\n%s", change, diff)
				}
				before = now
			}
			b.write(".env", "export COLOUR='blue'\nSHAPE=round\nDBT_ENV_SECRET_SALT=sea\n")
			expect("a variable", "env_var COLOUR")
			b.write(".env", "export COLOUR='blue'\nSHAPE=square\nDBT_ENV_SECRET_SALT=rock\n")
			expect("a variable nobody reads, and a secret")
			b.write(".env", "SHAPE=square\nCOLOUR=${SHAPE}${HUE:-}\n")
			expect("a composed value", "env_var COLOUR")
			b.write(".env", "SHAPE=round\nCOLOUR=${SHAPE}${HUE:-}\n")
			expect("another part of it", "env_var COLOUR")
			b.setenv("HUE", "light")
			expect("a part from the environment", "env_var COLOUR")
			b.setenv("COLOUR", "red")
			expect("the environment's own", "env_var COLOUR")
			b.write(".env", "COLOUR=green\n")
			expect("what the environment's own overrides")
		})
	}
}

// TestStateInputs proves F.2.
func TestStateInputs(t *testing.T) {
	b := newBench(t)
	b.req.Args = []string{"-s", "state:modified", "--state", "../old"}
	b.write("../old/manifest.json", "{}")
	before := b.inputs()
	b.write("../old/manifest.json", `{"nodes": {}}`)
	b.write("../old/sources.json", "{}")
	b.write("../old/graph.gpickle", "")
	if diff := cmp.Diff([]string{"--state: manifest.json", "--state: sources.json"}, changed(before, b.inputs())); diff != "" {
		t.Errorf("on the command line (-want +got):\n%s", diff)
	}
	b.req.Args = []string{"-s", "state:modified"}
	b.replace("dot_environments.yml", "{vars: {days: 30}}", "{vars: {days: 30}, state: ../old}")
	before = b.inputs()
	b.write("../old/manifest.json", "{}")
	if diff := cmp.Diff([]string{"--state: manifest.json"}, changed(before, b.inputs())); diff != "" {
		t.Errorf("of the environment (-want +got):\n%s", diff)
	}
}

// changed returns the labels whose values differ, or that only one of the two has.
func changed(before, after map[string]string) []string {
	var out []string
	for label, value := range before {
		if now, ok := after[label]; !ok || now != value {
			out = append(out, label)
		}
	}
	for label := range after {
		if _, ok := before[label]; !ok {
			out = append(out, label)
		}
	}
	slices.Sort(out)
	return out
}

// TestIgnoredVariable proves C.9, F.2.
func TestIgnoredVariable(t *testing.T) {
	b := newBench(t)
	b.replace("dot_environments.yml", "{vars: {days: 30}}", "{vars: {days: 30}, dot: {ignore-env: [COLOUR]}}")
	before := b.inputs()
	b.setenv("COLOUR", "blue")
	if diff := cmp.Diff(before, b.inputs()); diff != "" {
		t.Errorf("the inputs changed (-before +after):\n%s", diff)
	}
}

// F.2: the inputs don't have even a digest of a secret.
func TestSecretsAreNoInputs(t *testing.T) {
	b := newBench(t)
	b.setenv("LOGIN", "s3cret")
	b.setenv("DBT_ENV_SECRET_SALT", "sea")
	for label := range b.inputs() {
		for _, secret := range []string{"profile: password", "profile: settings.token", "env_var LOGIN", "env_var DBT_ENV_SECRET_SALT"} {
			if label == secret {
				t.Errorf("%s is an input", label)
			}
		}
	}
}
