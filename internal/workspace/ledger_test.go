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

	"github.com/google/go-cmp/cmp"

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

func TestLedgerOfARun(t *testing.T) {
	lt := newLedgerTest(t)
	r1 := lt.begin("dev", "a b c")
	lt.is("a:r1:unknown b:r1:unknown c:r1:unknown")
	lt.end(r1, "a", "b", true) // dbt skipped c, and there was none before
	lt.is("a:r1:written b:r1:failed")

	r2 := lt.begin("dev", "a b")
	lt.end(r2, "b", "", true) // dbt skipped a: what stands is r1's
	lt.is("a:r1:written b:r2:written")

	lt.begin("dev", "a") // killed
	lt.is("a:r3:unknown b:r2:written")

	r4 := lt.begin("dev", "a b")
	lt.end(r4, "b", "", false) // interrupted
	lt.is("a:r4:unknown b:r4:written")

	r5 := lt.begin("dev", "a b") // interrupted, and known where
	lt.settle(r5, Ending{Begun: []string{"a"}, Complete: true})
	lt.is("a:r5:unknown b:r4:written")
}

// A run that reached no node leaves ledger and layer unchanged: F.2.
func TestRunThatTouchedNothing(t *testing.T) {
	lt := newLedgerTest(t)
	lt.end(lt.begin("dev", "a b"), "a b", "", true)
	before := lt.standing("dev")
	lt.settle(lt.begin("dev", "a b c"), Ending{Complete: true})
	after := lt.standing("dev")
	if diff := cmp.Diff(before.Nodes, after.Nodes); diff != "" {
		t.Errorf("(-before +after)\n%s", diff)
	}
}

