package steps

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"time"

	"dot-for-dbt/config"
	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/dbt/run"
	"dot-for-dbt/internal/git"
	"dot-for-dbt/internal/proc"
	"dot-for-dbt/internal/workspace"
	"dot-for-dbt/spec"
)

// What those who compare builds need of them: what each has in the warehouse, and
// dbt to read it with.

// A Side is a build as it stands in the warehouse, as far as the ledger knows.
type Side struct {
	BuildInfo
	Commit  git.Commit
	Env     string
	Suffix  string // of its schemas
	Profile string // the name of its profile
	// Manifest is the file of the manifest that dbt left when it last built.
	Manifest string
	// State is the directory of that, dbt's --state.
	State string
	// DBT is the version of dbt that built it last, "" if that isn't known.
	DBT string
	// Nodes are what it has there or should have, by unique_id.
	Nodes map[string]NodeState

	repo   *git.Repo
	prefix string // of the project in the repository
}

// NodeState is what is known of a node of a build.
type NodeState struct {
	At time.Time // when it was written
	// Anew is set where it is known that nothing was there before.
	Anew bool
	// Rows is how many rows the last run wrote to it; 0 where that isn't known.
	Rows int64
	// Problem says what keeps it from being as the build made it, "" for nothing.
	Problem string
}

// ReadFile reads a file of the build's project as it is at its commit; the name
// has slashes.
func (s Side) ReadFile(ctx context.Context, name string) (text []byte, err error) {
	objects := s.repo.Objects(ctx)
	defer func() { err = errors.Join(err, objects.Close()) }()
	return objects.Read(s.Commit.Hash + ":" + path.Join(s.prefix, name))
}

// Side returns the program's build of that index as it stands now. It is an error
// with a hint where nothing of it stands.
func (p *Program) Side(i int) (Side, error) {
	job, c := p.jobs[i], p.compiler
	b := job.build
	base := &baseline{build: b, spec: job.spec, use: "compare"}
	found, err := c.standing(base)
	if err != nil {
		return Side{}, err
	}
	if b.duckdb != "" {
		if _, err := os.Stat(b.duckdb); err != nil {
			return Side{}, &hintError{
				msg:   fmt.Sprintf("the DuckDB file of %s is gone: %v", b, err),
				hints: []string{"build it: dot build " + job.specs[0]},
			}
		}
	}
	side := Side{
		BuildInfo: p.Builds[i], Commit: b.commit, Env: b.Env, Suffix: b.suffix,
		Profile:  b.output.Profile,
		Manifest: filepath.Join(found.state, "manifest.json"), State: found.state,
		Nodes: make(map[string]NodeState, len(found.Nodes)),
		repo:  p.Repo, prefix: c.prefix,
	}
	rows := map[string]int64{}
	if results, err := readResults(found.state); err == nil {
		side.DBT = results.Metadata.DBTVersion
		for _, r := range results.Results {
			rows[r.UniqueID] = int64(r.Response.Rows)
		}
	}
	for id, e := range found.Nodes {
		state := NodeState{At: e.Time, Anew: e.Since.Equal(e.Time), Rows: rows[id]}
		switch e.Status {
		case workspace.Damaged:
			state.Problem = "it failed when " + b.String() + " was built"
		case workspace.Unknown:
			state.Problem = "the build of " + b.String() + " was interrupted before it was done"
		}
		side.Nodes[id] = state
	}
	for id, other := range found.Foreign {
		side.Nodes[id] = NodeState{Problem: "its relation was written by " + other + " since"}
	}
	return side, nil
}

// Settings are those of the environment of the program's build of that index.
func (p *Program) Settings(i int) config.Settings { return p.jobs[i].env.Dot }

// ReadCall is a dbt command that reads the warehouse as the program's build of
// that index, for a project in a directory that holds nothing but what the caller
// has put there. dbt writes to the directory, too.
func (p *Program) ReadCall(i int, dir string, options ...dbt.Option) run.Call {
	job, c := *p.jobs[i], p.compiler
	command, _ := dbt.LookupCommand("run")
	line := dbt.CommandLine{
		DBT: job.tool.Argv, Command: command.In(job.tool.Version), Options: options,
		Fixed: []dbt.Option{
			dbt.NewOption("project-dir", dir),
			dbt.NewOption("profiles-dir", job.build.Dir()),
			dbt.NewOption("target-path", filepath.Join(dir, "target")),
			dbt.NewOption("log-path", filepath.Join(dir, "logs")),
			dbt.NewOption("profile", job.output.Profile),
			dbt.NewOption("target", job.build.targetName()),
		},
	}
	if vars, ok := dbt.Lookup(job.AllOptions(), "vars"); ok { // the profile may read them
		line.Fixed = append(line.Fixed, vars)
	}
	isolated := job.isolate(c, line)
	line.Environment = isolated.Overrule
	return c.dbtCall(&job, line.Argv(), job.exported(isolated.Env))
}

