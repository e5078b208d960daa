package workspace

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// sharing returns a workspace with a build that has one node, at a place.
func sharing(t *testing.T, p Place) (*Workspace, Build) {
	t.Helper()
	w := created(t)
	b := Commit{Hash: strings.Repeat("24256d1a", 5), Short: "24256d1", w: w}.Build("", "prod")
	run := Run{ID: "A", Command: "build", Time: time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC), Nodes: 2, Manifest: 7}
	targets := map[string]Target{}
	for _, name := range []string{"orders", "late"} {
		sql := `"shop"."` + p.Schema + `"."` + name + `"`
		targets["model.shop."+name] = Target{Relation: Relation{Place: p, Name: name}, Spelling: Spelling{"shop", p.Schema, name, sql}}
	}
	if err := w.Begin(b, p, run, targets); err != nil {
		t.Fatal(err)
	}
	end := Ending{Written: []string{"model.shop.orders"}, Failed: []string{"model.shop.late"}, Complete: true, Log: 100}
	if _, err := w.End(b, p, run, targets, end); err != nil {
		t.Fatal(err)
	}
	return w, b
}

// What one workspace shares, another receives: with the same standing, and a state to defer to.
func TestShareAndReceive(t *testing.T) {
	file := filepath.Join(t.TempDir(), "shop.duckdb")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, p := range []Place{
		{Adapter: "postgres", Host: "db.example.com", Database: "shop", Schema: "prod_24256d1"},
		{Adapter: "duckdb", Database: file, Schema: "prod_24256d1"},
	} {
		t.Run(p.Adapter, func(t *testing.T) {
			from, b := sharing(t, p)
			shared, err := from.Share(b, p)
			if err != nil {
				t.Fatal(err)
			}
			if err := shared.Check(); err != nil {
				t.Fatal(err)
			}
			if text := shared.Ref.Place.Host + shared.Ref.Place.Database; strings.Contains(text, filepath.Dir(file)) {
				t.Errorf("it has a path: %s", text)
			}
			to := created(t)
			at, ok := shared.At(p)
			if !ok {
				t.Fatal("the place is not known")
			}
			expected := to.Expect(at)
			manifest := filepath.Join(t.TempDir(), "manifest.json")
			if err := os.WriteFile(manifest, []byte("{}"), 0o600); err != nil {
				t.Fatal(err)
			}
			for range 2 { // it can be repeated
				if err := to.Receive(at, map[string]string{"manifest.json": manifest}, false); err != nil {
					t.Fatal(err)
				}
			}
			got, err := to.Standing(to.BuildOf(at.Ref), p)
			if err != nil {
				t.Fatal(err)
			}
			want, err := from.Standing(b, p)
			if err != nil {
				t.Fatal(err)
			}
			for name, s := range map[string]Standing{"received": got, "expected": expected} {
				if diff := cmp.Diff(want.Nodes, s.Nodes); diff != "" {
					t.Errorf("%s (-shared +%s):\n%s", name, name, diff)
				}
				if diff := cmp.Diff(want.Claims, s.Claims); diff != "" || s.Run.ID != "A" {
					t.Errorf("%s (-shared +%s):\n%s", name, name, diff)
				}
			}
			if text, err := os.ReadFile(filepath.Join(to.BuildOf(at.Ref).State(p), "manifest.json")); err != nil || string(text) != "{}" {
				t.Errorf("%q, %v", text, err)
			}
			if hash, err := to.Hash("24256d1"); err != nil || hash != b.Commit.Hash {
				t.Errorf("commit %q, %v", hash, err)
			}
			again, err := to.Share(to.BuildOf(at.Ref), p)
			if diff := cmp.Diff(shared, again); diff != "" || err != nil {
				t.Errorf("shared again (-first +second):\n%s%v", diff, err)
			}
		})
	}
}

