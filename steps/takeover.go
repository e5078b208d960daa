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
	"time"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/durable"
	"dot-for-dbt/internal/git"
	"dot-for-dbt/internal/workspace"
)

// Finding out what a build of a working tree need not build again.

// A takeover is what a build takes over in the schema of its working tree.
type takeover struct {
	build   *build
	from    workspace.Build // the build before, which has the schema
	project artifact.Graph
	inputs  string
	now     time.Time
	maxAge  time.Duration
	wanted  map[string]bool            // the nodes that a build without a selection has of its own
	fresh   map[string]workspace.Basis // nodes that need not be built again
	passed  map[string]workspace.Pass  // tests that need not run again
	// whole are the nodes of the build before, tests too; nil if nothing can be taken over.
	// stale are those that have changed since, and all that depend on them.
	whole, stale map[string]bool

	// What findFresh decides by:

	before  workspace.Standing       // what the ledger has of the build before
	below   belowLayer               // what the nodes read that this build does not have
	nodes   map[string]artifact.Node // the nodes with a relation, in these files
	parents map[string][]string      // the relations that each of them reads
	known   map[string]bool          // whether a node is fresh, as far as that is decided
}

// same reports whether the build before is that of the same files.
func (t *takeover) same() bool { return t.from.ID() == t.build.ID() }

// why says why a node is to be built.
func (t *takeover) why(id string, changes map[string][]string) []string {
	switch {
	case t.whole == nil:
		return []string{"not built yet"}
	case changes[id] != nil:
		return changes[id]
	case t.stale[id]:
		return []string{"upstream"}
	case isTest(id):
		return []string{"has not passed yet"}
	}
	return []string{"not built as it is now"}
}

// takeOver takes over what the build before has, and marks the rest for the selection.
func (a *checkIsolation) takeOver(ctx context.Context, attempt *graph.Attempt, out *checkOutputs) (*takeover, error) {
	job, b := a.job, a.job.build
	from, changes, whole, err := a.before(ctx, attempt)
	if err != nil {
		return nil, err
	}
	t := &takeover{
		build: b, from: from, whole: whole, now: a.world.Now(), maxAge: job.maxAge(),
		fresh: map[string]workspace.Basis{}, passed: map[string]workspace.Pass{},
		parents: map[string][]string{}, known: map[string]bool{},
	}
	if t.project, err = readGraph(filepath.Join(b.Target(), "manifest.json")); err != nil {
		return nil, err
	}
	if t.inputs, err = a.inputsOf(job); err != nil {
		return nil, err
	}
	t.wanted = wantedNodes(job, t.project, out.Modified)
	if t.whole != nil && from.Commit.Hash != b.Commit.Hash {
		all, err := a.changesAll(ctx, from, len(t.project.Hooks()) > 0)
		if err != nil {
			return nil, err
		}
		if all {
			t.whole = nil
		}
	}
	if err := a.findFresh(t, slices.Sorted(maps.Keys(changes))); err != nil {
		return nil, err
	}
	if job.stale {
		out.Stale = t.toBuild(changes)
		if err := markStale(job, out.Stale); err != nil {
			return nil, err
		}
	}
	if !job.Command.WritesNodes() {
		return t, nil
	}
	return t, a.noteTakenOver(t, out.Changed)
}

// wantedNodes returns the nodes that a build without a selection has of its own: with a baseline, those
// that are modified and their descendants.
func wantedNodes(job *job, project artifact.Graph, modified []Change) map[string]bool {
	ids := project.IDs()
	if job.baseline != nil {
		ids = make([]string, 0, len(modified))
		for _, c := range modified {
			ids = append(ids, c.ID)
		}
	}
	wanted := project.Descendants(ids)
	for _, id := range ids {
		wanted[id] = true
	}
	return wanted
}

// toBuild returns the nodes that a job without a selection builds, sorted, with the reasons.
func (t *takeover) toBuild(changes map[string][]string) (stale []Change) {
	for _, id := range slices.Sorted(maps.Keys(t.wanted)) {
		_, fresh := t.fresh[id]
		_, passed := t.passed[id]
		// An ephemeral model that is as it was has nothing to build; dbt 2 would report it as skipped.
		nothing := t.whole != nil && !t.stale[id] && t.project.Materialized(id) == "ephemeral"
		if !fresh && !passed && !nothing {
			stale = append(stale, Change{ID: id, Why: t.why(id, changes)})
		}
	}
	return stale
}

// markStale writes a --state in which exactly these nodes are modified.
func markStale(job *job, stale []Change) error {
	marks := map[string][]string{}
	for _, c := range stale {
		marks[c.ID] = c.Why
	}
	if err := MarkChanged(job.state(), job.build.Target(), marks); err != nil {
		return fmt.Errorf("write dbt's --state: %w", err)
	}
	return nil
}

// noteTakenOver writes to the ledger what the build takes over, and keeps its manifest for the check of
// the next build.
func (a *checkIsolation) noteTakenOver(t *takeover, changed []string) error {
	job, b := a.job, a.job.build
	kept := treeState(b.Build, b.place)
	if err := durable.Copy(filepath.Join(kept, "manifest.json"), filepath.Join(b.Target(), "manifest.json")); err != nil {
		return err
	}
	if err := keepPackagesIn(b, kept); err != nil {
		return err
	}
	run := workspace.Run{ID: "check", Command: job.Command.Name, Time: t.now, Nodes: len(t.project.Relations())}
	if own, err := a.ws.Layer(b.Build, b.place); err != nil || own.Run.ID == "" || !t.same() {
		if run.Manifest, err = t.keepTaken(); err != nil {
			return err
		}
	}
	taken := workspace.Taken{Nodes: t.fresh, Passed: t.passed, Outdated: t.outdated()}
	return a.ws.TakeOver(b.Build, t.from, b.place, taken, run, workspace.Footing{Below: t.below.ref, Changed: changed})
}

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

// outdated returns the nodes whose relations were built with other code, or on other code, than theirs:
// also if the build itself has them, from before the working tree had other files in between.
func (t *takeover) outdated() (ids []string) {
	if t.same() {
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
func (t *takeover) keepTaken() (int64, error) {
	b, from := t.build, t.from
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
