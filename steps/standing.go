package steps

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/layer"
	"dot-for-dbt/internal/text"
	"dot-for-dbt/internal/workspace"
	"dot-for-dbt/spec"
)

// A standing says which relations a build has: according to the ledgers or, if
// another tool made the build, according to dbt's artifacts in its target path.
type standing struct {
	workspace.Standing
	build workspace.Build
	// adopted is set for a build that another tool made: it has no layer.
	adopted bool
	// state is the directory of its artifacts, dbt's --state.
	state string
}

// The purposes of reading a build's standing, for errors.
const (
	toDefer   = "defer to"
	toCompare = "compare"
)

// standingOf reads a build's standing at a place. If the build never ran there, the
// error is errNeverBuilt.
func (ls *layers) standingOf(b workspace.Build, p workspace.Place) (standing, error) {
	if s, ok := ls.pulled[pulledKey(b, p)]; ok {
		return s, nil
	}
	if _, err := os.Stat(foreignDir(b)); errors.Is(err, fs.ErrNotExist) { // nor is there anything else of it
		return standing{}, fmt.Errorf("%s %w", b, errNeverBuilt)
	}
	s, err := ls.ledgerOf(b, p)
	if err == nil {
		return standing{Standing: s, build: b, state: b.State(p)}, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return standing{}, &unreadable{b, err}
	}
	if b.Ran() { // the artifacts in its target path belong to another place
		if moved := ls.movedFile(b, p); moved != "" {
			return standing{}, fmt.Errorf("%s %w in schema %s (%s)", b, errNeverBuilt, p.Schema, moved)
		}
		return standing{}, fmt.Errorf("%s %w in schema %s", b, errNeverBuilt, p.Schema)
	}
	found, err := ls.adopt(b)
	if err != nil {
		return standing{}, err
	}
	return standing{Standing: found.standing(b, p), build: b, adopted: true, state: found.target()}, nil
}

// An unreadable error means that dot's own files of a build can't be read.
type unreadable struct {
	build workspace.Build
	err   error
}

func (e *unreadable) Error() string {
	return fmt.Sprintf("dot doesn't know what %s built: %v", e.build, e.err)
}

func (e *unreadable) Unwrap() error { return e.err }

// movedFile says of a build that was never built at a place, whose database is a file, in which other file it was
// built last: the directory may have been moved, with the file in it. It returns "" if there is none.
func (ls *layers) movedFile(b workspace.Build, p workspace.Place) string {
	if !p.IsFile() {
		return ""
	}
	var last workspace.Standing
	standings, _ := ls.ws.Standings(b)
	for _, s := range standings {
		if s.Place.IsFile() && s.Place.Database != p.Database && (last.Layer == nil || s.Run.Time.After(last.Run.Time)) {
			last = s
		}
	}
	if last.Layer == nil {
		return ""
	}
	was := "it was built in " + last.Place.Database
	if _, err := os.Stat(last.Place.Database); errors.Is(err, fs.ErrNotExist) {
		was += ", which is gone"
	}
	return was + "; the database file is " + p.Database + " now"
}

// standing reads the standing of a build that the user named, to defer to it or to
// compare it. If the build has no relations, the error's hint is the command that
// builds them.
func (ls *layers) standing(b *build, named spec.Spec, purpose string) (standing, error) {
	remedy := func(msg string, more ...string) error {
		return hint.New(msg, buildIt(named.String(), append(b.flags(), more...)...))
	}
	if b.Origin != "" {
		remedy = func(msg string, _ ...string) error {
			return hint.New(msg, artifactsRemedy)
		}
	}
	found, err := ls.standingOf(b.Build, b.place)
	if b.origin != nil {
		found, err = b.origin.standing(b), nil
	}
	said := ""
	if err != nil {
		said = strings.Replace(err.Error(), b.Build.String(), b.label(), 1)
	}
	switch {
	case errors.Is(err, errNeverBuilt):
		if b.sought != "" {
			said += ", and the store " + b.sought + " doesn't have it"
		}
		msg := fmt.Sprintf("%s: there is nothing to %s", said, purpose)
		if dir := ls.ws.TaggedBuild(b.commit.Tag, b.Env); dir != "" {
			msg += fmt.Sprintf("; another tool built it in %s, under the hash of the tag and not of the commit", dir)
		}
		return standing{}, remedy(msg)
	case errors.As(err, new(*unreadable)):
		return standing{}, remedy(said, "--force")
	case err != nil:
		return standing{}, remedy(said)
	case found.Written("") == 0 && found.Below == nil:
		why := "no node of %s was completed: there is nothing to %s"
		if b.place.InMemory() {
			return standing{}, hint.New(
				fmt.Sprintf("nothing is left of %s: its database was in memory", b),
				fmt.Sprintf("give the output %s a file: path: %s.duckdb", b.output.Name, b.output.Profile),
			)
		}
		if lost := found.lost(); lost != "" {
			return standing{}, remedy(fmt.Sprintf("%s has none of its relations any more: %s", b, lost))
		}
		return standing{}, remedy(fmt.Sprintf(why, b, purpose))
	case found.adopted, b.origin != nil, b.offered != nil:
		return found, nil // its manifest has been read
	}
	if why := stateProblem(found.state, found.Standing); why != "" {
		return standing{}, remedy(fmt.Sprintf("%s: %s", b, why))
	}
	return found, nil
}

