package workspace

import (
	"errors"
	"io/fs"
	"testing"

	"dot-for-dbt/internal/durable"
)

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

// Nothing is left of a database in memory, whichever dot has built it.
func TestLedgerOfVersion1InMemory(t *testing.T) {
	lt := newLedgerTest(t)
	p := Place{Adapter: "duckdb", Database: ":memory:", Schema: "main_9b13827"}
	text := `{"version": 1, "place": {"adapter": "duckdb", "host": "", "database": ":memory:", "schema": "main_9b13827"},
		"runs": {"dev@9b13827": {"id": "r", "build": "dev@9b13827", "command": "build", "time": "2026-11-23T12:00:00Z"}},
		"nodes": {"model.p.a": {"relation": "\"memory\".\"main_9b13827\".\"a\"", "run": "r", "build": "dev@9b13827", "status": "written", "time": "2026-11-23T12:00:00Z"}}}`
	if err := durable.Write(lt.w.ledgerFile(p), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := lt.w.Standing(lt.build("dev"), p)
	if err != nil {
		t.Fatal(err)
	}
	if why, want := s.Lost["model.p.a"], "is gone, since its database was in memory"; why != want {
		t.Errorf("a %q, want %q", why, want)
	}
}
