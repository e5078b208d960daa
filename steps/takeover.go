package steps

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/durable"
	"dot-for-dbt/internal/git"
	"dot-for-dbt/internal/layer"
	"dot-for-dbt/internal/workspace"
)

// Finding out what a build of a working tree need not build again.

// before returns the build that has the schema, and the nodes that differ from its files.
// whole are the nodes that it knows, tests too; nil if nothing of it can be taken over.
// Afterwards the build's target path has the manifest of its own files.
func (a *checkIsolation) before(ctx context.Context, attempt *graph.Attempt) (from workspace.Build, changes map[string][]string, whole map[string]bool, err error) {
	b := a.job.build
	from, state, known := a.stateBefore()
	listed, err := a.list(ctx, attempt, a.modifiedCall(state), true)
	if err != nil || state == "" {
		return from, nil, nil, err
	}
	packages, err := installedPackages(b)
	if err != nil {
		return from, nil, nil, err
	}
	changes, err = Changes(ctx,
		&Layer{Manifest: filepath.Join(state, "manifest.json"), repo: a.repo, project: from.Project, commit: from.Commit.Hash},
		&Layer{Manifest: filepath.Join(b.Target(), "manifest.json"), repo: a.repo, project: b.Project, commit: b.Commit.Hash, packages: packages},
		a.job.env.Vars, nil)
	if err != nil { // git may have lost that commit
		attempt.Notef("dot can't compare the files with those of the build before, %s: all is built again (%v)", from, err)
		return from, nil, nil, nil
	}
	for _, n := range listed {
		if len(changes[n.UniqueID]) == 0 {
			changes[n.UniqueID] = []string{byDBT}
		}
	}
	return from, changes, known, nil
}

// keeps says, before the first run of these files, that the schema has relations which may be as these files make
// them; "" if it hasn't.
func (rt *runtime) keeps(job *job) string {
	_, refresh := job.Lookup("full-refresh")
	if !job.inPlace() || refresh {
		return ""
	}
	from, state := rt.buildBefore(job)
	if _, err := os.Stat(filepath.Join(state, "manifest.json")); state == "" || err != nil {
		return ""
	}
	before, err := rt.ws.Layer(from, job.build.place)
	if err != nil || before.Run.ID == "" {
		return ""
	}
	return "keeps what is the same as " + rt.ago(before.Run.Time)
}

// buildBefore returns the build that has the schema of a job's working tree, and the directory of its
// manifest; "" if nothing of it can be taken over.
func (rt *runtime) buildBefore(job *job) (from workspace.Build, state string) {
	b := job.build
	tip, ok := rt.ws.Tip(b.place)
	if !ok {
		return from, ""
	}
	from = rt.ws.BuildOf(tip)
	if from.Project != b.Project || from.Env != b.Env || job.force {
		return from, ""
	}
	return from, treeState(from, b.place)
}

// stateBefore is buildBefore with the nodes in the manifest; "" and nil if it can't be read.
func (a *checkIsolation) stateBefore() (from workspace.Build, state string, known map[string]bool) {
	if from, state = a.buildBefore(a.job); state == "" {
		return from, "", nil
	}
	if known = knownBefore(state); known == nil {
		return from, "", nil
	}
	return from, state, known
}

// knownBefore returns the nodes in the manifest of the build before, nil if it can't be read.
func knownBefore(state string) map[string]bool {
	project, err := readGraph(filepath.Join(state, "manifest.json"))
	if err != nil {
		return nil
	}
	known := map[string]bool{}
	for _, id := range project.IDs() {
		known[id] = true
	}
	return known
}

// changesAll reports whether the files that differ from those of another build may change what
// every node is built from: the project's file and, with hooks, macros.
func (a *checkIsolation) changesAll(ctx context.Context, from workspace.Build, hooks bool) (bool, error) {
	changed, err := a.repo.Changed(ctx, from.Commit.Hash, a.job.build.Commit.Hash)
	return slices.ContainsFunc(changed, func(f git.Differing) bool {
		name := path.Base(f.Path)
		return name == "dbt_project.yml" || hooks && (strings.HasPrefix(f.Path, "macros/") || strings.Contains(f.Path, "/macros/") || f.Submodule)
	}), err
}

