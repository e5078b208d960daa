//go:build unix

package ladder

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"dot-for-dbt/internal/testing/database"
)

func TestMain(m *testing.M) { database.Main(m) }

// A warehouse is a database with the empty schemas a and b.
type warehouse struct{ *database.Database }

// newWarehouse returns a warehouse for an adapter that the tests run.
func newWarehouse(t *testing.T, adapter string) warehouse {
	t.Helper()
	return withSchemas(t, database.New(t, adapter))
}

func withSchemas(t *testing.T, d *database.Database) warehouse {
	t.Helper()
	d.Exec(t, "create schema a", "create schema b")
	return warehouse{d}
}

// eachPostgres runs a test on each PostgreSQL server.
func eachPostgres(t *testing.T, test func(t *testing.T, w warehouse)) {
	for _, bin := range database.Servers(t) {
		w := withSchemas(t, database.NewPostgres(t, bin))
		t.Run(fmt.Sprintf("PostgreSQL %d", w.release(t)), func(t *testing.T) { test(t, w) })
	}
}

// release is the first part of a PostgreSQL server's version.
func (w warehouse) release(t *testing.T) int {
	t.Helper()
	n, err := strconv.Atoi(w.Query(t, "select current_setting('server_version_num')")[0][0])
	if err != nil {
		t.Fatal(err)
	}
	return n / 10000
}

// relation names a relation as dbt's manifest would.
func (w warehouse) relation(schema, name string) Relation {
	quote := func(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }
	return Relation{Database: w.Name, Schema: schema, Identifier: name, SQL: quote(w.Name) + "." + quote(schema) + "." + quote(name)}
}

// compare runs dbt, twice if pairs have to be tried alone, and returns the answers by
// ID.
func (w warehouse) compare(t *testing.T, pairs []Pair) map[string]Answer {
	t.Helper()
	batch := Batch{Adapter: w.Adapter, Profile: "test", Database: w.Name, Schema: "a", Threads: 2, Pairs: pairs}
	dir := t.TempDir()
	out := map[string]Answer{}
	for again := true; again; {
		if err := Write(dir, batch); err != nil {
			t.Fatal(err)
		}
		var words []string
		for _, o := range Options(batch) {
			words = append(words, o.Words()...)
		}
		said, runErr := w.RunDBT(t, dir, words...)
		answers, err := Read(dir, batch)
		if err != nil {
			t.Fatalf("%v\n%v\n%s", err, runErr, said)
		}
		for _, f := range answers {
			out[f.ID] = f
		}
		batch, again = Retry(batch, answers)
	}
	return out
}
