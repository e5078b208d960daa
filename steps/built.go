package steps

import (
	"context"
	"io/fs"
	"path/filepath"
	"slices"

	"dot-for-dbt/config"
	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/dbt/run"
	"dot-for-dbt/internal/dbt/tool"
	"dot-for-dbt/internal/proc"
	"dot-for-dbt/internal/workspace"
)

// A Built is one of the builds that a program runs its command on: what a person
// wants to know of it and, for those who look at it once it is built, the way to
// its data.
type Built struct {
	// Name is dev@9b13827; without a ref it is the environment's name.
	Name  string
	Specs []string // that denote it, as they were typed
	// Schema is where it is built, "" without a ref.
	Schema string
	// Place is where that is; zero without a ref.
	Place workspace.Place
	// Step is the name of the step that runs the command.
	Step string
	Tool tool.Tool // that runs it
	// Log is dbt's log of the build, "" without a ref.
	Log string

	target  string   // dbt's target path, "" without a ref
	steps   []string // of the graph: Step and all that it depends on, if somebody extends the program
	job     *job
	runtime *runtime
}

// newBuilt describes what a job runs on; step runs the command.
func newBuilt(rt *runtime, job *job, step string) *Built {
	b := &Built{Name: job.name(), Specs: job.specs, Step: step, Tool: job.tool, job: job, runtime: rt}
	if build := job.build; build != nil {
		b.Schema, b.Place = build.schema, build.place
		b.Log, b.target = build.logFile(), build.Target()
	}
	return b
}

// Settings are those of its environment.
func (b *Built) Settings() config.Settings { return b.job.env.Dot }

// Results are those of the last dbt command on it that leaves any.
func (b *Built) Results() (artifact.RunResults, error) {
	if b.target == "" {
		return artifact.RunResults{}, fs.ErrNotExist
	}
	return readResults(b.target)
}

// ReadCall is a dbt command that reads the warehouse as the build does, for a
// project in a directory that holds nothing but what the caller has put there. dbt
// writes to the directory, too.
func (b *Built) ReadCall(dir string, options ...dbt.Option) run.Call {
	job, build := b.job, b.job.build
	command, _ := dbt.LookupCommand("run")
	line := dbt.CommandLine{
		DBT: job.tool.Argv, Command: command.In(job.tool.Version), Options: options,
		Fixed: []dbt.Option{
			dbt.NewOption("project-dir", dir),
			dbt.NewOption("profiles-dir", build.Dir()),
			dbt.NewOption("target-path", filepath.Join(dir, "target")),
			dbt.NewOption("log-path", filepath.Join(dir, "logs")),
			dbt.NewOption("profile", job.output.Profile),
			dbt.NewOption("target", build.targetName()),
		},
	}
	if vars, ok := job.Lookup("vars"); ok { // the profile may read them
		line.Fixed = append(line.Fixed, vars)
	}
	isolated := b.runtime.isolate(job, line)
	line.Environment = isolated.Overrule
	return b.runtime.dbtCall(job, line.Argv(), job.exported(isolated.Env))
}

// ListCall is the dbt list that names what a selection means in the build's
// project, read by [dbt.ReadList]. state is the directory that state: selectors
// compare with.
func (b *Built) ListCall(state string, selection ...dbt.Option) run.Call {
	line := b.job.CommandLine
	line.Options = selection
	line = line.List()
	line.Fixed = append(line.Fixed, dbt.NewOption("state", state))
	isolated := b.runtime.isolate(b.job, line)
	line.Environment = append(line.Environment, isolated.Overrule...)
	return b.runtime.dbtCall(b.job, line.Argv(), b.job.exported(isolated.Env))
}

// RunDBT runs a dbt command under the locks of the step that is attempted.
func (b *Built) RunDBT(ctx context.Context, attempt *graph.Attempt, call run.Call) (proc.Exit, error) {
	return b.runtime.runDBT(ctx, attempt, call)
}

// ComparisonDir is the directory in which it is compared with a candidate.
func (b *Built) ComparisonDir(candidate *Built) string {
	return b.job.build.Comparison(candidate.job.build.Build)
}

// CompareStep returns a step that reads it and a candidate side by side, without
// its action: its name, its locks, its pools, and the steps of the graph that come
// before it. It is exclusive where dbt writes to the builds' directories meanwhile.
// The builds that the two rest on now are locked, too.
func (b *Built) CompareStep(candidate *Built, exclusive bool) *graph.Step {
	one, other := b.job.build, candidate.job.build
	step := &graph.Step{
		Name: "compare " + one.String() + "→" + other.String(), Kind: "compare", Version: 1,
		Missing: func(context.Context, graph.Record) string { return "what stands there now" },
		Locks: []graph.Lock{{
			Name: "compare-" + lockName(one.ID(), other.ID()), What: "the comparison of " + one.String() + " and " + other.String(),
		}},
		Pools: candidate.job.pools,
	}
	var lower []graph.Lock // after the sides' own, which may be exclusive
	for _, side := range []*Built{b, candidate} {
		lock := side.job.build.buildLock()
		lock.Shared = !exclusive
		step.Locks = append(step.Locks, append(side.job.build.warehouseLocks(true), lock)...)
		lower = append(lower, b.runtime.lowerLocks(side.job.build)...)
		for _, name := range side.steps {
			if !slices.Contains(step.Deps, name) {
				step.Deps = append(step.Deps, name)
			}
		}
	}
	seen := map[string]bool{}
	step.Locks = slices.DeleteFunc(append(step.Locks, lower...), func(lock graph.Lock) bool {
		had := seen[lock.Name]
		seen[lock.Name] = true
		return had
	})
	return step
}

// lowerLocks are shared locks on the builds that a build rests on.
func (rt *runtime) lowerLocks(b *build) []graph.Lock {
	s, err := rt.standingOf(b.Build, b.place)
	if err != nil { // it is to be built first, or its step says what is wrong
		return nil
	}
	st := rt.stackOf(s)
	var locks []graph.Lock
	for at := st.top.Below; at != nil && at != st.top && len(locks) < 2*len(st.standings); at = at.Below {
		lower := st.standings[at]
		build, place := lockOf(lower.build), lockOfPlace(lower.Place)
		build.Shared, place.Shared = true, true
		locks = append(locks, build, place)
	}
	return locks
}