// inputsOf is a digest of what the job's results depend on, apart from the files and from other
// relations.
func (rt *runtime) inputsOf(job *job) (string, error) {
	in := slices.Concat(job.codeInputs, rt.lateCheckInputs(job))
	for _, o := range job.AllOptions() {
		if strings.HasPrefix(o.Flag, "event-time-") || o.Flag == "empty" || o.Flag == "sample" {
			in = append(in, graph.Input{Label: "--" + o.Flag, Value: fmt.Sprintf("%t %q", o.Negated, o.Values)})
		}
	}
	h := sha256.New()
	for _, i := range in {
		fmt.Fprintf(h, "%q %q\n", i.Label, i.Value)
	}
	return hex.EncodeToString(h.Sum(nil))[:16], nil
}

// findFresh finds the nodes that need not be built again. In doubt a node is built.
func (a *checkIsolation) findFresh(t *takeover, from workspace.Build, changed []string) error {
	job, b := a.job, a.job.build
	own, err := a.ws.Standing(b.Build, b.place)
	if err != nil {
		own = workspace.Standing{}
	}
	before := own
	if t.whole != nil && from.ID() != b.ID() {
		if before, err = a.ws.Standing(from, b.place); err != nil {
			before = workspace.Standing{}
		}
	}
	stale := t.project.Descendants(changed)
	for _, id := range changed {
		stale[id] = true
		if strings.HasPrefix(id, "operation.") { // a hook may do anything
			t.whole = nil
		}
	}
	t.stale = stale
	below, err := a.belowOf(job)
	if err != nil {
		return err
	}
	_, refresh := job.Lookup("full-refresh")
	if before.Layer == nil || refresh || job.checkWarehouse || job.always != "" || !sameRef(before.Below, below.ref) {
		t.whole = nil
	}
	nodes, err := writtenNodes(filepath.Join(b.Target(), "manifest.json"))
	if err != nil {
		return err
	}
	parents := map[string][]string{}
	for _, id := range t.project.Relations() {
		parents[id] = slices.Sorted(maps.Keys(t.project.Reads([]string{id})))
	}
	entry := func(id string) (workspace.Entry, workspace.Claim, bool) {
		s := before
		e, ok := s.Nodes[id]
		if !ok || s.Problem(id) != "" || e.Status != workspace.Written || e.Touched != "" || e.Partial != "" {
			return e, workspace.Claim{}, false
		}
		node, ok := nodes[id]
		if at, claimed := s.Claimed(id); !ok || !claimed || at != b.target(spelling(node)).Relation {
			return e, workspace.Claim{}, false // a macro has given it another name
		}
		return e, s.Claims[id], true
	}
	now := a.world.Now()
	known := map[string]bool{} // whether a node is fresh
	var fresh func(id string) bool
	t.over = func(id string) string {
		h := sha256.New()
		for _, parent := range parents[id] {
			if t.wanted[parent] || fresh(parent) {
				continue // the build's own
			}
			name, run := below.of(parent)
			fmt.Fprintf(h, "%q %q %q\n", parent, name, run)
		}
		return hex.EncodeToString(h.Sum(nil))[:16]
	}
	fresh = func(id string) bool {
		if is, done := known[id]; done {
			return is
		}
		known[id] = false // while it isn't known, and of a project with a cycle
		e, claim, ok := entry(id)
		switch {
		case t.whole == nil || !ok || stale[id] || !t.whole[id]:
			return false
		case claim.Inputs != t.inputs:
			return false
		case job.maxAge() > 0 && now.Sub(e.Time) > job.maxAge():
			return false
		}
		for _, parent := range parents[id] {
			if !t.wanted[parent] && !fresh(parent) {
				continue // read from below
			}
			at, _, ok := entry(parent)
			if !fresh(parent) || !ok || at.Time.After(e.Time) {
				return false
			}
		}
		known[id] = true // t.over asks for the parents only
		known[id] = claim.Over == t.over(id)
		return known[id]
	}
	for _, id := range t.project.Relations() {
		if fresh(id) {
			_, claim, _ := entry(id)
			t.fresh[id] = claim.Basis
		}
	}
	if t.whole == nil {
		return nil
	}
	run := func(id string) string { // the run that wrote a node of the build's own
		if _, ok := t.fresh[id]; ok {
			return before.Nodes[id].Run
		}
		return ""
	}
	for id := range t.wanted {
		pass, ok := before.Passed[id]
		if !ok || stale[id] || !t.whole[id] || pass.Inputs != t.inputs || job.maxAge() > 0 && now.Sub(pass.Time) > job.maxAge() ||
			slices.ContainsFunc(tested(t.project, id), func(parent string) bool { return t.wanted[parent] && run(parent) == "" }) {
			continue
		}
		if pass.Over == below.testedOver(t.project, id, run) {
			t.passed[id] = pass
		}
	}
	return nil
}