// What was written later stays, unless it is forced.
func TestReceiveOverNewer(t *testing.T) {
	p := Place{Adapter: "postgres", Host: "h", Database: "shop", Schema: "shared"}
	from, b := sharing(t, p)
	shared, err := from.Share(b, p)
	if err != nil {
		t.Fatal(err)
	}
	to := created(t)
	other := Commit{Hash: strings.Repeat("061af1ab", 5), Short: "061af1a", w: to}.Build("", "ci")
	run := Run{ID: "B", Command: "build", Time: shared.Layer.Run.Time.Add(time.Hour)}
	targets := map[string]Target{"model.shop.orders": {Relation: Relation{Place: p, Name: "orders"}, Spelling: Spelling{SQL: "orders", Name: "orders"}}}
	if err := to.Begin(other, p, run, targets); err != nil {
		t.Fatal(err)
	}
	if _, err := to.End(other, p, run, targets, Ending{Written: []string{"model.shop.orders"}, Complete: true}); err != nil {
		t.Fatal(err)
	}
	for _, force := range []bool{false, true} {
		if err := to.Receive(shared, nil, force); err != nil {
			t.Fatal(err)
		}
		s, err := to.Standing(to.BuildOf(shared.Ref), p)
		if _, has := s.Nodes["model.shop.orders"]; err != nil || has != force {
			t.Errorf("force %v: has the node: %v, %v", force, has, err)
		}
	}
}

func TestUnshareable(t *testing.T) {
	p := Place{Adapter: "postgres", Host: "h", Database: "shop", Schema: "prod_24256d1"}
	hidden := p
	hidden.Schema = "secret-0123456789abcdef_24256d1"
	memory := Place{Adapter: "duckdb", Database: ":memory:", Schema: "prod"}
	for _, p := range []Place{hidden, memory} {
		w, b := sharing(t, p)
		if _, err := w.Share(b, p); !errors.Is(err, ErrUnshareable) {
			t.Errorf("%s: %v", p.Schema, err)
		}
	}
	w, b := sharing(t, p)
	if err := w.Begin(b, p, Run{ID: "C", Command: "build"}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Share(b, p); !errors.Is(err, ErrUnshareable) {
		t.Errorf("a run that hasn't ended: %v", err)
	}
	if _, err := w.Share(b, hidden); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("another place: %v", err)
	}
}

func TestPlainSpelling(t *testing.T) {
	for sql, want := range map[string]bool{
		`"shop"."dev"."orders"`:               true,
		"`my-project`.`dev`.`orders`":         true,
		`shop.dev.orders`:                     true,
		`shop.dev.DIM$X`:                      true,
		`"shop"."de""v"."orders"`:             true,
		`"shop"."dev"."orders" where 1=1`:     false,
		`"shop"."dev"."orders"; drop table x`: false,
		`(select 1)`:                          false,
		`shop.dev.orders--`:                   false,
		"shop.dev.orders/**/":                 false,
		`"shop"."dev"."orders`:                false,
	} {
		if s := Spell(sql); s.plain() != want {
			t.Errorf("%s: %v", sql, s)
		}
	}
	other := Spell(`"shop"."dev"."orders"`)
	other.Schema = "prod"
	if other.plain() {
		t.Error("a schema that SQL doesn't name")
	}
}

func TestPlaceAt(t *testing.T) {
	here := Place{Adapter: "duckdb", Database: filepath.Join(t.TempDir(), "shop.duckdb"), Schema: "dev"}
	there := here
	there.Database = filepath.Join(t.TempDir(), "shop.duckdb")
	if p, ok := here.Portable().at(here); !ok || p != here {
		t.Errorf("%v, %v", p, ok)
	}
	if p, ok := there.Portable().at(here); ok {
		t.Errorf("another file of that name: %v", p)
	}
	if got, want := here.Portable().Where(), "schema dev of shop.duckdb (duckdb)"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	server := Place{"postgres", "db.example.com", "shop", "dev"}
	if got, want := server.Where(), "schema dev of shop at db.example.com (postgres)"; got != want || server.Portable() != server {
		t.Errorf("%q, want %q", got, want)
	}
}
