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

// newWarehouse makes one for an adapter that the tests run.
func newWarehouse(t *testing.T, adapter string) warehouse {
	t.Helper()
	w := warehouse{database.New(t, adapter)}
	w.Exec(t, "create schema a", "create schema b")
	return w
}

// relation names one as dbt's manifest would.
func (w warehouse) relation(schema, name string) Relation {
	quote := func(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }
	return Relation{Database: w.Name, Schema: schema, Identifier: name, SQL: quote(w.Name) + "." + quote(schema) + "." + quote(name)}
}

// compare runs dbt, a second time where pairs have to be tried alone, and returns
// the findings by ID.
func (w warehouse) compare(t *testing.T, pairs []Pair) map[string]Finding {
	t.Helper()
	job := Job{Adapter: w.Adapter, Profile: "test", Database: w.Name, Schema: "a", Threads: 2, Pairs: pairs}
	dir := t.TempDir()
	out := map[string]Finding{}
	for again := true; again; {
		if err := Write(dir, job); err != nil {
			t.Fatal(err)
		}
		var words []string
		for _, o := range Options(job) {
			words = append(words, o.Words()...)
		}
		said, runErr := w.RunDBT(t, dir, words...)
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
