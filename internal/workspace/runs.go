package workspace

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// The ledger entries of a run: Begin marks the nodes that the run may write
// before it starts. End says how each of them ended.

// A Target is a relation that a run may write.
type Target struct {
	Relation
	Spelling Spelling
	Partial  string     // see Entry
	Adds     bool       // the run adds to a relation that is there, unless it builds it anew
	On       []Relation // see Entry
	Kept     bool       // see Entry
	Clone    *Clone     // see Entry; for a run that clones
}

// Begin marks the nodes that a run of a build may write as Unknown. targets is
// by unique_id. The caller holds the build's lock.
func (w *Workspace) Begin(b Build, p Place, run Run, targets map[string]Target) error {
	if err := w.convert(p); err != nil {
		return err
	}
	layer, err := w.layerOrNew(b, p)
	if err != nil {
		return err
	}
	run.Nodes, run.Manifest = layer.Run.Nodes, layer.Run.Manifest
	layer.Open = &run
	for _, id := range slices.Sorted(maps.Keys(targets)) {
		layer.claim(id, targets[id].Relation)
	}
	// The layer is saved first. If dot is killed now, claims lack their entry in
	// a ledger, which counts as nodes that the build doesn't have.
	if err := w.saveLayer(b, layer); err != nil {
		return err
	}
	return w.eachPlace(targets, func(l *Ledger, ids []string) {
		file := w.fileOf(l.Place)
		for _, id := range ids {
			t := targets[id]
			e := Entry{
				Node: id, Name: t.Spelling, Build: b.ID(), Run: run.ID, Status: Unknown, Time: run.Time,
				Unfinished: true, Partial: t.Partial, On: t.On, Kept: t.Kept, Clone: t.Clone,
			}
			if before, ok := l.Relations[t.Name]; ok {
				before.Before = nil
				e.Before = &before
				e.Unfinished = before.Unfinished || !before.exists(file)
				if t.Adds && before.exists(file) { // what the rows before lack is still missing
					e.Partial = cmp.Or(t.Partial, before.Partial)
				}
			}
			l.Relations[t.Name] = e
		}
	})
}

// An Ending says how a run ended, as far as dot knows.
type Ending struct {
	// Written and Failed are the nodes that the run finished, by unique_id.
	Written, Failed []string
	// Begun are the nodes that the run started, finished or not.
	Begun []string
	// Skipped are the nodes that the run should have written but did not reach,
	// with the reason; see Layer.
	Skipped map[string]string
	// Complete means that the run touched no other nodes.
	Complete bool
	// Succeeded means that the command succeeded.
	Succeeded bool
	// Anew are the nodes whose relations the run built from scratch if it wrote them.
	Anew map[string]bool
	// Layer is what the build rests on from now on; nil means no change.
	Layer *Footing
	// Log is the size of dbt's log at the end; see Layer.
	Log int64
	// Inputs and Over are what the nodes were built from; see Basis. Nodes that the run may have
	// written and that Over lacks have to be built again.
	Inputs string
	Over   map[string]string
}

// A Footing says what a build rests on: a layer below, or nothing.
type Footing struct {
	Below   *LayerRef
	Changed []string // see Layer
}

// End replaces the marks of Begin. Written and failed nodes become the run's.
// Nodes that the run started but did not finish stay Unknown. If the ending is
// complete, kept nodes become the run's, and all other nodes get their earlier
// entry back; otherwise they stay Unknown, too. A run whose artifacts were not
// copied has no Manifest. End returns how many nodes the run has written or kept.
func (w *Workspace) End(b Build, p Place, run Run, targets map[string]Target, end Ending) (written int, err error) {
	status := make(map[string]Status, len(targets))
	for _, id := range end.Begun {
		status[id] = Unknown
	}
	for _, id := range end.Written {
		status[id] = Written
	}
	for _, id := range end.Failed {
		status[id] = Damaged
	}
	var never []string // nodes that no run has ever reached
	err = w.eachPlace(targets, func(l *Ledger, ids []string) {
		file := w.fileOf(l.Place)
		for _, id := range ids {
			t := targets[id]
			e, ok := l.Relations[t.Name]
			if !ok { // another dot has replaced a damaged ledger since
				continue
			}
			if e.Run != run.ID {
				// Another run has marked the relation since. Which of the two
				// runs wrote last is not known.
				e.Status = Unknown
				l.Relations[t.Name] = e
				continue
			}
			s, touched := status[id]
			switch {
			case touched && s != Unknown:
				if end.Anew[id] {
					e.Partial = t.Partial
				}
				l.Relations[t.Name] = e.settled(s, file, end.Succeeded, end.Anew[id])
				if s == Written {
					written++
				}
			case touched, !end.Complete: // stays unknown
			case e.Before == nil:
				delete(l.Relations, t.Name)
				never = append(never, id)
			case e.Kept && e.Before.Status == Written && e.Before.Build == e.Build:
				was := *e.Before
				was.Run, was.Time, was.Unfinished = run.ID, run.Time, was.Unfinished && !end.Succeeded
				if was.Since.Equal(e.Before.Time) {
					was.Since = run.Time
				}
				l.Relations[t.Name] = was
				written++
			default:
				l.Relations[t.Name] = *e.Before
			}
		}
	})
	if err != nil {
		return 0, err
	}
	if err := w.strikeDropped(b, run, status, end.Complete); err != nil {
		return 0, err
	}
	return written, w.endLayer(b, p, run, written, never, end)
}

