package steps

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"dot-for-dbt/compare/code"
	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/dbt/profile"
	"dot-for-dbt/internal/durable"
	"dot-for-dbt/internal/git"
	"dot-for-dbt/internal/workspace"
)

// Which nodes a commit changes, for --modified and every other state: selector. dbt's
// state:modified misses some: see package code. dot marks these in a copy of the
// baseline's manifest, so that dbt selects them with its own graph operators.

// A Change is a node that a commit changes, compared with its baseline's.
type Change struct {
	ID  string   `json:"id"` // dbt's unique_id
	Why []string `json:"why"`
}

// SelectModified is the selection of --modified.
const SelectModified = "state:modified+"

// byDBT is the reason for a node that only dbt's state:modified finds.
const byDBT = "state:modified"

// Changes returns the nodes that the candidate's commit changes, with the reasons, by
// unique_id. vars are the candidate's --vars, which override the project's. compiled is nil
// if the compiled code of one of them is not known.
func Changes(ctx context.Context, baseline, candidate *Layer, vars map[string]any, compiled *code.Compiled) (map[string][]string, error) {
	commit := code.Commit{}
	if baseline.commit != "" { // otherwise there is nothing to compare the files with
		var err error
		if commit, err = changedFiles(ctx, baseline, candidate); err != nil {
			return nil, err
		}
		if commit.Vars, err = changedIn(ctx, baseline, candidate, profile.ChangedVars); err != nil {
			return nil, err
		}
		if commit.Dispatch, err = changedIn(ctx, baseline, candidate, profile.ChangedDispatch); err != nil {
			return nil, err
		}
		if commit.PackageVars, err = changedPackageVars(ctx, baseline, candidate); err != nil {
			return nil, err
		}
	}
	set := func(name string) bool { _, is := vars[name]; return is }
	commit.Vars = slices.DeleteFunc(commit.Vars, set)
	for name, changed := range commit.PackageVars {
		commit.PackageVars[name] = slices.DeleteFunc(changed, set)
	}
	commit.Compiled = compiled
	return code.Changes(code.Side{Manifest: baseline.Manifest}, code.Side{Manifest: candidate.Manifest}, commit)
}

// changedFiles returns the files that differ between the commits, also under the names that
// symbolic links give them.
func changedFiles(ctx context.Context, baseline, candidate *Layer) (commit code.Commit, err error) {
	changed, err := candidate.repo.Changed(ctx, baseline.commit, candidate.commit)
	if err != nil || len(changed) == 0 {
		return commit, err
	}
	objects := candidate.repo.Objects(ctx)
	defer func() { err = errors.Join(err, objects.Close()) }()
	links, err := objects.Links(candidate.commit, "")
	if err != nil {
		return commit, err
	}
	for _, file := range throughLinks(changed, links) {
		name, err := filepath.Rel(filepath.FromSlash("/"+candidate.project), filepath.FromSlash("/"+file.Path))
		if err != nil {
			return commit, err
		}
		names := &commit.Files
		if file.Submodule {
			names = &commit.Submodules
		}
		*names = append(*names, filepath.ToSlash(name))
	}
	return commit, nil
}

// maxLinks is through how many symbolic links a name is followed. A link to a directory above
// it gives files endless names.
const maxLinks = 4

// throughLinks adds the names that symbolic links, by path, give to files and to what is in
// submodules.
func throughLinks(files []git.Differing, links map[string]string) []git.Differing {
	all := slices.Clone(files)
	seen := map[string]bool{}
	for _, f := range files {
		seen[f.Path] = true
	}
	for from, depth := 0, 0; depth < maxLinks && from < len(all); depth++ {
		last := all[from:]
		from = len(all)
		for link, target := range links {
			at := path.Join(path.Dir(link), target)
			if path.IsAbs(target) {
				continue
			}
			if at == "." {
				at = "" // the top
			}
			for _, f := range last {
				switch {
				case within(f.Path, at): // the file, or a directory above it
					f.Path = path.Join(link, strings.TrimPrefix(f.Path, at))
				case f.Submodule && within(at, f.Path): // a part of the submodule
					f.Path = link
				default:
					continue
				}
				if !seen[f.Path] {
					seen[f.Path] = true
					all = append(all, f)
				}
			}
		}
	}
	return all
}

// changedIn returns what differs between the dbt_project.yml of two commits, as read by differences.
func changedIn[T any](ctx context.Context, baseline, candidate *Layer, differences func(file string, before, after []byte) (T, error)) (none T, err error) {
	var texts [2][]byte
	for i, l := range []*Layer{baseline, candidate} {
		if texts[i], err = l.ReadFile(ctx, projectFile); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return none, err
		}
	}
	if bytes.Equal(texts[0], texts[1]) {
		return none, nil
	}
	return differences(projectFile, texts[0], texts[1])
}