// tested returns the nodes with a relation that a test reads, sorted.
func tested(project artifact.Graph, id string) []string {
	return slices.Sorted(maps.Keys(project.Reads([]string{id})))
}

// testedOver is a digest of which runs wrote what a test reads. run returns the run of a node that the
// build has, "" for one that it reads from below.
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

// notePassed notes which tests have passed on what the build has after a run. A build of the next files
// runs the others.
func (a *runCommand) notePassed(run startedRun, results []artifact.Result) error {
	b := a.job.build
	project, err := readGraph(filepath.Join(b.Target(), "manifest.json"))
	if err != nil {
		return err
	}
	below, err := a.belowOf(a.job)
	if err != nil {
		return err
	}
	own, err := a.ws.Standing(b.Build, b.place)
	if err != nil {
		return err
	}
	by := func(id string) string {
		if e, ok := own.Nodes[id]; ok && e.Status == workspace.Written && own.Problem(id) == "" {
			return e.Run
		}
		return ""
	}
	passed := map[string]workspace.Pass{}
	for _, r := range results {
		if r.Status == artifact.StatusPass && isTest(r.UniqueID) {
			passed[r.UniqueID] = workspace.Pass{Basis: workspace.Basis{Inputs: run.checked.Inputs, Over: below.testedOver(project, r.UniqueID, by)}, Time: run.Time}
		}
	}
	return a.ws.NotePassed(b.Build, b.place, passed)
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
func (rt *runtime) belowOf(job *job) (belowLayer, error) {
	if job.baseline == nil {
		return belowLayer{}, nil
	}
	s, err := rt.standing(job.baseline.build, job.baseline.spec, toDefer)
	if err != nil {
		return belowLayer{}, err
	}
	return belowLayer{ref: s.ref(), top: rt.stackOf(s).top}, nil
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

// outdated returns the nodes whose relations were built with other code, or on other code, than theirs:
// also if the build itself has them, from before the working tree had other files in between.
func (t *takeover) outdated() (ids []string) {
	if t.same {
		return nil
	}
	for _, id := range t.project.Relations() {
		if t.whole == nil || t.stale[id] {
			ids = append(ids, id)
		}
	}
	return ids
}

// keepTaken keeps the manifest of a build's files as the build's state until a run keeps its own. What is
// taken over has the code with which it was built. keepTaken returns the manifest's size.
func (t *takeover) keepTaken(b *build, from workspace.Build) (int64, error) {
	kept := filepath.Join(b.State(b.place), "manifest.json")
	before := ""
	if from.Commit.Hash != "" {
		before = filepath.Join(from.State(b.place), "manifest.json")
	}
	err := addCompiled(kept, filepath.Join(b.Target(), "manifest.json"), before, func(id string) bool {
		_, fresh := t.fresh[id]
		_, passed := t.passed[id]
		return fresh || passed
	})
	if err != nil {
		return 0, err
	}
	if err := keepPackages(b); err != nil {
		return 0, err
	}
	info, err := os.Stat(kept)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// addCompiled copies a manifest to a file. Nodes without compiled code get that of another manifest, if
// they are wanted.
func addCompiled(to, manifest, from string, wanted func(id string) bool) error {
	code := map[string]string{}
	f, err := os.Open(from)
	if err == nil {
		defer f.Close() // only read from
		_, err = artifact.ReadManifestCode(from, f, func(n artifact.NodeCode) error {
			if n.CompiledCode != nil && wanted(n.UniqueID) {
				code[n.UniqueID] = *n.CompiledCode
			}
			return nil
		}, func(artifact.Macro) error { return nil })
	}
	if err != nil || len(code) == 0 { // then a comparison says that the code isn't known
		return durable.Copy(to, manifest)
	}
	r, err := os.Open(manifest)
	if err != nil {
		return err
	}
	defer r.Close() // only read from
	var out bytes.Buffer
	if err := artifact.AddCompiled(&out, manifest, r, code); err != nil {
		return err
	}
	return durable.Write(to, out.Bytes(), 0o600)
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