// stateProblem says why the manifest.json that dot keeps of a build in dir can't be
// read, "" if it can. Then no build can defer to it: it has to run again.
func stateProblem(dir string, s workspace.Standing) string {
	info, err := os.Stat(filepath.Join(dir, "manifest.json"))
	switch {
	case s.Run.Manifest == 0: // nothing was kept yet
		return ""
	case errors.Is(err, fs.ErrNotExist):
		return "its manifest.json is missing"
	case err != nil:
		return fmt.Sprintf("its manifest.json can't be read: %v", err)
	case info.Size() != s.Run.Manifest:
		return fmt.Sprintf("its manifest.json is damaged: it has %d bytes instead of %d", info.Size(), s.Run.Manifest)
	}
	return ""
}

// buildIt is the hint that builds a spec.
func buildIt(spec string, more ...string) string {
	return "build it: " + text.ShellQuote(append([]string{"dot", "build", spec}, more...))
}

// runID is the ID of the last run of the build; "" if another tool made the build.
func (s standing) runID() string {
	if s.Layer == nil {
		return ""
	}
	return s.Run.ID
}

// place is the place of the build's profile; zero for the zero standing.
func (s standing) place() workspace.Place {
	if s.Layer == nil {
		return workspace.Place{}
	}
	return s.Place
}

// ref names the layer, for the layers that rest on it.
func (s standing) ref() *workspace.LayerRef {
	ref := s.build.Ref(s.Place)
	ref.Adopted = s.adopted
	return &ref
}

// lost says why the build has lost its first node, "" if it has lost none.
func (s standing) lost() string {
	first := ""
	note := func(id string) {
		if first == "" || id < first {
			first = id
		}
	}
	for id := range s.Lost {
		note(id)
	}
	for id, e := range s.Nodes {
		if e.Status == workspace.Gone {
			note(id)
		}
	}
	if first == "" {
		return ""
	}
	return workspace.NodeName(first) + " " + s.Problem(first)
}

// A stack is a build's layer with the layers below it.
type stack struct {
	top       *layer.Layer
	standings map[*layer.Layer]standing
}

// stackOf reads a build's layer and the layers below it.
func (ls *layers) stackOf(s standing) stack {
	st := stack{standings: map[*layer.Layer]standing{}}
	read := map[string]*layer.Layer{}
	var add func(s standing) *layer.Layer
	add = func(s standing) *layer.Layer {
		key := s.build.ID() + " " + s.Place.ID()
		if had := read[key]; had != nil { // layers that rest on each other
			return had
		}
		l := NewLayer(s.build.String(), s.Standing, s.Changed)
		read[key], st.standings[l] = l, s
		if s.Below == nil {
			return l
		}
		below := ls.ws.BuildOf(*s.Below)
		found, err := ls.standingOf(below, s.Below.Place)
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

// NewLayer returns a build's layer, without a layer below. changed are the nodes
// that differ between the build's commit and the layer below.
func NewLayer(name string, s workspace.Standing, changed []string) *layer.Layer {
	l := &layer.Layer{Name: name, Nodes: make(map[string]layer.Node, len(s.Nodes)), Changed: map[string]bool{}}
	for id, e := range s.Nodes {
		if e.IsClone() { // what it is a copy of lies below
			continue
		}
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

// entry returns the ledger's entry for a resolved node.
func (st stack) entry(r layer.Result) workspace.Entry { return st.standings[r.Layer].Nodes[r.ID] }
