//go:build unix

// Package database gives tests an empty database, and a dbt that connects to it. The database is a
// DuckDB file, or one of a PostgreSQL server that all tests of a package share. The package knows
// nothing of dot.
package database

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"dot-for-dbt/internal/testing/imported"
	"dot-for-dbt/internal/testing/postgres"
)

// A Database is empty, except for what every new database contains.
type Database struct {
	Adapter string // dbt's name for it
	Name    string
	// Profiles is the directory with the profile "test".
	Profiles string

	venv   string
	output map[string]any     // of the profile
	env    []string           // of dbt
	file   string             // DuckDB's
	server *postgres.Database // PostgreSQL's
}

// Servers returns the directories of PostgreSQL's programs to test with: the one that
// DOT_TEST_PG_BIN names, or all of the virtual environment, the newest first.
func Servers(t *testing.T) []string {
	t.Helper()
	venv(t)
	if bin := os.Getenv("DOT_TEST_PG_BIN"); bin != "" {
		return []string{bin}
	}
	found, err := postgres.FindBins(venv(t))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// venv returns the virtual environment with dbt. Without it the test is skipped.
func venv(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("DOT_TEST_VENV")
	if dir == "" {
		t.Skip("DOT_TEST_VENV is not set: run make test")
	}
	return dir
}

// started has the servers of the package's tests, by directory.
var started = struct {
	sync.Mutex
	servers map[string]*postgres.Server
}{servers: map[string]*postgres.Server{}}

// quickDBT is the dbt of the package's tests.
var quickDBT imported.Server

// server returns the shared server of a directory.
func server(bin string) (*postgres.Server, error) {
	started.Lock()
	defer started.Unlock()
	s, ok := started.servers[bin]
	if !ok {
		var err error
		if s, err = postgres.Start(context.Background(), bin); err != nil {
			return nil, err
		}
		started.servers[bin] = s
	}
	return s, nil
}

// Main runs a package's tests, then stops the shared servers.
func Main(m *testing.M) {
	code := m.Run()
	quickDBT.Stop()
	for _, s := range started.servers {
		s.Stop()
	}
	os.Exit(code)
}

// New makes a database for the adapter duckdb or postgres. The profile's schema is a, which does
// not exist.
func New(t *testing.T, adapter string) *Database {
	t.Helper()
	if adapter == "postgres" {
		return NewPostgres(t, Servers(t)[0])
	}
	d := &Database{Adapter: adapter, Profiles: t.TempDir(), venv: venv(t)}
	if adapter != "duckdb" {
		t.Fatalf("there is no database for the adapter %s", adapter)
	}
	d.Name, d.file = "house", filepath.Join(t.TempDir(), "house.duckdb")
	d.output = map[string]any{"type": "duckdb", "path": d.file}
	d.Exec(t)
	d.Configure(t, map[string]any{"schema": "a", "threads": 2})
	return d
}

// NewPostgres is New for one of [Servers].
func NewPostgres(t *testing.T, bin string) *Database {
	t.Helper()
	d := &Database{Adapter: "postgres", Profiles: t.TempDir(), venv: venv(t)}
	s, err := server(bin)
	if err != nil {
		t.Fatal(err)
	}
	if d.server, err = s.CreateDatabase(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.Name = d.server.Name
	d.env = []string{"TEST_PG_PASSWORD=" + d.server.Password}
	d.output = map[string]any{
		"type": "postgres", "host": d.server.Host, "port": 5432, "dbname": d.Name,
		"user": d.server.User, "password": "{{ env_var('TEST_PG_PASSWORD') }}",
	}
	d.Configure(t, map[string]any{"schema": "a", "threads": 2})
	return d
}

// Configure sets fields of the profile's output.
func (d *Database) Configure(t *testing.T, fields map[string]any) {
	t.Helper()
	maps.Copy(d.output, fields)
	profile := map[string]any{"target": "dev", "outputs": map[string]any{"dev": d.output}}
	text, err := json.Marshal(map[string]any{"test": profile}) // JSON is YAML
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(d.Profiles, "profiles.yml"), text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// Exec runs SQL statements, one for each string.
func (d *Database) Exec(t *testing.T, statements ...string) {
	t.Helper()
	if d.server == nil {
		d.python(t, "import duckdb, sys\nc = duckdb.connect(sys.argv[1])\nfor s in sys.stdin.read().split('\\0'):\n    c.execute(s)\n", strings.Join(statements, "\x00"))
		return
	}
	for _, s := range statements {
		if _, err := d.server.Query(t.Context(), s); err != nil {
			t.Fatalf("%v\n%.2000s", err, s)
		}
	}
}

// Query returns the rows of a select whose columns are text.
func (d *Database) Query(t *testing.T, sql string) [][]string {
	t.Helper()
	if d.server == nil {
		var rows [][]string
		if err := json.Unmarshal(d.python(t, "import duckdb, json, sys\nprint(json.dumps(duckdb.connect(sys.argv[1]).execute(sys.stdin.read()).fetchall()))\n", sql), &rows); err != nil {
			t.Fatal(err)
		}
		return rows
	}
	rows, err := d.server.Query(t.Context(), sql)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// python runs a script with the path of the DuckDB file as its argument.
func (d *Database) python(t *testing.T, script, stdin string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), filepath.Join(d.venv, "bin", "python"), "-c", script, d.file)
	cmd.Stdin = strings.NewReader(stdin)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("DuckDB: %v\n%s", err, &stderr)
	}
	return stdout.Bytes()
}

// RunDBT runs dbt run for the project in a directory, with additional options, and returns dbt's
// output.
func (d *Database) RunDBT(t *testing.T, dir string, options ...string) ([]byte, error) {
	t.Helper()
	words := append([]string{
		"run", "--project-dir", dir, "--target-path", filepath.Join(dir, "target"), "--log-path", filepath.Join(dir, "logs"),
		"--profiles-dir", d.Profiles, "--profile", "test",
	}, options...)
	dbt, err := quickDBT.DBT(d.venv)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), dbt, words...)
	cmd.Env = append(os.Environ(), d.env...)
	return cmd.CombinedOutput()
}
