package steps

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/layer"
	"dot-for-dbt/internal/text"
	"dot-for-dbt/internal/workspace"
	"dot-for-dbt/spec"
)

// A standing is what a build really has: as the ledgers say or, where another
// tool made it, as what dbt left in its target path does.
type standing struct {
	workspace.Standing
	build workspace.Build
	// adopted is set for a build that another tool made: it has no layer.
	adopted bool
	// state is the directory of its artifacts, dbt's --state.
	state string
}

// The purposes that a build's standing is asked for.
const (
	toDefer   = "defer to"
	toCompare = "compare"
)

// standingOf reads what a build has at a place. Where it never ran there, the
// error is errNeverBuilt.
func (rt *runtime) standingOf(b workspace.Build, p workspace.Place) (standing, error) {
	s, err := rt.ws.Standing(b, p)
	if err == nil {
		return standing{Standing: s, build: b, state: b.State(p)}, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return standing{}, &unreadable{b, err}
	}
	if b.Ran() { // what lies in its target path is dot's, and of another place
		return standing{}, fmt.Errorf("%s %w in schema %s", b, errNeverBuilt, p.Schema)
	}
	found, err := adopt(b)
	if err != nil {
		return standing{}, err
	}
	return standing{Standing: found.standing(b, p), build: b, adopted: true, state: b.Target()}, nil
}

// An unreadable error is about what dot itself keeps of a build.
type unreadable struct {
	build workspace.Build
	err   error
}

func (e *unreadable) Error() string {
	return fmt.Sprintf("what %s built is not known: %v", e.build, e.err)
}

func (e *unreadable) Unwrap() error { return e.err }

// standing reads what a build has, for somebody who named it by a spec and wants
// to defer to it or to compare it. An error about what it lacks has the command
// that builds it.
func (rt *runtime) standing(b *build, named spec.Spec, purpose string) (standing, error) {
	remedy := func(msg string, more ...string) error {
		return hint.New(
			msg,
			"build it: "+text.ShellQuote(append([]string{"dot", "build", named.String()}, more...)),
		)
	}
	found, err := rt.standingOf(b.Build, b.place)
	switch {
	case errors.Is(err, errNeverBuilt):
		return standing{}, remedy(fmt.Sprintf("%v: there is nothing to %s", err, purpose))
	case errors.As(err, new(*unreadable)):
		return standing{}, remedy(err.Error(), "--force")
	case err != nil:
		return standing{}, remedy(err.Error())
	case found.Written("") == 0 && found.Below == nil:
		why := "nothing of %s was built to its end: there is nothing to %s"
		if lost := found.lost(); lost != "" {
			return standing{}, remedy(fmt.Sprintf("nothing that %s built is there any more: %s", b, lost))
		}
		return standing{}, remedy(fmt.Sprintf(why, b, purpose))
	case found.adopted:
		return found, nil // its manifest has been read
	}
	info, err := os.Stat(filepath.Join(found.state, "manifest.json"))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return standing{}, remedy(fmt.Sprintf("the manifest.json of %s is missing", b), "--force")
	case err != nil:
		return standing{}, remedy(fmt.Sprintf("the manifest.json of %s can't be read: %v", b, err), "--force")
	case info.Size() != found.Run.Manifest:
		return standing{}, remedy(fmt.Sprintf("the manifest.json of %s is damaged: it has %d bytes, and had %d", b, info.Size(), found.Run.Manifest), "--force")
	}
	return found, nil
}

// ref names the layer, for what rests on it.
func (s standing) ref() *workspace.LayerRef {
	ref := s.build.Ref(s.Place)
	ref.Adopted = s.adopted
	return &ref
}

// lost says what became of the build's nodes, where they are gone.
func (s standing) lost() string {
	first := ""
	for id := range s.Lost {
		if first == "" || id < first {
			first = id
		}
	}
	if first == "" {
		return ""
	}
	return nodeName(first) + " " + s.Lost[first]
}

// A stack is a build's layer with those that it rests on.
type stack struct {
	top       *layer.Layer
	standings map[*layer.Layer]standing
}

// stackOf reads the layers that a build rests on.
func (rt *runtime) stackOf(s standing) stack {
	st := stack{standings: map[*layer.Layer]standing{}}
	read := map[string]*layer.Layer{}
	var add func(s standing) *layer.Layer
	add = func(s standing) *layer.Layer {
		key := s.build.ID() + " " + s.Place.ID()
		if had := read[key]; had != nil { // layers that rest on each other
			return had
		}
		l := newLayer(s.build.String(), s, s.Changed)
		read[key], st.standings[l] = l, s
		if s.Below == nil {
			return l
		}
		below := rt.ws.BuildOf(*s.Below)
		found, err := rt.standingOf(below, s.Below.Place)
		switch {
		case errors.Is(err, errNeverBuilt):
			l.Gone = below.String() + ", which it rests on, is gone"
		case err != nil:
			l.Gone = err.Error()
		default:
			l.Below = add(found)
		}
		return l
	}
	st.top = add(s)
	return st
}

// newLayer is a build's layer, on nothing. changed are the nodes that its commit
// changes against what it rests on.
func newLayer(name string, s standing, changed []string) *layer.Layer {
	l := &layer.Layer{Name: name, Nodes: make(map[string]layer.Node, len(s.Nodes)), Changed: map[string]bool{}}
	for id, e := range s.Nodes {
		l.Nodes[id] = layer.Node{Problem: s.Problem(id), Run: e.Run, Relation: e.Name.SQL}
	}
	for id := range s.Lost {
		l.Nodes[id] = layer.Node{Problem: s.Problem(id)}
	}
	if s.Layer != nil {
		for id := range s.Skipped {
			l.Nodes[id] = layer.Node{Problem: s.Problem(id)}
		}
	}
	for _, id := range changed {
		l.Changed[id] = true
	}
	return l
}

// entry is what the ledger says of the relation that a node resolved to.
func (st stack) entry(r layer.Result) workspace.Entry { return st.standings[r.Layer].Nodes[r.ID] }

// nodeName is what a person calls a node: the end of its unique_id, which a
// version may follow.
func nodeName(id string) string {
	parts := splitID(id)
	return cmp.Or(parts[len(parts)-1], id)
}
