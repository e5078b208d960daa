package workspace

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
)

// A Standing says which relations a build has in the warehouse, according to the
// ledgers.
type Standing struct {
	*Layer
	// Nodes are the entries of the relations that this build was the last to
	// write, or to try to write, by unique_id.
	Nodes map[string]Entry
	// Lost are the nodes that the build has written but no longer has, by
	// unique_id, with the reason: "was overwritten by prod@9b13827".
	Lost map[string]string
}

// Standing reads a build's standing. If the build never ran, the error is
// fs.ErrNotExist. A layer or a ledger that can't be trusted is another error.
func (w *Workspace) Standing(b Build, p Place) (Standing, error) {
	layer, err := w.Layer(b, p)
	if errors.Is(err, fs.ErrNotExist) {
		return w.standingOld(b, p)
	}
	if err != nil {
		return Standing{}, err
	}
	return w.standingOf(layer)
}

// standingOf reads a layer's nodes from the ledgers.
func (w *Workspace) standingOf(layer *Layer) (Standing, error) {
	s := Standing{Layer: layer, Nodes: make(map[string]Entry, len(layer.Claims)), Lost: map[string]string{}}
	ledgers := make([]*Ledger, len(layer.Places))
	files := make([]string, len(layer.Places))
	for i, place := range layer.Places {
		var err error
		if ledgers[i], err = w.Ledger(place); err != nil {
			return Standing{}, err
		}
		files[i] = w.fileOf(place)
	}
	for id, claim := range layer.Claims {
		e, ok := ledgers[claim.Place].Relations[claim.Name]
		switch {
		case !ok:
			s.Lost[id] = "has no ledger entry any more"
		case e.Build != layer.Build:
			s.Lost[id] = "was overwritten by " + e.Build
		case e.Node != id:
			s.Lost[id] = "was overwritten by " + e.Node
		case !e.isFile(files[claim.Place]):
			s.Lost[id] = layer.Places[claim.Place].lostWith(files[claim.Place])
		default:
			s.Nodes[id] = e
		}
	}
	return s, nil
}

// Last returns the ledgers' entries for the targets, by unique_id, whichever
// build wrote them. Relations without an entry are left out.
func (w *Workspace) Last(targets map[string]Target) (map[string]Entry, error) {
	ledgers := map[Place]*Ledger{}
	out := map[string]Entry{}
	for id, t := range targets {
		l := ledgers[t.Place]
		if l == nil {
			var err error
			if l, err = w.Ledger(t.Place); err != nil {
				return nil, err
			}
			ledgers[t.Place] = l
		}
		if e, ok := l.Relations[t.Name]; ok && e.isFile(w.fileOf(t.Place)) {
			out[id] = e
		}
	}
	return out, nil
}

// Problem says why a node that the build wrote can't be read, "" if it can. The
// text follows the node's name.
func (s Standing) Problem(id string) string {
	if s.Layer != nil && s.Skipped[id] != "" {
		return s.Skipped[id]
	}
	if why, lost := s.Lost[id]; lost {
		return why
	}
	switch e := s.Nodes[id]; {
	case e.IsClone():
		return "was only cloned from " + e.Clone.From
	case e.Status == Damaged:
		return "failed in " + e.Build
	case e.Status == Unknown:
		return "was interrupted in " + e.Build
	case e.Status == Gone:
		return e.Note
	case e.Partial != "":
		return "was built with " + e.Partial
	case IsHidden(e.Name.SQL):
		return "lies where a secret variable of another environment says, whose value is not known here"
	}
	return ""
}

// Written counts the nodes that a run wrote and that are unchanged since. With
// run "", it counts those of all runs.
func (s Standing) Written(run string) int {
	n := 0
	for _, e := range s.Nodes {
		if e.Status == Written && (run == "" || e.Run == run) {
			n++
		}
	}
	return n
}

// Overwritten says what happened to the nodes that a run of the build wrote, ""
// if none has changed since.
func (s Standing) Overwritten(run string, written int) string {
	kept := s.Written(run)
	if kept >= written {
		return s.touched(run)
	}
	lost := maps.Clone(s.Lost) // the reasons, by unique_id
	for id, e := range s.Nodes {
		if e.Status == Gone {
			lost[id] = e.Note
		}
	}
	times := map[string]int{}
	for _, why := range lost {
		times[why]++
	}
	if len(times) > 0 {
		// Only the most frequent reason is shown.
		first := slices.MaxFunc(slices.Sorted(maps.Keys(times)), func(a, b string) int { return times[a] - times[b] })
		return fmt.Sprintf("%d of its %d relations changed: %s %s", written-kept, written, example(lost, first), first)
	}
	if s.Open != nil {
		return fmt.Sprintf("%d of its %d relations may have been changed by a dot %s that was interrupted", written-kept, written, s.Open.Command)
	}
	by := "a later dot " + s.Run.Command
	if s.Run.Adopted {
		by = "dbt " + s.Run.Command + " of another tool"
	}
	were := "were"
	if written-kept == 1 {
		were = "was"
	}
	return fmt.Sprintf("%d of its %d relations %s changed by %s", written-kept, written, were, by)
}

// touched says which later command may have changed a run's relations, "" for
// none.
func (s Standing) touched(run string) string {
	for _, id := range slices.Sorted(maps.Keys(s.Nodes)) {
		if e := s.Nodes[id]; e.Run == run && e.Touched != "" {
			return e.Touched + " may have changed its relations"
		}
	}
	return ""
}

// example returns the first node that was lost for a reason.
func example(lost map[string]string, why string) string {
	for _, id := range slices.Sorted(maps.Keys(lost)) {
		if lost[id] == why {
			return id
		}
	}
	return ""
}

// Identity is a digest of the build's nodes, with the run that wrote each and its
// status.
func (s Standing) Identity() string {
	h := sha256.New()
	for _, id := range slices.Sorted(maps.Keys(s.Nodes)) {
		e := s.Nodes[id]
		fmt.Fprintf(h, "%q %q %q\n", id, e.Run, e.Status)
	}
	return hex.EncodeToString(h.Sum(nil))
}
