package workspace

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"dot-for-dbt/internal/durable"
)

// unsealed is a ledger as the version before wrote it.
const unsealed = `{
 "version": 1,
 "place": {"adapter": "duckdb", "host": "w.duckdb", "database": "w", "schema": "main_9b13827"},
 "runs": {
  "dev@9b13827": {"id": "r1", "build": "dev@9b13827", "command": "build", "time": "2026-11-22T12:01:00Z", "nodes": 2, "manifest": 7},
  "prod@9b13827": {"id": "r0", "build": "prod@9b13827", "command": "build", "time": "2026-11-22T12:00:00Z"}
 },
 "nodes": {
  "a": {"relation": "main.a", "run": "r1", "build": "dev@9b13827", "status": "written", "time": "2026-11-22T12:01:00Z"},
  "b": {
   "relation": "main.b", "run": "r1", "build": "dev@9b13827", "status": "unknown", "time": "2026-11-22T12:01:00Z",
   "before": {"relation": "main.b", "run": "r0", "build": "prod@9b13827", "status": "failed", "time": "2026-11-22T12:00:00Z"}
  }
 }
}
`

// put writes a file in place of the ledger.
func (t *ledgerTest) put(text string) {
	t.Helper()
	if err := durable.Write(t.w.ledgerFile(place), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// text is the ledger as it lies there.
func (t *ledgerTest) text() string {
	t.Helper()
	data, err := os.ReadFile(t.w.ledgerFile(place))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// A ledger of the version before is believed as it was then, and the next run
// writes it with a seal.
func TestUnsealedLedger(t *testing.T) {
	lt := newLedgerTest(t)
	lt.put(unsealed)
	lt.is("a:r1:written b:r1:unknown")
	if last := lt.ledger().LastRun(); last.ID != "r1" {
		t.Errorf("the last run is %+v", last)
	}
	lt.runs = 1
	run := lt.begin("ci@9b13827", "c")
	lt.end(run, "c", "", true)
	lt.is("a:r1:written b:r1:unknown c:r2:written")
	if last := lt.ledger().LastRun(); last.ID != "r2" {
		t.Errorf("the last run is %+v", last)
	}
	if data := lt.text(); !durable.Sealed([]byte(data)) {
		t.Errorf("written without a seal:\n%s", data)
	}
}

// A ledger that somebody has edited is not believed, whatever it says.
func TestEditedLedger(t *testing.T) {
	lt := newLedgerTest(t)
	lt.end(lt.begin("dev@9b13827", "a b"), "a", "b", true)
	sealed := lt.text()
	seal := sealed[strings.Index(sealed, ` "seal"`):strings.Index(sealed, ` "version"`)]
	for _, tt := range []struct{ name, ledger, from, to, want string }{
		{"a failure made a success", sealed, `"failed"`, `"written"`, "it was changed after it was written"},
		{"the order of runs", sealed, `"number": 1`, `"number": 9`, "it was changed after it was written"},
		{"its seal removed", sealed, seal, "", "it was changed after it was written"},
		{"called an old one", sealed, `"version": 2`, `"version": 1`, "it was changed after it was written"},
		{"an old one called a new one", unsealed, `"version": 1`, `"version": 2`, "it was changed after it was written"},
		{"an unknown status in an old one", unsealed, `"written"`, `"fine"`, `unknown status "fine" of a`},
		{"no status in an old one", unsealed, `"status": "written", `, "", `unknown status "" of a`},
		{"an unknown status before the run", unsealed, `"failed"`, `"fine"`, `unknown status "fine" of b`},
		{"a version to come", sealed, `"version": 2`, `"version": 3`, "ledger version 3, this dot reads 1 and 2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			edited := strings.Replace(tt.ledger, tt.from, tt.to, 1)
			if edited == tt.ledger {
				t.Fatalf("no %s in\n%s", tt.from, tt.ledger)
			}
			lt.put(edited)
			if l, err := lt.w.Ledger(place); err == nil || !strings.HasSuffix(err.Error(), tt.want) {
				t.Errorf("read %+v, %v; want the error %q", l, err, tt.want)
			}
			if got, want := flaws(t, lt.w), "ledger places/"+place.ID()+".json: "+tt.want; len(got) != 1 || got[0] != want {
				t.Errorf("the examination finds %q, want %q", got, want)
			}
		})
	}
}

// A status that dot doesn't know is not believed under a seal either.
func TestSealedLedgerWithAnUnknownStatus(t *testing.T) {
	lt := newLedgerTest(t)
	l := emptyLedger(place)
	l.Nodes["a"] = Entry{Run: "r1", Status: "fine"}
	if err := lt.w.saveLedger(l); err != nil {
		t.Fatal(err)
	}
	if l, err := lt.w.Ledger(place); err == nil || !strings.HasSuffix(err.Error(), `unknown status "fine" of a`) {
		t.Errorf("read %+v, %v", l, err)
	}
}

func TestLedgerFlippedAnywhere(t *testing.T) {
	lt := newLedgerTest(t)
	lt.end(lt.begin("dev@9b13827", "a b"), "a", "b", true)
	whole := []byte(lt.text())
	for i := range bytes.TrimSpace(whole) {
		for bit := range 8 {
			flipped := bytes.Clone(whole)
			flipped[i] ^= 1 << bit
			if l, err := parseLedger(flipped); err == nil {
				t.Errorf("read %+v from\n%s", l, flipped)
			}
		}
	}
}
