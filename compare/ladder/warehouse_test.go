//go:build unix

package ladder

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"dot-for-dbt/internal/testing/postgres"
)

// A warehouse is an empty database with the schemas a and b.
type warehouse struct {
	adapter  string
	database string
	profiles string // the directory of the profile "test"
	venv     string
	env      []string
	// exec runs statements, each a string of its own.
	exec func(t *testing.T, statements ...string)
	// query returns the rows of a select of texts.
	query func(t *testing.T, sql string) [][]string
}

var pgServer = sync.OnceValues(func() (*postgres.Server, error) {
	bin := os.Getenv("DOT_TEST_PG_BIN")
	if bin == "" {
		var err error
		if bin, err = postgres.FindBin(os.Getenv("DOT_TEST_VENV")); err != nil {
			return nil, err
		}
	}
	return postgres.Start(context.Background(), bin)
})

func TestMain(m *testing.M) {
	code := m.Run()
	if os.Getenv("DOT_TEST_VENV") != "" {
		if server, err := pgServer(); err == nil {
			server.Stop()
		}
	}
	os.Exit(code)
}

// newWarehouse makes one for an adapter that the tests run.
func newWarehouse(t *testing.T, adapter string) warehouse {
	t.Helper()
	venv := os.Getenv("DOT_TEST_VENV")
	if venv == "" {
		t.Skip("DOT_TEST_VENV is not set: run make test")
	}
	w := warehouse{adapter: adapter, venv: venv, profiles: t.TempDir()}
	var output string
	switch adapter {
	case "duckdb":
		file := filepath.Join(t.TempDir(), "house.duckdb")
		w.database = "house"
		output = `{type: duckdb, schema: a, threads: 2, path: "` + file + `"}`
		w.exec = func(t *testing.T, statements ...string) {
			t.Helper()
			script := "import duckdb, sys\nc = duckdb.connect(sys.argv[1])\nfor s in sys.stdin.read().split('\\0'):\n    c.execute(s)\n"
			run(t, strings.NewReader(strings.Join(statements, "\x00")), nil, filepath.Join(venv, "bin", "python"), "-c", script, file)
		}
		w.query = func(t *testing.T, sql string) [][]string {
			t.Helper()
			script := "import duckdb, json, sys\nprint(json.dumps(duckdb.connect(sys.argv[1]).execute(sys.stdin.read()).fetchall()))\n"
			var rows [][]string
			if err := json.Unmarshal(run(t, strings.NewReader(sql), nil, filepath.Join(venv, "bin", "python"), "-c", script, file), &rows); err != nil {
				t.Fatal(err)
			}
			return rows
		}
	case "postgres":
		server, err := pgServer()
		if err != nil {
			t.Fatal(err)
		}
		db, err := server.CreateDatabase(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		w.database = db.Name
		w.env = []string{"TEST_PG_PASSWORD=" + db.Password}
		output = `{type: postgres, schema: a, threads: 2, port: 5432, host: "` + db.Host + `", user: "` + db.User + `", password: "{{ env_var('TEST_PG_PASSWORD') }}", dbname: "` + db.Name + `"}`
		w.exec = func(t *testing.T, statements ...string) {
			t.Helper()
			for _, s := range statements {
				if _, err := db.Query(t.Context(), s); err != nil {
					t.Fatalf("%v\n%s", err, shorten(s, 2000))
				}
			}
		}
		w.query = func(t *testing.T, sql string) [][]string {
			t.Helper()
			rows, err := db.Query(t.Context(), sql)
			if err != nil {
				t.Fatal(err)
			}
			return rows
		}
	}
	profile := "test:\n  target: dev\n  outputs:\n    dev: " + output + "\n"
	if err := os.WriteFile(filepath.Join(w.profiles, "profiles.yml"), []byte(profile), 0o600); err != nil {
		t.Fatal(err)
	}
	w.exec(t, "create schema a", "create schema b")
	return w
}

// relation names one as dbt's manifest would.
func (w warehouse) relation(schema, name string) Relation {
	quote := func(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }
	return Relation{Database: w.database, Schema: schema, Identifier: name, SQL: quote(w.database) + "." + quote(schema) + "." + quote(name)}
}

// compare runs dbt, a second time where pairs have to be tried alone, and returns
// the findings by ID.
func (w warehouse) compare(t *testing.T, pairs []Pair) map[string]Finding {
	t.Helper()
	job := Job{Adapter: w.adapter, Profile: "test", Database: w.database, Schema: "a", Threads: 2, Pairs: pairs}
	dir := t.TempDir()
	out := map[string]Finding{}
	for again := true; again; {
		if err := Write(dir, job); err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), filepath.Join(w.venv, "bin", "dbt"), arguments(dir, w.profiles, job)...)
		cmd.Env = append(os.Environ(), w.env...)
		said, runErr := cmd.CombinedOutput()
		findings, err := Read(dir, job)
		if err != nil {
			t.Fatalf("%v\n%v\n%s", err, runErr, said)
		}
		for _, f := range findings {
			out[f.ID] = f
		}
		job, again = Retry(job, findings)
	}
	return out
}

// run runs a program that has to succeed.
func run(t *testing.T, stdin *strings.Reader, env []string, argv ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdin = stdin
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v\n%s", argv[0], err, &stderr)
	}
	return stdout.Bytes()
}

// arguments are those of dbt for the run of a job's project.
func arguments(dir, profiles string, job Job) []string {
	words := []string{
		"run", "--project-dir", dir, "--target-path", filepath.Join(dir, "target"), "--log-path", filepath.Join(dir, "logs"),
		"--profiles-dir", profiles, "--profile", job.Profile,
	}
	for _, o := range Options(job) {
		words = append(words, o.Words()...)
	}
	return words
}
