package steps_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"dot-for-dbt/steps"
)

// newDotEnvBench returns a bench whose DuckDB file is what a variable says, with a version of dbt that
// may run in the worktree.
func newDotEnvBench(t *testing.T, version string) *bench {
	t.Helper()
	b := newBench(t)
	b.uninstall("dbt_core-1.11.16")
	b.install("dbt_core-" + version)
	b.write("../venv/bin/python", "")
	b.replace("profiles.yml", "dev: {type: duckdb, path: shop.duckdb", "dev: {type: duckdb, path: \"{{ env_var('SHOP_FILE', 'default.duckdb') }}\"")
	return b
}

// TestDotEnvPlace proves D.1, D.4: a build is where dbt writes, also if a .env says where.
func TestDotEnvPlace(t *testing.T) {
	for _, tt := range []struct {
		name, version string
		change        func(b *bench)
		want          string
	}{
		{"dbt 1.11 loads none", "1.11.16", func(b *bench) { b.write(".env", "SHOP_FILE=mine.duckdb\n") }, "default.duckdb"},
		{"dbt 1.12 loads one", "1.12.6", func(b *bench) { b.write(".env", "SHOP_FILE=\"mine.duckdb\" # a file\n") }, "mine.duckdb"},
		{"above the project", "1.12.6", func(b *bench) { b.write("../.env", "SHOP_FILE=mine.duckdb\n") }, "mine.duckdb"},
		{"of which dbt 2 knows nothing", "2.0.9", func(b *bench) { b.write("../.env", "SHOP_FILE=mine.duckdb\n") }, "default.duckdb"},
		{"switched off", "1.12.6", func(b *bench) {
			b.write(".env", "SHOP_FILE=mine.duckdb\n")
			b.setenv("PYTHON_DOTENV_DISABLED", "1")
		}, "default.duckdb"},
		{"the environment wins", "1.12.6", func(b *bench) {
			b.write(".env", "SHOP_FILE=mine.duckdb\n")
			b.setenv("SHOP_FILE", "own.duckdb")
		}, "own.duckdb"},
		{"made of what dot sets", "1.12.6", func(b *bench) { b.write(".env", "SHOP_FILE=${DOT_ENV}-${HUE:-grey}.duckdb\n") }, "dev-grey.duckdb"},
		{"the commit's own", "1.12.6", func(b *bench) {
			b.write(".env", "SHOP_FILE=commits.duckdb\n")
			b.commit("A .env")
			b.write(".env", "SHOP_FILE=mine.duckdb\n")
		}, "commits.duckdb"},
		{"a toolchain's dbt loads one", "1.11.16", func(b *bench) { b.pin("1.12.6") }, "mine.duckdb"},
		{"a toolchain's dbt loads none", "1.12.6", func(b *bench) { b.pin("1.9.10") }, "default.duckdb"},
		{"no longer in the commit", "1.12.6", func(b *bench) {
			b.write(".env", "SHOP_FILE=commits.duckdb\n")
			b.commit("A .env")
			b.git("rm", "-q", "--cached", ".env")
			b.git("commit", "-qm", "No .env")
		}, "commits.duckdb"}, // it is the user's now
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newDotEnvBench(t, tt.version)
			tt.change(b)
			if _, place := b.place("dev@HEAD"); filepath.Base(place.Database) != tt.want {
				t.Errorf("the build is in %s, want %s", place.Database, tt.want)
			}
		})
	}
}

// TestDotEnvProfile proves D.4: the user's .env may say where the profile is, a commit's may not.
func TestDotEnvProfile(t *testing.T) {
	b := newDotEnvBench(t, "1.12.6")
	b.write("elsewhere/profiles.yml", "shop: {target: dev, outputs: {dev: {type: duckdb, path: elsewhere.duckdb, schema: dev}}}\n")
	b.write(".env", "DBT_PROFILES_DIR=elsewhere\n")
	if _, place := b.place("dev@HEAD"); filepath.Base(place.Database) != "elsewhere.duckdb" {
		t.Errorf("with the user's .env, the build is in %s", place.Database)
	}
	b.commit("A .env")
	b.write(".env", "")
	if _, place := b.place("dev@HEAD"); filepath.Base(place.Database) != "default.duckdb" {
		t.Errorf("with a commit's .env, the build is in %s", place.Database)
	}
}

// pin gives the environment dev a toolchain with a version of dbt, and the user a .env.
func (b *bench) pin(version string) {
	b.t.Helper()
	b.world.Env = slices.DeleteFunc(b.world.Env, func(entry string) bool { return strings.HasPrefix(entry, "DOT_DBT=") })
	b.replace("dot_environments.yml", "{vars: {days: 30}}", "{vars: {days: 30}, dot: {toolchain: requirements.txt}}")
	b.write("requirements.txt", "dbt-core=="+version+"\ndbt-duckdb==1.11.1\n")
	b.commit("Pin dbt")
	b.write(".env", "SHOP_FILE=mine.duckdb\n")
}

// TestDotEnvPaths proves D.6: relative paths of the user's .env start at the user's project.
func TestDotEnvPaths(t *testing.T) {
	b := newDotEnvBench(t, "1.12.6")
	b.write(".env", "PGPASSFILE=keys/pgpass\n")
	calls := b.step().Action.(steps.RunsDBT).DBTCalls()
	if env, want := calls[len(calls)-1].Env, "PGPASSFILE="+b.path("keys/pgpass"); !slices.Contains(env, want) {
		t.Errorf("there is no %s in %q", want, env)
	}
	b.git("add", "-A")
	b.git("commit", "-qm", "A .env")
	calls = b.step().Action.(steps.RunsDBT).DBTCalls()
	for _, entry := range calls[len(calls)-1].Env {
		if strings.HasPrefix(entry, "PGPASSFILE=") {
			t.Errorf("the commit's .env is the commit's, but dbt gets %s", entry)
		}
	}
}

// TestDotEnvIsolation proves D.6: flags of dbt's in a commit's .env are overridden before the commit's
// worktree exists.
func TestDotEnvIsolation(t *testing.T) {
	b := newDotEnvBench(t, "1.12.6")
	b.write(".env", "DBT_DEFER=1\n")
	b.commit("A .env")
	b.write(".env", "")
	calls := b.step().Action.(steps.RunsDBT).DBTCalls()
	if line := calls[len(calls)-1].Argv; !slices.Contains(line, "--no-defer") {
		t.Errorf("DBT_DEFER is not overridden: %q", line)
	}
}
