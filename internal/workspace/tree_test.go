package workspace

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// tree is a working tree's schema, with builds of two states of its files.
type treeFixture struct {
	*Workspace
	t      *testing.T
	place  Place
	states [3]Build
}

func newTree(t *testing.T) treeFixture {
	t.Helper()
	w, err := Open(t.TempDir())
	if err == nil {
		err = w.Create()
	}
	if err != nil {
		t.Fatal(err)
	}
	f := treeFixture{Workspace: w, t: t, place: Place{Adapter: "postgres", Host: "h", Database: "d", Schema: "dev_wt_1234567"}}
	for i, short := range []string{"aaaaaaa", "bbbbbbb", "ccccccc"} {
		f.states[i] = Commit{Hash: short, Short: short, w: w}.Build("", "dev")
		f.states[i].Tree = "wt_1234567"
	}
	return f
}

// run writes nodes as a run of a state.
func (f treeFixture) run(state int, id string, written ...string) {
	f.t.Helper()
	targets, over := map[string]Target{}, map[string]string{}
	for _, node := range written {
		targets[node] = Target{Relation: Relation{f.place, node}, Spelling: Spelling{Name: node, SQL: node}}
		over[node] = id
	}
	r := Run{ID: id, Command: "build", Time: time.Unix(1, 0)}
	if err := f.Begin(f.states[state], f.place, r, targets); err != nil {
		f.t.Fatal(err)
	}
	if _, err := f.End(f.states[state], f.place, r, targets, Ending{Written: written, Complete: true, Succeeded: true, Inputs: "same", Over: over}); err != nil {
		f.t.Fatal(err)
	}
}

func (f treeFixture) takeOver(state, from int, nodes ...string) {
	f.t.Helper()
	taken := Taken{Nodes: map[string]Basis{}}
	for _, node := range nodes {
		taken.Nodes[node] = Basis{Inputs: "same", Over: "taken"}
	}
	before := Build{}
	if from >= 0 {
		before = f.states[from]
	}
	if err := f.TakeOver(f.states[state], before, f.place, taken, Run{ID: "check"}, Footing{}); err != nil {
		f.t.Fatal(err)
	}
}

// wants checks which nodes a state has, with the runs that wrote them.
func (f treeFixture) wants(state int, want map[string]string) {
	f.t.Helper()
	s, err := f.Standing(f.states[state], f.place)
	if err != nil {
		f.t.Fatal(err)
	}
	got := map[string]string{}
	for id, e := range s.Nodes {
		if s.Problem(id) == "" {
			got[id] = e.Run
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		f.t.Errorf("nodes of %s (-want +got):\n%s", f.states[state], diff)
	}
}

// A relation in the schema of a working tree belongs to one build, which wrote it or took it over.
func TestTakeOver(t *testing.T) {
	f := newTree(t)
	if _, ok := f.Tip(f.place); ok {
		t.Error("a schema that nobody has built has a tip")
	}
	f.takeOver(0, -1)
	f.run(0, "one", "model.a", "model.b", "model.c")
	f.wants(0, map[string]string{"model.a": "one", "model.b": "one", "model.c": "one"})

	f.takeOver(1, 0, "model.a", "model.c", "model.unknown")
	if tip, ok := f.Tip(f.place); !ok || f.BuildOf(tip) != f.states[1] {
		t.Errorf("the tip is %+v", tip)
	}
	f.wants(0, map[string]string{"model.b": "one"})
	f.wants(1, map[string]string{"model.a": "one", "model.c": "one"})
	f.run(1, "two", "model.b")
	f.wants(0, map[string]string{})
	f.wants(1, map[string]string{"model.a": "one", "model.b": "two", "model.c": "one"})
	s, err := f.Standing(f.states[1], f.place)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"model.a": "taken", "model.b": "two", "model.c": "taken"}
	got := map[string]string{}
	for id, c := range s.Claims {
		got[id] = c.Over
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("bases (-want +got):\n%s", diff)
	}

	// Back to the first files: nothing of it counts that it hasn't taken over again.
	f.takeOver(0, 1, "model.a")
	f.wants(0, map[string]string{"model.a": "one"})
	f.wants(1, map[string]string{"model.b": "two", "model.c": "one"})

	// A run that was killed owns what it marked, and that counts for nobody.
	r := Run{ID: "three", Command: "build", Time: time.Unix(3, 0)}
	f.takeOver(2, 0, "model.a")
	if err := f.Begin(f.states[2], f.place, r, map[string]Target{"model.b": {Relation: Relation{f.place, "model.b"}}}); err != nil {
		t.Fatal(err)
	}
	f.wants(2, map[string]string{"model.a": "one"})
	f.takeOver(1, 2, "model.a", "model.b")
	f.wants(1, map[string]string{"model.a": "one", "model.c": "one"})

	// Tests that have passed are known until another state takes over.
	pass := map[string]Pass{"test.a": {Basis: Basis{Inputs: "same", Over: "one"}, Time: time.Unix(4, 0)}}
	if err := f.NotePassed(f.states[1], f.place, pass); err != nil {
		t.Fatal(err)
	}
	if s, err = f.Standing(f.states[1], f.place); err != nil || !cmp.Equal(pass, s.Passed) {
		t.Errorf("%+v, %v", s.Passed, err)
	}
	f.takeOver(1, 1, "model.a")
	if s, err = f.Standing(f.states[1], f.place); err != nil || len(s.Passed) > 0 {
		t.Errorf("%+v, %v", s.Passed, err)
	}
}

// The builds of a commit and of a working tree with the same files don't share anything.
func TestTreeIsApart(t *testing.T) {
	f := newTree(t)
	tree := f.states[0]
	commit := tree
	commit.Tree = ""
	if tree.ID() == commit.ID() || tree.Dir() == commit.Dir() || tree.Comparison(commit) == commit.Comparison(tree) {
		t.Errorf("%s and %s have the same files or names", tree.ID(), commit.ID())
	}
	if !tree.Shares(tree.ID()) || !tree.Shares(f.states[1].ID()) || tree.Shares(commit.ID()) || commit.Shares(tree.ID()) || !commit.Shares(commit.ID()) {
		t.Errorf("%s and %s, %s: which share a schema", tree.ID(), f.states[1].ID(), commit.ID())
	}
	for _, other := range []func(*Build){func(b *Build) { b.Env = "prod" }, func(b *Build) { b.Project = "b" }, func(b *Build) { b.Tree = "wt_7654321" }} {
		b := f.states[1]
		if other(&b); tree.Shares(b.ID()) || b.Shares(tree.ID()) {
			t.Errorf("%s and %s share a schema", tree.ID(), b.ID())
		}
	}
	if got := f.BuildOf(tree.Ref(f.place)); got != tree {
		t.Errorf("%+v is not %+v", got, tree)
	}
}
