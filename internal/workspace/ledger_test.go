package workspace

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dot-for-dbt/internal/durable"
)

var place = Place{Adapter: "duckdb", Host: "w.duckdb", Database: "w", Schema: "main_9b13827"}

// ledgerTest is a workspace in which a run starts each minute.
type ledgerTest struct {
	*testing.T
	w    *Workspace
	runs int
}

func newLedgerTest(t *testing.T) *ledgerTest { return &ledgerTest{T: t, w: created(t)} }

// build returns the build of an environment.
func (t *ledgerTest) build(env string) Build {
	t.Helper()
	c, err := t.w.Finder().Commit(hash, hash[:7], false)
	if err != nil {
		t.Fatal(err)
	}
	name, text := c.File()
	if err := durable.Write(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return c.Build("", env)
}

// targets returns a relation for each node, with the node's name. "a@raw" is in
// the schema raw, others are in the test's place.
func targets(ids string) map[string]Target {
	set := map[string]Target{}
	for _, id := range strings.Fields(ids) {
		id, schema, elsewhere := strings.Cut(id, "@")
		t := Target{Relation: Relation{Place: place, Name: id}, Spelling: Spelling{Schema: place.Schema, Name: id, SQL: "main." + id}}
		if elsewhere {
			t.Place.Schema, t.Spelling.Schema = schema, schema
		}
		set[id] = t
	}
	return set
}

// A testRun is a run that has started.
type testRun struct {
	Run
	env string
	may map[string]Target
}

func (t *ledgerTest) begin(env, may string) testRun {
	t.Helper()
	return t.resume(env, may, "")
}

// resume begins a run that keeps some of the nodes.
func (t *ledgerTest) resume(env, may, kept string) testRun {
	t.Helper()
	set := targets(may)
	for _, id := range strings.Fields(kept) {
		target := set[id]
		target.Kept = true
		set[id] = target
	}
	t.runs++
	run := Run{
		ID: "r" + string(rune('0'+t.runs)), Command: "build",
		Time: time.Date(2026, 11, 23, 12, t.runs, 0, 0, time.UTC),
	}
	if err := t.w.Begin(t.build(env), place, run, set); err != nil {
		t.Fatal(err)
	}
	return testRun{run, env, set}
}

func (t *ledgerTest) settle(run testRun, end Ending) int {
	t.Helper()
	written, err := t.w.End(t.build(run.env), place, run.Run, run.may, end)
	if err != nil {
		t.Fatal(err)
	}
	return written
}

func (t *ledgerTest) end(run testRun, written, failed string, complete bool) {
	t.Helper()
	t.settle(run, Ending{Written: strings.Fields(written), Failed: strings.Fields(failed), Complete: complete, Succeeded: failed == "" && complete})
}

func (t *ledgerTest) ledger() *Ledger {
	t.Helper()
	l, err := t.w.Ledger(place)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func (t *ledgerTest) standing(env string) Standing {
	t.Helper()
	s, err := t.w.Standing(t.build(env), place)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// is fails unless the ledger has exactly these relations, each "id:run:status".
func (t *ledgerTest) is(want string) {
	t.Helper()
	got := map[string]bool{}
	for name, e := range t.ledger().Relations {
		got[name+":"+e.Run+":"+string(e.Status)] = true
	}
	fields := strings.Fields(want)
	for _, f := range fields {
		if !got[f] {
			t.Errorf("no %s in %v", f, got)
		}
	}
	if len(got) != len(fields) {
		t.Errorf("got %v, want %v", got, fields)
	}
}

// Two builds write the same relation in a shared schema. It belongs to the build
// that wrote last, or to none if that isn't known.
func TestSharedRelation(t *testing.T) {
	lt := newLedgerTest(t)
	lt.end(lt.begin("dev", "a s@raw"), "a s", "", true)
	lt.end(lt.begin("prod", "s@raw"), "s", "", true)
	if s := lt.standing("dev"); s.Lost["s"] != "was overwritten by prod@9b13827" || s.Nodes["a"].Status != Written {
		t.Errorf("dev has %v, and lost %v", s.Nodes, s.Lost)
	}
	if s := lt.standing("prod"); s.Problem("s") != "" || s.Nodes["s"].Status != Written {
		t.Errorf("prod has %v", s.Nodes)
	}

	first := lt.begin("dev", "s@raw")
	second := lt.begin("prod", "s@raw")
	lt.end(second, "s", "", true)
	lt.end(first, "s", "", true) // perhaps before, perhaps after
	if s := lt.standing("prod"); s.Problem("s") != "was interrupted in prod@9b13827" {
		t.Errorf("prod trusts a relation that two wrote at once: %v", s.Nodes)
	}
}

func TestDamagedLedgerIsSetAside(t *testing.T) {
	lt := newLedgerTest(t)
	lt.end(lt.begin("dev", "a b"), "a b", "", true)
	file := lt.w.ledgerFile(place)
	if err := os.Truncate(file, 20); err != nil {
		t.Fatal(err)
	}
	if _, err := lt.w.Standing(lt.build("dev"), place); err == nil {
		t.Error("a build stands on a ledger that was cut")
	}
	lt.end(lt.begin("dev", "a"), "a", "", true)
	lt.is("a:r2:written")
	if _, err := os.Stat(file + ".damaged"); err != nil {
		t.Errorf("the damaged ledger is gone: %v", err)
	}
}

// An edited ledger or layer is detected.
func TestEditedBooks(t *testing.T) {
	lt := newLedgerTest(t)
	lt.end(lt.begin("dev", "a b"), "a", "b", true)
	b := lt.build("dev")
	for file, edits := range map[string][2]string{
		lt.w.ledgerFile(place): {`"failed"`, `"written"`},
		b.layerFile(place):     {`"b": {`, `"c": {`},
	} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		edited := strings.Replace(string(text), edits[0], edits[1], 1)
		if edited == string(text) {
			t.Fatalf("no %s in %s", edits[0], text)
		}
		if err := os.WriteFile(file, []byte(edited), 0o600); err != nil {
			t.Fatal(err)
		}
		if s, err := lt.w.Standing(b, place); err == nil || errors.Is(err, fs.ErrNotExist) {
			t.Errorf("edited, it was trusted: %+v, %v", s, err)
		}
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	l := lt.ledger()
	l.Relations["a"] = Entry{Status: "fine"}
	if err := lt.w.saveLedger(l); err != nil {
		t.Fatal(err)
	}
	if _, err := lt.w.Ledger(place); err == nil {
		t.Error("an unknown status was trusted")
	}
}

func TestLedgerOfAnotherPlaceIsNotTrusted(t *testing.T) {
	lt := newLedgerTest(t)
	lt.begin("dev", "a")
	elsewhere := place
	elsewhere.Schema = "other"
	if err := durable.Copy(lt.w.ledgerFile(elsewhere), lt.w.ledgerFile(place)); err != nil {
		t.Fatal(err)
	}
	if _, err := lt.w.Ledger(elsewhere); err == nil {
		t.Error("the ledger of another place was trusted")
	}
}

// A layer keeps what it rests on until a run changes it.
// TestPhantoms: ids with hidden secrets, which earlier versions kept, are no nodes.
func TestPhantoms(t *testing.T) {
	l := newLedgerTest(t)
	run := l.begin("dev", "model.p.a model.p.b_*****")
	l.settle(run, Ending{Written: []string{"model.p.a"}, Skipped: map[string]string{"model.p.c_*****": "was skipped"}, Layer: &Footing{Changed: []string{"model.p.b_*****", "model.p.a"}}})
	s, err := l.w.Standing(l.build("dev"), place)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Nodes) != 1 || s.Nodes["model.p.a"].Status != Written || len(s.Lost)+len(s.Skipped) > 0 || len(s.Changed) != 1 {
		t.Errorf("it has %v, lost %v, skipped %v, changed %v", s.Nodes, s.Lost, s.Skipped, s.Changed)
	}
	if got := s.Overwritten(run.ID, 1); got != "" {
		t.Errorf("it is said to be overwritten: %s", got)
	}
	l.end(l.begin("dev", "model.p.a"), "model.p.a", "", true)
	for _, file := range []string{l.w.ledgerFile(place), l.build("dev").layerFile(place)} {
		if text, err := os.ReadFile(file); err != nil || strings.Contains(string(text), "*****") {
			t.Errorf("not healed: %s, %v", text, err)
		}
	}
}

// TestConceal: secrets can be parts of each other, of names, and of digests.
func TestConceal(t *testing.T) {
	w := created(t)
	w.Know("e", "Team")
	for _, text := range []string{`"e"."team_e9b13827"."tEam"`, `"secret"."TEAM_1"."employees"`, `nothing at all`} {
		concealed := w.Conceal("e", "Team", "")(text)
		if strings.Contains(strings.ToLower(hiddenName().ReplaceAllString(concealed, "")), "e") {
			t.Errorf("%s: %s shows a secret", text, concealed)
		}
		if got := w.Reveal(concealed); got != text {
			t.Errorf("%s: became %s, then %s", text, concealed, got)
		}
	}
}

// TestHiddenNames: a ledger of a place that secrets name doesn't have the secrets. Who knows them
// reads the names, and the identity of a DuckDB file.
func TestHiddenNames(t *testing.T) {
	l := newLedgerTest(t)
	file := filepath.Join(t.TempDir(), "canary.duckdb")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	at := Place{Adapter: "duckdb", Database: l.w.Hide(file), Schema: l.w.Hide("team") + "_9b13827"}
	name := Spelling{Database: "canary", Schema: "team_9b13827", Name: "a", SQL: `"canary"."team_9b13827"."a"`}
	may := map[string]Target{"a": {Relation: Relation{Place: at, Name: "a"}, Spelling: name}}
	for _, run := range []string{"r1", "r2"} { // the second keeps the entry before it
		if err := l.w.Begin(l.build("dev"), at, Run{ID: run}, may); err != nil {
			t.Fatal(err)
		}
		if run == "r2" {
			continue
		}
		if _, err := l.w.End(l.build("dev"), at, Run{ID: run}, may, Ending{Written: []string{"a"}, Complete: true, Succeeded: true}); err != nil {
			t.Fatal(err)
		}
	}
	for _, saved := range []string{l.w.ledgerFile(at), l.build("dev").layerFile(at)} {
		text, err := os.ReadFile(saved)
		if err != nil || strings.Contains(string(text), "canary") || strings.Contains(string(text), "team") {
			t.Errorf("saved: %s, %v", text, err)
		}
	}
	again, err := Open(filepath.Dir(l.w.Path()))
	if err != nil {
		t.Fatal(err)
	}
	read := func() Entry {
		t.Helper()
		ledger, err := again.Ledger(at)
		if err != nil {
			t.Fatal(err)
		}
		return ledger.Relations["a"]
	}
	if e := read(); !IsHidden(e.Name.SQL) || !IsHidden(e.Before.Name.Database) {
		t.Errorf("without the secrets: %+v", e)
	}
	again.Know("canary", "team")
	if again.Hide(file) != at.Database || again.Hide("team")+"_9b13827" != at.Schema {
		t.Error("one secret has two names")
	}
	if e := read(); e.Name != name || e.Before.Name != name || e.Before.File != again.fileOf(at) || e.Before.File == "" {
		t.Errorf("with the secrets: %+v", e)
	}
}

func FuzzLedger(f *testing.F) {
	f.Add([]byte(`{"version": 1, "place": {}, "runs": {}, "nodes": {"a": {"relation": "\"", "status": "written"}}}`))
	f.Add([]byte(`{"version": 2}`))
	l := emptyLedger(place)
	l.Relations["a"] = Entry{Status: Written}
	sealed, err := durable.Marshal(l)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sealed)
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := parseLedger(data)
		if err != nil {
			return
		}
		if !json.Valid(data) || l.Relations == nil {
			t.Errorf("trusted: %s", data)
		}
	})
}
