package steps

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/text"
	"dot-for-dbt/internal/workspace"
)

// Another tool with the same directory layout may have run dbt on a build, before or
// after dot. Then dbt's artifacts in the target path, and dbt's log, say what it wrote.
// Any command on the build would overwrite the artifacts, so dot first copies them and
// writes the ledger.

var errNeverBuilt = errors.New("was never built")

func isNeverBuilt(err error) bool { return errors.Is(err, errNeverBuilt) }

// An adoption is what another tool's runs of dbt wrote into a build.
type adoption struct {
	run    workspace.Run
	nodes  map[string]workspace.Spelling // by unique_id
	ending workspace.Ending
	dir    string // the build's directory for the other tool, with dbt's target and logs
}

func (a adoption) target() string { return filepath.Join(a.dir, "target") }

func (a adoption) logFile() string { return filepath.Join(a.dir, "logs", "dbt.log") }

// foreignDir returns the directory in which another tool keeps a build: that of dot or,
// for a project below the repository's root, the one of version 0.5 of the Python tool,
// which has no directories for projects.
func foreignDir(b workspace.Build) string {
	if b.Project == "" || b.Tree != "" {
		return b.Dir()
	}
	dir := filepath.Join(b.Commit.Dir(), "env", b.Env)
	// Another project of the repository may have used it last.
	if results, err := readResults(filepath.Join(dir, "target")); err != nil || !sameFile(string(results.Args.ProjectDir), b.ProjectDir()) {
		return b.Dir()
	}
	return dir
}

// sameFile reports whether two paths lead to the same file or directory.
func sameFile(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}

// adopt reads what another tool made of a build that dot never ran on. The error says
// why that isn't known.
func (ls *layers) adopt(b workspace.Build) (adoption, error) {
	a := adoption{dir: foreignDir(b), nodes: map[string]workspace.Spelling{}, ending: workspace.Ending{Complete: true, Succeeded: true}}
	nodes, err := writtenNodes(filepath.Join(a.target(), "manifest.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return adoption{}, fmt.Errorf("%s %w", b, errNeverBuilt)
	}
	if err != nil {
		return adoption{}, fmt.Errorf("the manifest.json of %s can't be read: %w", b, err)
	}
	results, err := readResults(a.target())
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return adoption{}, fmt.Errorf("%s %w", b, errNeverBuilt)
	case err != nil:
		return adoption{}, fmt.Errorf("dot doesn't know what %s built: %w", b, err)
	}
	a.run = workspace.Run{
		ID: results.Metadata.InvocationID, Command: results.Args.Which,
		Time: results.Metadata.GeneratedAt, Nodes: len(nodes), Adopted: true,
	}
	// A command such as dbt test replaces the run results. The log still has earlier runs.
	wrote := ls.readLog(a, 0, nodes)
	switch {
	case dbt.Built(results):
		for _, r := range results.Results {
			if r.Builds() && !r.Status.Untouched() {
				wrote[r.UniqueID] = r.Status.Wrote()
			}
		}
	case len(wrote) > 0:
		a.run.Command = "build"
	default:
		return adoption{}, fmt.Errorf("dot doesn't know what %s built: the last run results are those of dbt %s", b, results.Args.Which)
	}
	a.take(wrote, nodes)
	if len(a.nodes) == 0 {
		return adoption{}, fmt.Errorf("dot doesn't know what %s built: its last command, dbt %s, built nothing", b, results.Args.Which)
	}
	return a, nil
}

// since reads what another tool wrote into a build since dot's last run. ok is false if
// it wrote nothing.
func (ls *layers) since(b workspace.Build, l *workspace.Layer) (a adoption, ok bool) {
	a = adoption{dir: foreignDir(b), nodes: map[string]workspace.Spelling{}, ending: workspace.Ending{Complete: true}}
	info, err := os.Stat(a.logFile())
	if err != nil {
		return adoption{}, false
	}
	var from int64 // in the log
	if a.dir != b.Dir() {
		if !info.ModTime().After(l.Run.Time) {
			return adoption{}, false
		}
	} else if l.Log == 0 || l.Log == info.Size() {
		return adoption{}, false
	} else if from = b.Known(info.Size()); from == info.Size() { // 0 in a new file: dbt starts one at 10 MiB
		return adoption{}, false
	}
	nodes, err := writtenNodes(filepath.Join(a.target(), "manifest.json"))
	if err != nil {
		return adoption{}, false
	}
	a.take(ls.readLog(a, from, nodes), nodes)
	a.run = workspace.Run{ID: fmt.Sprintf("log-%d", info.Size()), Command: "build", Time: info.ModTime(), Nodes: len(nodes), Adopted: true}
	return a, len(a.nodes) > 0
}

// readLog returns the nodes that dbt built according to the other tool's log, from an
// offset on, with whether it succeeded. It didn't if dbt was killed in the middle.
func (ls *layers) readLog(a adoption, offset int64, nodes map[string]artifact.Node) map[string]bool {
	log := artifact.ReadLog(a.logFile(), offset).ByRelation(nodes).Reveal(ls.world.Env, slices.Collect(maps.Keys(nodes)))
	wrote := map[string]bool{}
	for _, id := range log.Written {
		wrote[id] = true
	}
	for _, id := range slices.Concat(log.Failed, log.Open) {
		wrote[id] = false
	}
	return wrote
}

