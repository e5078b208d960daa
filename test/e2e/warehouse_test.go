//go:build unix

package e2e

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/csv"
	"fmt"
	"os/exec"
	"path/filepath"
	"testing"

	"dot-for-dbt/internal/testing/postgres"
)

// A warehouse is a database of a shop's own.
type warehouse interface {
	// env returns the variables ("KEY=value") with which dbt finds it.
	env() []string
	// query returns the rows of a select as text; NULL reads "NULL".
	query(ctx context.Context, sql string) ([][]string, error)
}

// newWarehouse makes an empty warehouse on the adapter "duckdb" or "postgres".
func newWarehouse(t *testing.T, adapter, project string) warehouse {
	t.Helper()
	switch adapter {
	case "duckdb":
		return duckDB{path: filepath.Join(project, "shop.duckdb"), python: filepath.Join(venv(t), "bin", "python")}
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

// postgresDB is reached with the profile in testdata/postgres, which has the
// outputs of the shop's own profile.
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

// duckDB is the file that the shop's own profile names.
type duckDB struct {
	path, python string
}

func (d duckDB) env() []string { return nil }

//go:embed testdata/duckdb_query.py
var duckDBQuery string

// query reads the file in a process of its own, since DuckDB lets nobody write
// as long as a reader has it open.
func (d duckDB) query(ctx context.Context, sql string) ([][]string, error) {
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, d.python, "-c", duckDBQuery, d.path, sql)
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