// ListCall is the dbt list that names what a selection means in the project of
// the program's build of that index, read by [dbt.ReadList]. state is the
// directory that state: selectors compare with.
func (p *Program) ListCall(i int, state string, selection ...dbt.Option) run.Call {
	job, c := *p.jobs[i], p.compiler
	job.Options = selection
	line := job.List()
	line.Fixed = append(line.Fixed, dbt.NewOption("state", state))
	isolated := job.isolate(c, line)
	line.Environment = append(line.Environment, isolated.Overrule...)
	return c.dbtCall(&job, line.Argv(), job.exported(isolated.Env))
}

// RunDBT runs a dbt command under the locks of the step that is attempted.
func (p *Program) RunDBT(ctx context.Context, attempt *graph.Attempt, job run.Call) (proc.Exit, error) {
	return p.compiler.runDBT(ctx, attempt, job)
}

// CompareStep returns a step that reads two of the program's builds side by side,
// without its action: its name, its locks, its pools, and the steps of the graph
// that come before it. It is exclusive where dbt writes to the builds' directories
// meanwhile.
func (p *Program) CompareStep(baseline, candidate int, exclusive bool) *graph.Step {
	a, b := p.jobs[baseline].build, p.jobs[candidate].build
	step := &graph.Step{
		Name: "compare " + a.String() + "→" + b.String(), Kind: "compare", Version: 1,
		Missing: func(context.Context, graph.Record) string { return "what stands there now" },
		Locks: []graph.Lock{{
			Name: "compare-" + lockName(a.ID(), b.ID()), What: "the comparison of " + a.String() + " and " + b.String(),
		}},
		Pools: p.compiler.pools(p.jobs[candidate]),
	}
	for _, b := range []*build{a, b} {
		lock := b.buildLock()
		lock.Shared = !exclusive
		for _, lock := range append(b.warehouseLocks(true), lock) {
			if !slices.ContainsFunc(step.Locks, func(had graph.Lock) bool { return had.Name == lock.Name }) {
				step.Locks = append(step.Locks, lock)
			}
		}
	}
	for _, i := range []int{baseline, candidate} {
		for _, name := range p.below[p.Builds[i].Step] {
			if p.Graph.Has(name) && !slices.Contains(step.Deps, name) {
				step.Deps = append(step.Deps, name)
			}
		}
	}
	return step
}

// stepsBelow returns, for the step of each build, its own name and those of all
// that it depends on.
func stepsBelow(g *graph.Graph, builds []BuildInfo) map[string][]string {
	deps := map[string][]string{}
	for _, s := range g.Steps() { // each after those it depends on
		all := []string{s.Name}
		for _, dep := range s.Deps {
			all = append(all, deps[dep]...)
		}
		slices.Sort(all)
		deps[s.Name] = slices.Compact(all)
	}
	below := map[string][]string{}
	for _, b := range builds {
		below[b.Step] = deps[b.Step]
	}
	return below
}

// Keep leaves the steps of some kinds in the graph, with all that they depend on.
func (p *Program) Keep(kinds ...string) error {
	wanted := map[string]bool{}
	all := p.Graph.Steps()
	for _, s := range slices.Backward(all) {
		if slices.Contains(kinds, s.Kind) || wanted[s.Name] {
			wanted[s.Name] = true
			for _, dep := range s.Deps {
				wanted[dep] = true
			}
		}
	}
	var err error
	p.Graph, err = graph.New(slices.DeleteFunc(all, func(s *graph.Step) bool { return !wanted[s.Name] })...)
	return err
}

// Add puts steps on top of the graph.
func (p *Program) Add(steps ...*graph.Step) error {
	var err error
	p.Graph, err = graph.New(append(p.Graph.Steps(), steps...)...)
	return err
}

// MergeBase returns the spec of baseline's environment at the commit where
// candidate's left it, for a comparison with just what candidate changed.
func MergeBase(ctx context.Context, world World, baseline, candidate spec.Spec) (spec.Spec, error) {
	c, _, err := open(ctx, world, Request{Specs: []spec.Spec{baseline, candidate}, Planning: true})
	if err != nil {
		return spec.Spec{}, err
	}
	defer c.close()
	commits, err := c.repo.Resolve(ctx, []string{baseline.Ref, candidate.Ref})
	if err != nil {
		return spec.Spec{}, err
	}
	hash, err := c.repo.MergeBase(ctx, commits[0].Hash, commits[1].Hash)
	if err == nil && hash == "" {
		err = &hintError{
			msg:   fmt.Sprintf("%s and %s have no commit in common", baseline.Ref, candidate.Ref),
			hints: []string{"compare them as they are: leave --merge-base out"},
		}
	}
	if err != nil {
		return spec.Spec{}, err
	}
	short := hash
	if found, err := c.repo.Resolve(ctx, []string{hash}); err == nil {
		short = found[0].Short
	}
	return spec.Spec{Env: baseline.Env, Ref: short}, nil
}

// ComparisonDir is the directory in which two of the program's builds are
// compared.
func (p *Program) ComparisonDir(baseline, candidate int) string {
	return p.jobs[baseline].build.Comparison(p.jobs[candidate].build.Build)
}
