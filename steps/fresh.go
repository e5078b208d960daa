package steps

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/layer"
	"dot-for-dbt/internal/workspace"
)

// Deciding which nodes of a working tree need not be built again, and which tests need not run again.
// In doubt a node is built.

// findFresh finds the nodes that need not be built again, and the tests that need not run again. changed
// are the nodes that differ from the files of the build before.
func (a *checkIsolation) findFresh(t *takeover, changed []string) (err error) {
	t.stale = t.project.Descendants(changed)
	for _, id := range changed {
		t.stale[id] = true
		if strings.HasPrefix(id, "operation.") { // a hook may do anything
			t.whole = nil
		}
	}
	t.before = a.ledgerBefore(t)
	if t.below, err = a.belowOf(a.job); err != nil {
		return err
	}
	_, refresh := a.job.Lookup("full-refresh")
	if t.before.Layer == nil || refresh || a.job.checkWarehouse || a.job.always != "" || !sameRef(t.before.Below, t.below.ref) {
		t.whole = nil
	}
	if t.nodes, err = writtenNodes(filepath.Join(a.job.build.Target(), "manifest.json")); err != nil {
		return err
	}
	for _, id := range t.project.Relations() {
		t.parents[id] = slices.Sorted(maps.Keys(t.project.Reads([]string{id})))
	}
	if t.whole == nil {
		return nil
	}
	for _, id := range t.project.Relations() {
		if t.isFresh(id) {
			_, claim, _ := t.entry(id)
			t.fresh[id] = claim.Basis
		}
	}
	for id := range t.wanted {
		if t.stillPasses(id) {
			t.passed[id] = t.before.Passed[id]
		}
	}
	return nil
}

// ledgerBefore returns what the ledger has of the build before, or of this one if nothing of that can be
// taken over. A ledger that can't be read has nothing.
func (a *checkIsolation) ledgerBefore(t *takeover) workspace.Standing {
	of := a.job.build.Build
	if t.whole != nil && !t.same() {
		of = t.from
	}
	before, err := a.ws.Standing(of, a.job.build.place)
	if err != nil {
		return workspace.Standing{}
	}
	return before
}

// entry returns the ledger's entry and claim of a node, if its relation is whole and where the node is now.
func (t *takeover) entry(id string) (e workspace.Entry, claim workspace.Claim, ok bool) {
	e, ok = t.before.Nodes[id]
	if !ok || t.before.Problem(id) != "" || e.Status != workspace.Written || e.Touched != "" || e.Partial != "" {
		return e, claim, false
	}
	node, ok := t.nodes[id]
	if at, claimed := t.before.Claimed(id); !ok || !claimed || at != t.build.target(spelling(node)).Relation {
		return e, claim, false // a macro has given it another name
	}
	return e, t.before.Claims[id], true
}

// isFresh reports whether a node need not be built again.
func (t *takeover) isFresh(id string) bool {
	if is, done := t.known[id]; done {
		return is
	}
	t.known[id] = false // while it isn't known, and of a project with a cycle
	e, claim, ok := t.entry(id)
	if !ok || t.whole == nil || t.stale[id] || !t.whole[id] || claim.Inputs != t.inputs || t.tooOld(e.Time) {
		return false
	}
	for _, parent := range t.parents[id] {
		if !t.wanted[parent] && !t.isFresh(parent) {
			continue // read from below
		}
		at, _, ok := t.entry(parent)
		if !t.isFresh(parent) || !ok || at.Time.After(e.Time) {
			return false
		}
	}
	t.known[id] = true // over asks for the parents only
	t.known[id] = claim.Over == t.over(id)
	return t.known[id]
}

// stillPasses reports whether a test need not run again.
func (t *takeover) stillPasses(id string) bool {
	pass, ok := t.before.Passed[id]
	if !ok || t.stale[id] || !t.whole[id] || pass.Inputs != t.inputs || t.tooOld(pass.Time) {
		return false
	}
	for _, parent := range tested(t.project, id) {
		if t.wanted[parent] && t.runOf(parent) == "" {
			return false
		}
	}
	return pass.Over == t.below.testedOver(t.project, id, t.runOf)
}

// runOf returns the run that wrote a fresh node; "" for other nodes.
func (t *takeover) runOf(id string) string {
	if _, ok := t.fresh[id]; ok {
		return t.before.Nodes[id].Run
	}
	return ""
}

// tooOld reports whether the job's age limit excludes something of this time.
func (t *takeover) tooOld(at time.Time) bool { return t.maxAge > 0 && t.now.Sub(at) > t.maxAge }

// over is a digest of what a node reads from below; see [workspace.Basis].
func (t *takeover) over(id string) string {
	h := sha256.New()
	for _, parent := range t.parents[id] {
		if t.wanted[parent] || t.isFresh(parent) {
			continue // the build's own
		}
		name, run := t.below.of(parent)
		fmt.Fprintf(h, "%q %q %q\n", parent, name, run)
	}
	return hex.EncodeToString(h.Sum(nil))[:16]
}

// overOf returns what the nodes that the job writes are built on; see [workspace.Basis].
func (t *takeover) overOf(job *job, nodes []checkedNode) map[string]string {
	if job.Command.Name == "clone" { // these are the baseline's
		return nil
	}
	over := map[string]string{}
	for _, n := range nodes {
		over[n.ID] = t.over(n.ID)
	}
	return over
}

// tested returns the nodes with a relation that a test reads, sorted.
func tested(project artifact.Graph, id string) []string {
	return slices.Sorted(maps.Keys(project.Reads([]string{id})))
}

// testedOver is a digest of the runs that wrote the relations a test reads. run returns the run of a
// node that the build has, "" for one that it reads from below.
func (l belowLayer) testedOver(project artifact.Graph, id string, run func(string) string) string {
	h := sha256.New()
	for _, parent := range tested(project, id) {
		name, by := "", run(parent)
		if by == "" {
			name, by = l.of(parent)
		}
		fmt.Fprintf(h, "%q %q %q\n", parent, name, by)
	}
	return hex.EncodeToString(h.Sum(nil))[:16]
}

func sameRef(a, b *workspace.LayerRef) bool {
	return a == nil && b == nil || a != nil && b != nil && *a == *b
}

// A belowLayer finds what a build of a working tree reads from its baseline.
type belowLayer struct {
	ref *workspace.LayerRef
	top *layer.Layer // nil without a baseline
}

// belowOf returns the baseline's layers.
func (ls *layers) belowOf(job *job) (belowLayer, error) {
	if job.baseline == nil {
		return belowLayer{}, nil
	}
	s, err := ls.standing(job.baseline.build, job.baseline.spec, toDefer)
	if err != nil {
		return belowLayer{}, err
	}
	return belowLayer{ref: s.ref(), top: ls.stackOf(s).top}, nil
}

// of returns the layer that has a node, and the run that wrote it.
func (l belowLayer) of(id string) (name, run string) {
	if l.top == nil {
		return "", ""
	}
	r := l.top.Resolve(id)
	if r.Kind == layer.Missing {
		return "", ""
	}
	return r.Layer.Name, r.Node.Run
}