// TestOverwritten proves F.2, F.4.
func TestOverwritten(t *testing.T) {
	const mine, other = "dev", "prod"
	tests := []struct {
		name string
		then func(*ledgerTest)
		want string
	}{
		{"nobody", func(*ledgerTest) {}, ""},
		{"the same build, another node", func(t *ledgerTest) { t.end(t.begin(mine, "z"), "z", "", true) }, ""},
		{"the same build, one of the nodes", func(t *ledgerTest) { t.end(t.begin(mine, "a"), "a", "", true) }, "1 of its 2 relations were changed by a later dot build"},
		{"the same build, failed", func(t *ledgerTest) { t.end(t.begin(mine, "a"), "", "a", true) }, "1 of its 2 relations were changed by a later dot build"},
		{"the same build, did not come to it", func(t *ledgerTest) { t.end(t.begin(mine, "a"), "", "", true) }, ""},
		{"another build, another relation", func(t *ledgerTest) { t.end(t.begin(other, "z"), "z", "", true) }, ""},
		{"another build, one of its relations", func(t *ledgerTest) { t.end(t.begin(other, "a"), "a", "", true) }, "1 of its 2 relations changed: a was overwritten by prod@9b13827"},
		{"another build, killed", func(t *ledgerTest) { t.begin(other, "a") }, "1 of its 2 relations changed: a was overwritten by prod@9b13827"},
		{"another build that touched nothing", func(t *ledgerTest) { t.end(t.begin(other, "a"), "", "", true) }, ""},
		{"dropped", func(t *ledgerTest) {
			if err := t.w.Strike([]Relation{{place, "b"}}, "was dropped with prod.x"); err != nil {
				t.Fatal(err)
			}
		}, "1 of its 2 relations changed: b was dropped with prod.x"},
		{"ledger lost", func(t *ledgerTest) {
			if err := os.Remove(t.w.ledgerFile(place)); err != nil {
				t.Fatal(err)
			}
		}, "2 of its 2 relations changed: a has no ledger entry any more"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			lt := newLedgerTest(t)
			run := lt.begin(mine, "a b")
			lt.end(run, "a b", "", true)
			tt.then(lt)
			if got := lt.standing(mine).Overwritten(run.ID, 2); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
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

// TestStandingAndIdentity proves E.2.
func TestStandingAndIdentity(t *testing.T) {
	lt := newLedgerTest(t)
	if _, err := lt.w.Standing(lt.build("prod"), place); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a build that was never run stands: %v", err)
	}
	lt.end(lt.begin("prod", "a b"), "a b", "", true)
	first := lt.standing("prod")
	if len(first.Nodes) != 2 || first.Run.ID != "r1" {
		t.Fatalf("%+v", first)
	}
	if first.Identity() != lt.standing("prod").Identity() {
		t.Error("identity of the same standing differs")
	}
	lt.end(lt.begin("dev", "a"), "a", "", true)
	if after := lt.standing("prod"); after.Identity() == first.Identity() || after.Lost["a"] == "" {
		t.Errorf("a relation written by another build went unnoticed: %+v", after)
	}
}

// A relation that has only some of its rows, or is gone, can't be read.
func TestProblems(t *testing.T) {
	lt := newLedgerTest(t)
	run := lt.begin("dev", "a b c")
	lt.end(run, "a", "b", false)
	empty := targets("d")
	d := empty["d"]
	d.Partial = "--empty"
	empty["d"] = d
	if err := lt.w.Begin(lt.build("dev"), place, run.Run, empty); err != nil {
		t.Fatal(err)
	}
	if _, err := lt.w.End(lt.build("dev"), place, run.Run, empty, Ending{Written: []string{"d"}}); err != nil {
		t.Fatal(err)
	}
	s := lt.standing("dev")
	for id, want := range map[string]string{
		"a": "", "b": "failed in dev@9b13827", "c": "was interrupted in dev@9b13827", "d": "was built with --empty", "z": "",
	} {
		if got := s.Problem(id); got != want {
			t.Errorf("%s: %q, want %q", id, got, want)
		}
	}
}

// TestDatabaseFile proves that a relation is lost with its database file.
func TestDatabaseFile(t *testing.T) {
	lt := newLedgerTest(t)
	file := filepath.Join(t.TempDir(), "x.duckdb")
	p := Place{Adapter: "duckdb", Database: file, Schema: "main"}
	makeFile := func() {
		if err := os.WriteFile(file, []byte("db"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	may := map[string]Target{"a": {Relation: Relation{Place: p, Name: "a"}}}
	b, run := lt.build("dev"), Run{ID: "r"}
	if err := lt.w.Begin(b, p, run, may); err != nil {
		t.Fatal(err)
	}
	makeFile()
	if _, err := lt.w.End(b, p, run, may, Ending{Written: []string{"a"}, Complete: true, Succeeded: true}); err != nil {
		t.Fatal(err)
	}
	lost := func() string {
		t.Helper()
		s, err := lt.w.Standing(b, p)
		if err != nil {
			t.Fatal(err)
		}
		return s.Lost["a"]
	}
	if why := lost(); why != "" {
		t.Errorf("just written, it %s", why)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if why := lost(); why != "is gone with its database file "+file {
		t.Errorf("without the file: %q", why)
	}
	makeFile()
	if fileIdentity(file) == "" {
		t.Skip("this file system keeps no time of birth")
	}
	if why := lost(); why != "was lost when its database file "+file+" was replaced" {
		t.Errorf("with another file: %q", why)
	}
	if err := lt.w.Begin(b, p, Run{ID: "s"}, may); err != nil {
		t.Fatal(err)
	}
	if l, err := lt.w.Ledger(p); err != nil || !l.Relations["a"].Unfinished {
		t.Errorf("the run goes on with the history that was lost with the file: %+v, %v", l, err)
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

// A run that continues a failed run takes over the nodes that it keeps of it. Nodes that
// it has to write again, and does not come to, stay as they were.
func TestResumedRun(t *testing.T) {
	lt := newLedgerTest(t)
	other := lt.begin("dev", "x")
	lt.end(other, "x", "", true)
	failed := lt.begin("dev", "a b c d")
	lt.end(failed, "a b", "c", true)
	lt.is("a:r2:written b:r2:written c:r2:failed x:r1:written")

	run := lt.resume("dev", "a b c d x", "a b")
	if written := lt.settle(run, Ending{Written: []string{"c", "d"}, Complete: true}); written != 4 {
		t.Errorf("wrote %d; want 4: two of its own, two taken over", written)
	}
	lt.is("a:r3:written b:r3:written c:r3:written d:r3:written x:r1:written")

	again := lt.resume("dev", "a b c", "b")
	lt.settle(again, Ending{Begun: []string{"a"}, Complete: true})
	lt.is("a:r4:unknown b:r4:written c:r3:written d:r3:written x:r1:written")

	early := lt.resume("dev", "b", "b")
	lt.settle(early, Ending{Complete: true})
	lt.is("a:r4:unknown b:r5:written c:r3:written d:r3:written x:r1:written")
	if s := lt.standing("dev"); s.Run.ID != early.ID {
		t.Errorf("the last run is %s, want %s, which has kept b", s.Run.ID, early.ID)
	}
}

// TestHistory proves when a relation's history starts: a run on top of the
// existing relation keeps its start, and a rebuild starts a new one.
func TestHistory(t *testing.T) {
	lt := newLedgerTest(t)
	anew := func(want bool, when string) {
		t.Helper()
		if e := lt.ledger().Relations["a"]; e.Since.Equal(e.Time) != want {
			t.Errorf("%s: written %s, since %s", when, e.Time, e.Since)
		}
	}
	lt.end(lt.begin("dev", "a b"), "a", "b", true)
	anew(true, "the first time")
	if e := lt.ledger().Relations["a"]; !e.Unfinished {
		t.Error("the run failed, and its relation counts as finished")
	}
	first := lt.ledger().Relations["a"].Since
	lt.end(lt.begin("dev", "a"), "", "a", true)
	lt.end(lt.begin("dev", "a"), "a", "", true)
	anew(false, "on top of itself, over a failure")
	if e := lt.ledger().Relations["a"]; !e.Since.Equal(first) || e.Unfinished {
		t.Errorf("since %s, and it began at %s; unfinished: %t", e.Since, first, e.Unfinished)
	}
	lt.settle(lt.begin("dev", "a"), Ending{Written: []string{"a"}, Complete: true, Anew: true})
	anew(true, "made anew")
}

// TestUnfinished proves which relations hold only rows of runs that did not succeed,
// however many of them there were.
func TestUnfinished(t *testing.T) {
	killed := Ending{Begun: []string{"a"}, Complete: true}
	stopped := Ending{Complete: true} // before it reached the node
	failed := Ending{Written: []string{"a"}, Complete: true}
	anew := Ending{Written: []string{"a"}, Complete: true, Anew: true}
	done := Ending{Written: []string{"a"}, Complete: true, Succeeded: true}
	for _, test := range []struct {
		name string
		runs []Ending
		want bool
	}{
		{"killed", []Ending{killed}, true},
		{"killed twice", []Ending{killed, killed}, true},
		{"failed, then killed", []Ending{failed, killed}, true},
		{"killed, then stopped before it", []Ending{killed, stopped}, true},
		{"failed twice", []Ending{failed, failed}, true},
		{"done at last", []Ending{failed, killed, done}, false},
		{"killed on top of what was done", []Ending{done, killed}, false},
		{"killed twice on top of it", []Ending{done, killed, killed}, false},
		{"killed on top of it, then stopped before it", []Ending{done, killed, stopped}, false},
		{"failed on top of it", []Ending{done, failed}, false},
		{"rebuilt from scratch by a run that failed", []Ending{done, anew}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			lt := newLedgerTest(t)
			for _, end := range test.runs {
				lt.settle(lt.begin("dev", "a"), end)
			}
			if e := lt.ledger().Relations["a"]; e.Unfinished != test.want {
				t.Errorf("unfinished: %t; the entry is %+v", e.Unfinished, e)
			}
		})
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

func TestFooting(t *testing.T) {
	lt := newLedgerTest(t)
	below := lt.build("prod").Ref(place)
	lt.settle(lt.begin("dev", "a"), Ending{Written: []string{"a"}, Complete: true, Layer: &Footing{Below: &below, Changed: []string{"a"}}})
	lt.end(lt.begin("dev", "b"), "b", "", true)
	s := lt.standing("dev")
	if s.Below == nil || *s.Below != below || len(s.Changed) != 1 || lt.w.BuildOf(*s.Below).ID() != "prod@9b13827" {
		t.Errorf("rests on %+v, and changes %v", s.Below, s.Changed)
	}
	lt.settle(lt.begin("dev", "a b"), Ending{Written: []string{"a", "b"}, Complete: true, Layer: &Footing{}})
	if s := lt.standing("dev"); s.Below != nil || s.Changed != nil {
		t.Errorf("rests on %+v, and changes %v", s.Below, s.Changed)
	}
}

// A ledger of version 1 is valid, and the first run converts it.
func TestLedgerOfVersion1(t *testing.T) {
	lt := newLedgerTest(t)
	dev, prod := lt.build("dev"), lt.build("prod")
	text := `{"version": 1, "place": {"adapter": "duckdb", "host": "w.duckdb", "database": "w", "schema": "main_9b13827"},
		"runs": {"dev@9b13827": {"id": "r", "build": "dev@9b13827", "command": "build", "time": "2026-11-23T12:00:00Z", "nodes": 3, "manifest": 9}},
		"nodes": {
			"model.p.a": {"relation": "\"w\".\"main_9b13827\".\"A\"", "run": "r", "build": "dev@9b13827", "status": "written", "time": "2026-11-23T12:00:00Z"},
			"model.p.b": {"relation": "\"w\".\"main_9b13827_fin\".\"b\"", "run": "r", "build": "dev@9b13827", "status": "failed", "time": "2026-11-23T12:00:00Z"},
			"model.p.c": {"relation": "\"w\".\"main_9b13827\".\"c\"", "run": "q", "build": "prod@9b13827", "status": "written", "time": "2026-11-23T12:00:00Z"}}}`
	if err := durable.Write(lt.w.ledgerFile(place), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	check := func(when string) {
		t.Helper()
		s := lt.standing("dev")
		if s.Nodes["model.p.a"].Status != Written || s.Nodes["model.p.b"].Status != Damaged || len(s.Nodes) != 2 {
			t.Errorf("%s: dev has %+v", when, s.Nodes)
		}
		if s.Run.ID != "r" || s.Run.Manifest != 9 {
			t.Errorf("%s: the run is %+v", when, s.Run)
		}
	}
	check("as it is")
	if s := lt.standing("dev"); s.Lost["model.p.c"] != "was overwritten by prod@9b13827" {
		t.Errorf("lost: %v", s.Lost)
	}
	if _, err := lt.w.Standing(prod, place); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("prod, which never ran there, stands: %v", err)
	}
	if err := lt.w.Begin(prod, place, Run{ID: "s"}, targets("z")); err != nil {
		t.Fatal(err)
	}
	check("converted")
	if l := lt.ledger(); l.Version != ledgerVersion || len(l.Relations) != 3 {
		t.Errorf("the ledger is %+v", l)
	}
	if _, err := lt.w.Layer(dev, place); err != nil {
		t.Errorf("dev has no layer: %v", err)
	}
}

func TestSpell(t *testing.T) {
	for sql, want := range map[string]Spelling{
		`"w"."main"."a"`:           {Database: "w", Schema: "main", Name: "a"},
		`"w"."we.ird ""x"""."a.b"`: {Database: "w", Schema: `we.ird "x"`, Name: "a.b"},
		"`p`.`d`.`t`":              {Database: "p", Schema: "d", Name: "t"},
		`db.schema.t`:              {Database: "db", Schema: "schema", Name: "t"},
		`"main"."t"`:               {Schema: "main", Name: "t"},
		``:                         {},
	} {
		want.SQL = sql
		if got := Spell(sql); got != want {
			t.Errorf("%s: %+v", sql, got)
		}
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