// strikeDropped marks the relations as Gone that the warehouse has dropped with those
// that a run replaced. status has the nodes that the run reached. If it is not
// complete, the run may have reached any other node, too.
func (w *Workspace) strikeDropped(b Build, run Run, status map[string]Status, complete bool) error {
	for _, id := range slices.Sorted(maps.Keys(run.Drops)) {
		if _, reached := status[id]; !reached && complete {
			continue
		}
		note := fmt.Sprintf("was dropped when %s replaced %s", b, NodeName(id))
		if err := w.Strike(run.Drops[id], note); err != nil {
			return err
		}
	}
	return nil
}

// settled returns the entry of a relation that a run has finished.
func (e Entry) settled(s Status, file string, succeeded, anew bool) Entry {
	before := e.Before
	e.Before, e.Kept, e.Status, e.File = nil, false, s, file
	e.Unfinished = !succeeded && (e.Unfinished || anew)
	e.Since = e.Time
	if e.IsClone() {
		if s == Written {
			e.Status, e.Since, e.Unfinished = Cloned, e.Clone.Since, false
		}
		return e
	}
	if before != nil && before.exists(file) && !anew {
		e.Since = before.Since
		if before.Clone != nil && !before.Clone.View {
			grown := *before.Clone
			grown.Grown = true
			e.Clone = &grown
		}
	}
	return e
}

// exists reports whether the entry's relation is still in the database file with the
// identity file.
func (e Entry) exists(file string) bool { return e.Status != Gone && e.isFile(file) }

// endLayer updates a build's layer after a run.
func (w *Workspace) endLayer(b Build, p Place, run Run, written int, never []string, end Ending) error {
	layer, err := w.layerOrNew(b, p)
	if err != nil {
		return err
	}
	for _, id := range never {
		delete(layer.Claims, id)
	}
	if run.Clones { // it has built no node
		layer.Open = nil
		return w.saveLayer(b, layer)
	}
	for _, id := range slices.Concat(end.Written, end.Failed, end.Begun) {
		delete(layer.Skipped, id)
	}
	if b.Tree != "" {
		layer.rebase(slices.Concat(end.Written, end.Failed, end.Begun), func(id string) (b Basis) {
			if over, ok := end.Over[id]; ok {
				b = Basis{end.Inputs, over}
			}
			return b
		})
	}
	if layer.Skipped == nil && len(end.Skipped) > 0 {
		layer.Skipped = map[string]string{}
	}
	maps.Copy(layer.Skipped, end.Skipped)
	if run.Manifest == 0 {
		run.Nodes, run.Manifest = layer.Run.Nodes, layer.Run.Manifest
	}
	if written+len(end.Written)+len(end.Failed)+len(end.Begun) > 0 || end.Layer != nil || layer.Run.ID == "" {
		layer.Run = run
	}
	layer.Run.Nodes, layer.Run.Manifest = run.Nodes, run.Manifest // also of a run that had nothing to do
	layer.Open, layer.Run.Drops, layer.Log = nil, nil, end.Log
	if end.Layer != nil {
		layer.Below, layer.Changed = end.Layer.Below, end.Layer.Changed
	}
	return w.saveLayer(b, layer)
}

// Touch notes that a command may have changed what a build has.
func (w *Workspace) Touch(b Build, p Place, command string) error {
	s, err := w.Standing(b, p)
	if err != nil || len(s.Nodes) == 0 {
		return nil // no node of the build counts as built
	}
	if err := w.convert(p); err != nil {
		return err
	}
	targets := make(map[string]Target, len(s.Nodes))
	for id := range s.Nodes {
		if r, ok := s.Claimed(id); ok {
			targets[id] = Target{Relation: r}
		}
	}
	return w.eachPlace(targets, func(l *Ledger, ids []string) {
		for _, id := range ids {
			name := targets[id].Name
			if e, ok := l.Relations[name]; ok {
				e.Touched = command
				l.Relations[name] = e
			}
		}
	})
}

// Strike marks relations as Gone, whichever build wrote them. note says what
// happened; the text follows a node's name.
func (w *Workspace) Strike(relations []Relation, note string) error {
	targets := map[string]Target{}
	for _, r := range relations {
		targets[fmt.Sprintf("%q", []string{r.Place.ID(), r.Name})] = Target{Relation: r}
	}
	return w.eachPlace(targets, func(l *Ledger, ids []string) {
		for _, id := range ids {
			name := targets[id].Name
			if e, ok := l.Relations[name]; ok {
				e.Status, e.Note, e.Before = Gone, note, nil
				l.Relations[name] = e
			}
		}
	})
}

// eachPlace changes the ledger of each place that a target lies in, under the
// ledger's lock. ids are the targets in that place, sorted.
func (w *Workspace) eachPlace(targets map[string]Target, change func(l *Ledger, ids []string)) error {
	byPlace := map[Place][]string{}
	for _, id := range slices.Sorted(maps.Keys(targets)) {
		p := targets[id].Place
		byPlace[p] = append(byPlace[p], id)
	}
	places := slices.SortedFunc(maps.Keys(byPlace), func(a, b Place) int { return strings.Compare(a.ID(), b.ID()) })
	for _, p := range places {
		release, err := w.guard(p)
		if err != nil {
			return err
		}
		err = w.edit(p, func(l *Ledger) { change(l, byPlace[p]) })
		release()
		if err != nil {
			return err
		}
	}
	return nil
}
