package steps

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"

	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/layer"
	"dot-for-dbt/internal/workspace"
)

// What earlier builds of a working tree have left in its schema is never read.

// leftBehind is the error of a command that would read a node in the schema of a working tree although
// another build has left it there.
func leftBehind(job *job, reader, node string) error {
	what := workspace.NodeName(node)
	if reader != "" {
		what = workspace.NodeName(reader) + " reads " + what + ", and that"
	}
	return hint.New(
		fmt.Sprintf("nothing was run: %s is not in schema %s as %s has it", what, job.build.schema, job.build.label()),
		"build it: dot build "+job.specs[0], "or read it from another build: --defer prod@main",
	)
}

// checkOwnReads returns an error if a job without a baseline would read what another build
// has left in the schema.
func (a *checkIsolation) checkOwnReads(t *takeover, listed []artifact.Node) error {
	selected := t.project.Hooks()
	for _, n := range listed {
		selected = append(selected, n.UniqueID)
	}
	own, err := a.ws.Standing(a.job.build.Build, a.job.build.place)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	reads := t.project.Reads(selected)
	for _, id := range slices.Sorted(maps.Keys(reads)) {
		if e, ok := own.Nodes[id]; !ok || e.Status != workspace.Written || own.Problem(id) != "" {
			return leftBehind(a.job, reads[id][0], id)
		}
	}
	return nil
}

// readsLeftBehind returns an error if a command that builds nothing could read what another
// build has left in the schema of a working tree.
func (ls *layers) readsLeftBehind(job *job) error {
	b := job.build
	if !job.inPlace() || len(job.Command.Builds) > 0 || !job.Command.OpensAdapter || job.Command.Name == "debug" {
		return nil
	}
	own, err := ls.ws.Standing(b.Build, b.place)
	if tip, ok := ls.ws.Tip(b.place); err != nil || !ok || ls.ws.BuildOf(tip).ID() != b.ID() {
		return hint.New(
			fmt.Sprintf("nothing was run: %s is not built, and schema %s may have relations of other files", b.label(), b.schema),
			"build it: dot build "+job.specs[0])
	}
	known, err := writtenNodes(filepath.Join(treeState(b.Build, b.place), "manifest.json"))
	if err != nil {
		return err
	}
	targets := map[string]workspace.Target{}
	for id, node := range known {
		targets[id] = b.target(spelling(node))
	}
	last, err := ls.ws.Last(targets)
	if err != nil {
		return err
	}
	var res resolution
	if job.baseline != nil {
		if res, err = ls.resolve(job); err != nil {
			return err
		}
	}
	for _, id := range slices.Sorted(maps.Keys(known)) {
		e, ok := own.Nodes[id]
		isBelow := slices.ContainsFunc(res.reads, func(r nodeRead) bool { return r.ID == id && r.Kind == layer.Below })
		if left, there := last[id]; there && left.Status != workspace.Gone && (!ok || e.Status != workspace.Written || own.Problem(id) != "") && !isBelow {
			return leftBehind(job, "", id)
		}
	}
	return nil
}

// takenOver says which build of the same working tree has taken over the build's schema since,
// or what is missing of what it had; "" for none.
func (ls *layers) takenOver(job *job, report Report) string {
	if !job.inPlace() {
		return ""
	}
	b := job.build
	tip, ok := ls.ws.Tip(b.place)
	if !ok || ls.ws.BuildOf(tip).ID() != b.ID() {
		return "the working tree was built with other files since"
	}
	if sound := ls.sound(b); sound < report.Sound {
		return fmt.Sprintf("%d of its %d relations have changed since", report.Sound-sound, report.Sound)
	}
	return ""
}

// sound counts the relations that a build has and that can be read.
func (ls *layers) sound(b *build) int {
	s, err := ls.ws.Standing(b.Build, b.place)
	if err != nil {
		return 0
	}
	n := 0
	for id, e := range s.Nodes {
		if e.Status == workspace.Written && s.Problem(id) == "" {
			n++
		}
	}
	return n
}

// foreign finds the incremental models among the nodes that another build has left in the schema
// of a working tree, or that are outdated.
func (ls *layers) foreign(job *job, nodes []checkedNode) (h history) {
	targets := checkOutputs{Nodes: nodes}.targets(job)
	last, err := ls.ws.Last(targets)
	own, notRead := ls.ws.Layer(job.build.Build, job.build.place)
	for _, n := range nodes {
		if !n.incremental() {
			continue
		}
		if e, ok := last[n.ID]; err != nil || ok && e.Status != workspace.Gone && (e.Build != job.build.ID() || notRead != nil || own.Claims[n.ID].Inputs == "") {
			h.note(faulty{n.ID, "keeps rows of other code", "with rows of other code"}, n.Keeps)
		}
	}
	return h
}
