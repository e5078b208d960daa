//go:build unix

package e2e

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/csv"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"dot-for-dbt/internal/testing/postgres"
)

// A warehouse is the database of a shop.
type warehouse interface {
	// env returns the variables ("KEY=value") for connecting to it.
	env() []string
	// query returns the rows of a select as text; NULL reads "NULL".
	query(ctx context.Context, sql string) ([][]string, error)
	// save keeps its content, unless that is in the project's files, and returns a function that
	// restores it. Nobody may be connected.
	save(t *testing.T) (restore func())
	// close lets nobody in until the function it returns is called.
	close(t *testing.T) (open func())
}

// newWarehouse makes an empty warehouse on the adapter "duckdb" or "postgres".
func newWarehouse(t *testing.T, adapter, project string) warehouse {
	t.Helper()
	switch adapter {
	case "duckdb":
		dbt, err := quickDBT.DBT(venv(t))
		if err != nil {
			t.Fatal(err)
		}
		return duckDB{path: filepath.Join(project, "shop.duckdb"), python: filepath.Join(filepath.Dir(dbt), "python")}
	case "postgres":
		server, err := pgServer()
		if err != nil {
			t.Fatal(err)
		}
		db, err := server.CreateDatabase(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		profiles, err := filepath.Abs("testdata/postgres")
		if err != nil {
			t.Fatal(err)
		}
		return postgresDB{Database: db, profiles: profiles}
	default:
		t.Fatalf("no such adapter: %s", adapter)
		return nil
	}
}

// postgresDB has the profile in testdata/postgres, with the same outputs as the shop's own profile.
type postgresDB struct {
	*postgres.Database
	profiles string
}

func (p postgresDB) env() []string {
	return []string{
		"DBT_PROFILES_DIR=" + p.profiles,
		"SHOP_PG_HOST=" + p.Host,
		"SHOP_PG_USER=" + p.User,
		"SHOP_PG_PASSWORD=" + p.Password,
		"SHOP_PG_DATABASE=" + p.Name,
	}
}

func (p postgresDB) query(ctx context.Context, sql string) ([][]string, error) {
	return p.Query(ctx, sql)
}

func (p postgresDB) save(t *testing.T) func() {
	t.Helper()
	p.admin(t, fmt.Sprintf("create database %[1]s_saved template %[1]s", p.Name))
	return func() {
		t.Helper()
		p.admin(t, "drop database "+p.Name+" with (force)")
		p.admin(t, fmt.Sprintf("create database %[1]s template %[1]s_saved", p.Name))
	}
}

func (p postgresDB) close(t *testing.T) func() {
	t.Helper()
	p.admin(t, "alter database "+p.Name+" with allow_connections false")
	return func() {
		t.Helper()
		p.admin(t, "alter database "+p.Name+" with allow_connections true")
	}
}

// admin runs in another database what can't be done in this one.
func (p postgresDB) admin(t *testing.T, sql string) [][]string {
	t.Helper()
	other := *p.Database
	other.Name = "postgres"
	rows, err := other.Query(t.Context(), sql)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// duckDB is the file in the shop's own profile.
type duckDB struct {
	path, python string
}

func (d duckDB) env() []string { return nil }

// save does nothing: the file is one of the project's.
func (d duckDB) save(*testing.T) func() { return func() {} }

// close makes the file one that is no database. It stays the same file: dot knows a file that was
// put in its place.
func (d duckDB) close(t *testing.T) func() {
	t.Helper()
	content, err := os.ReadFile(d.path)
	if err != nil {
		t.Fatal(err)
	}
	put := func(data []byte) {
		t.Helper()
		if err := os.WriteFile(d.path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put([]byte("closed"))
	return func() { t.Helper(); put(content) }
}

//go:embed testdata/duckdb_query.py
var duckDBQuery string

// query reads the file in a separate process, since nobody can write to DuckDB while a reader has
// it open.
func (d duckDB) query(ctx context.Context, sql string) ([][]string, error) {
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, d.python, "-", d.path, sql)
	cmd.Stdin = strings.NewReader(duckDBQuery) // package imported knows programs that come so
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("query %s: %w\n%s", d.path, err, &stderr)
	}
	rows, err := csv.NewReader(&stdout).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("query %s: read the rows: %w", d.path, err)
	}
	return rows, nil
}

// Two clones build one commit in one schema: the second one says that it replaces what may be the first one's, before
// it does.
func TestSecondClone(t *testing.T) {
	onBothAny(t, "postgres", func(t *testing.T, adapter string, dbt generation) {
		s := newStall(t, adapter, nil)
		s.use(dbt)
		s.published()
		head := s.head()
		const said = "another clone may have built there, and this one replaces its relations\n"
		says := func(by *shop, want bool, args ...string) {
			t.Helper()
			res := by.mustDot(args...)
			if at := strings.Index(res.stderr, said); at >= 0 != want || at > strings.Index(res.stderr, "done dev@") {
				t.Errorf("dot %s: it warns at %d, want a warning before the build: %t\n%s", strings.Join(args, " "), at, want, res.stderr)
			}
		}
		says(s, false, "build", "dev@HEAD")
		says(s, false, "build", "dev@HEAD", "--force")
		other := s.fresh()
		other.use(dbt)
		says(other, true, "build", "dev@HEAD")
		says(other, false, "build", "dev@HEAD", "--force")
		for _, relation := range []string{"table %s.season", "view %s.cheap", "table %s.prices"} { // the mark stays
			other.execute("drop " + fmt.Sprintf(relation, "dev_"+head))
		}
		says(other, false, "build", "dev@HEAD", "--check-warehouse")
		says(other, false, "build", "prod@HEAD")
		says(other, false, "build", "dev@.")
		other.mustDot("drop", "dev@"+head, "--yes")
		says(other, false, "build", "dev@HEAD")
	})
}
