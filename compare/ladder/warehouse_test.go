//go:build unix

package ladder

import (
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
	w := warehouse{database.New(t, adapter)}
	w.Exec(t, "create schema a", "create schema b")
	return w
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