// MarkChanged writes a copy of the state in a directory, dbt's --state, whose
// state:modified selects these nodes, too.
func MarkChanged(dir, state string, changes map[string][]string) error {
	for _, name := range []string{"run_results.json", "sources.json"} { // for result: and source_status:
		err := durable.Copy(filepath.Join(dir, name), filepath.Join(state, name))
		if errors.Is(err, fs.ErrNotExist) {
			err = removeFile(filepath.Join(dir, name))
		}
		if err != nil {
			return err
		}
	}
	from, to := filepath.Join(state, "manifest.json"), filepath.Join(dir, "manifest.json")
	if len(changes) == 0 {
		return durable.Copy(to, from)
	}
	f, err := os.Open(from)
	if err != nil {
		return err
	}
	defer f.Close() // only read from
	marked := make(map[string]bool, len(changes))
	for id := range changes {
		marked[id] = true
	}
	var out bytes.Buffer
	if err := artifact.MarkChanged(&out, from, f, marked); err != nil {
		return err
	}
	return durable.Write(to, out.Bytes(), 0o600)
}

// findChanges finds the nodes that the job's commit changes, and marks them for the
// job's state: selectors.
func (a *checkIsolation) findChanges(ctx context.Context, attempt *graph.Attempt, out *checkOutputs) error {
	listed, err := a.list(ctx, attempt, a.changedCall(), true)
	if err != nil {
		return err
	}
	below, err := a.deferredTo(a.job)
	if err != nil {
		return err
	}
	manifest := filepath.Join(a.job.build.Target(), "manifest.json")
	packages, err := installedPackages(a.job.build)
	if err != nil {
		return err
	}
	changes, err := Changes(ctx,
		&Layer{Manifest: filepath.Join(below.state, "manifest.json"), repo: a.repo, project: below.build.Project, commit: below.build.Commit.Hash},
		&Layer{Manifest: manifest, repo: a.repo, project: a.job.build.Project, commit: a.job.build.Commit.Hash, packages: packages},
		a.job.env.Vars, a.compiledSides(ctx, a.job, below))
	if err != nil {
		return fmt.Errorf("find what %s changes: %w", a.job.build, err)
	}
	for _, n := range listed {
		if len(changes[n.UniqueID]) == 0 {
			changes[n.UniqueID] = []string{byDBT}
		}
	}
	state := below.state
	if a.job.byCompiled {
		if out.Same, err = a.narrow(ctx, attempt, below, changes); err != nil {
			return err
		}
		state = a.job.build.Target() // compared with itself: only what is marked is modified
	}
	marks := changes
	if a.job.reuse {
		if marks, err = a.withLacking(attempt, below, changes); err != nil {
			return err
		}
	}
	if a.job.marksState() {
		if err := MarkChanged(a.job.state(), state, marks); err != nil {
			return fmt.Errorf("write dbt's --state: %w", err)
		}
	}
	out.BaselineRun = below.runID()
	project, err := readGraph(manifest)
	if err != nil {
		return err
	}
	relations := project.Relations()
	if !a.job.byCompiled {
		addTests(project, changes)
	}
	for _, id := range slices.Sorted(maps.Keys(changes)) {
		out.Modified = append(out.Modified, Change{ID: id, Why: changes[id]})
		if _, has := slices.BinarySearch(relations, id); has {
			out.Changed = append(out.Changed, id)
		}
	}
	return nil
}

// addTests adds the tests of what is modified, which dbt selects with it.
func addTests(project artifact.Graph, changes map[string][]string) {
	tests := map[string][]string{}
	for _, id := range project.IDs() {
		if !isTest(id) || len(changes[id]) > 0 {
			continue
		}
		for _, parent := range project.Parents(id) {
			if len(changes[parent]) > 0 {
				tests[id] = []string{"tests " + workspace.NodeName(parent) + ", which is modified"}
				break
			}
		}
	}
	maps.Copy(changes, tests)
}

// Modified are the nodes that a job's commit changes, as --modified selects them.
type Modified struct {
	// Unknown says why the nodes aren't known, "" if they are.
	Unknown string
	Nodes   []Change // in the order of their IDs
	// Same are, with --modified=compiled, the IDs of nodes that would be among Nodes, and that compile to
	// the baseline's code.
	Same []string
}

// Modified returns the nodes that the commit changes, according to a plan. ok is false if
// the job's selection doesn't compare with a baseline.
func (b *Built) Modified(plan *graph.Plan) (m Modified, ok bool) {
	job := b.job
	if !job.marksState() {
		return Modified{}, false
	}
	const notYet = "not known until the check has run"
	checked, ok := lastCheck(plan, job)
	if !ok {
		return Modified{Unknown: notYet}, true
	}
	if job.stale {
		return Modified{Nodes: checked.Stale}, true
	}
	below, err := b.runtime.deferredTo(job)
	switch {
	case err != nil:
		return Modified{Unknown: "not known: " + err.Error()}, true
	case checked.BaselineRun != below.runID():
		return Modified{Unknown: notYet}, true
	}
	return Modified{Nodes: checked.Modified, Same: checked.Same}, true
}

// Name is the node's name that is shown.
func (c Change) Name() string { return workspace.NodeName(c.ID) }

// String lists the reasons of a change.
func (c Change) String() string { return strings.Join(c.Why, ", ") }