// take adds the nodes that were built, with whether that succeeded, if the project has
// them.
func (a *adoption) take(wrote map[string]bool, nodes map[string]artifact.Node) {
	for _, id := range slices.Sorted(maps.Keys(wrote)) {
		node, known := nodes[id]
		if !known {
			continue
		}
		a.nodes[id] = spelling(node)
		if wrote[id] {
			a.ending.Written = append(a.ending.Written, id)
		} else {
			a.ending.Failed = append(a.ending.Failed, id)
		}
	}
}

// standing returns the adoption as a standing.
func (a adoption) standing(b workspace.Build, p workspace.Place) workspace.Standing {
	s := workspace.Standing{
		Layer: &workspace.Layer{Build: b.ID(), Place: p, Run: a.run},
		Nodes: map[string]workspace.Entry{}, Lost: map[string]string{},
	}
	add := func(ids []string, status workspace.Status) {
		for _, id := range ids {
			s.Nodes[id] = workspace.Entry{
				Node: id, Name: a.nodes[id], Build: b.ID(), Run: a.run.ID, Status: status, Time: a.run.Time,
			}
		}
	}
	add(a.ending.Written, workspace.Written)
	add(a.ending.Failed, workspace.Damaged)
	return s
}

// over returns a ledger's standing with the adoption on top.
func (a adoption) over(s workspace.Standing) workspace.Standing {
	l := *s.Layer
	l.Run = a.run
	l.Run.Nodes, l.Run.Manifest = s.Run.Nodes, s.Run.Manifest // dot's copy of it is still that of its own run
	s.Layer, s.Nodes = &l, maps.Clone(s.Nodes)
	set := func(ids []string, status workspace.Status) {
		for _, id := range ids {
			if e, ok := s.Nodes[id]; ok {
				e.Run, e.Status, e.Time, e.Touched, e.Partial = a.run.ID, status, a.run.Time, "", ""
				s.Nodes[id] = e
			}
		}
	}
	set(a.ending.Written, workspace.Written)
	set(a.ending.Failed, workspace.Damaged)
	return s
}

// ledgerOf reads a build's standing from dot's ledgers, with what another tool has
// written since. If dot never ran on the build, the error is fs.ErrNotExist.
func (ls *layers) ledgerOf(b workspace.Build, p workspace.Place) (workspace.Standing, error) {
	s, err := ls.ws.Standing(b, p)
	if err != nil || s.Layer == nil {
		return s, err
	}
	if a, ok := ls.since(b, s.Layer); ok {
		s = a.over(s)
	}
	return s, nil
}

// adoptable returns what another tool wrote into a build, if dot doesn't have it in its
// ledgers yet.
func (ls *layers) adoptable(b *build) (a adoption, ok bool) {
	s, err := ls.ws.Standing(b.Build, b.place)
	switch {
	case err == nil && s.Layer != nil:
		return ls.since(b.Build, s.Layer)
	case !errors.Is(err, fs.ErrNotExist) || b.Ran():
		return adoption{}, false
	}
	if _, err := os.Stat(filepath.Join(foreignDir(b.Build), "target", "manifest.json")); err != nil { // as for most builds that never ran
		return adoption{}, false
	}
	a, err = ls.adopt(b.Build)
	return a, err == nil
}

// adoption is the adoptStep of a build. Of many specs, most name commits that have no directory yet.
func (p *planner) adoption(b *build) *graph.Step {
	there, _ := p.known.directories.get(b.Commit.Short, func() (bool, error) {
		_, err := os.Stat(b.Commit.Dir())
		return !errors.Is(err, fs.ErrNotExist), nil
	})
	if !there {
		return nil
	}
	return p.adoptStep(b)
}

// adoptStep takes over what another tool wrote into a build: it copies dbt's artifacts,
// and writes the ledger. It is nil if there is nothing to take over.
func (ls *layers) adoptStep(b *build) *graph.Step {
	if _, ok := ls.adoptable(b); !ok {
		return nil
	}
	return &graph.Step{
		Name: "adopt " + b.String(), Kind: "adopt", Version: 1,
		After: []string{"profiles " + b.String()}, // so that it runs in the order of the plan
		Missing: func(context.Context, graph.Record) string {
			found, ok := ls.adoptable(b)
			if !ok {
				return ""
			}
			return "made by another tool: " + text.Plural(len(found.nodes), "node")
		},
		Locks:  []graph.Lock{b.buildLock(), b.placeLock()},
		Action: adoptBuild{layers: ls, build: b},
	}
}

type adoptBuild struct {
	*layers
	build *build
}

func (adoptBuild) Describe(graph.Planned) []string { return nil }

func (a adoptBuild) Run(context.Context, *graph.Attempt) (any, error) {
	b := a.build
	found, ok := a.adoptable(b)
	if !ok { // another dot was faster
		return nil, nil
	}
	return nil, a.takeOver(b, found, found.target(), artifact.LogSize(b.logFile()))
}

// takeOver copies the artifacts of another tool's run from a directory, and writes the ledger. log
// is the size in bytes of the part of dbt's log that the ledger then covers.
func (ls *layers) takeOver(b *build, found adoption, from string, log int64) error {
	run, end := found.run, found.ending
	targets := make(map[string]workspace.Target, len(found.nodes))
	for id, name := range found.nodes {
		targets[id] = b.target(name)
	}
	if err := keepState(b, from, &run); err != nil {
		return err
	}
	if err := ls.ws.Begin(b.Build, b.place, run, targets); err != nil {
		return err
	}
	end.Log = log
	_, err := ls.ws.End(b.Build, b.place, run, targets, end)
	return err
}
