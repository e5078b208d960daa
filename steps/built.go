package steps

import (
	"cmp"
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

// A Built is a build that a program runs its command on: information for the user,
// and access to its data for comparisons.
type Built struct {
	// Name is dev@9b13827, or dev@. for the build of the working tree; without a ref it is the
	// environment's name.
	Name string
	// Label is Name or, for the build of the working tree, dev@. (24256d1 + 3 files).
	Label string
	// ID is dev@9b13827 for the build of the working tree, too.
	ID    string
	Specs []string // the specs that denote it, as typed
	// Schema is its schema, "" without a ref.
	Schema string
	// Place is the schema's place, zero without a ref.
	Place workspace.Place
	// Step is the name of the step that runs the command.
	Step string
	Tool tool.Tool // the dbt that runs it
	// Log is dbt's log of the build, "" without a ref.
	Log string

	target  string   // dbt's target path, "" without a ref
	steps   []string // Step and all steps that it depends on; set if Request.Extend is
	job     *job
	runtime *runtime
}

// newBuilt returns the Built of a job whose command the step runs.
func newBuilt(rt *runtime, job *job, step string) *Built {
	b := &Built{Name: job.name(), Label: job.name(), ID: job.name(), Specs: job.specs, Step: step, Tool: job.tool, job: job, runtime: rt}
	if build := job.build; build != nil {
		b.Label, b.ID = build.label(), build.Build.String()
		b.Schema, b.Place = build.schema, build.place
		b.Log, b.target = build.logFile(), build.Target()
	}
	return b
}

// Settings returns the settings of its environment.
func (b *Built) Settings() config.Settings { return b.job.env.Dot }

// Environment returns the name of its environment.
func (b *Built) Environment() string { return b.job.env.Name }

// WithoutSecrets returns a text in which digests stand for names that secret variables
// make, such as a database's.
func (b *Built) WithoutSecrets(text string) string {
	if b.job == nil || b.job.build == nil { // it has no place of its own
		return text
	}
	return b.job.build.secret.hidden(text)
}

// Vars returns the vars that dbt gets on the command line.
func (b *Built) Vars() map[string]any { return b.job.env.Vars }

// Results returns the run results of the last dbt command that left any.
func (b *Built) Results() (artifact.RunResults, error) {
	if b.target == "" {
		return artifact.RunResults{}, fs.ErrNotExist
	}
	return readResults(b.target)
}

// ReadCall returns a dbt run that reads the warehouse with the build's connection.
// The project is in dir, which has only files of the caller; dbt writes its own files
// there, too.
func (b *Built) ReadCall(dir string, options ...dbt.Option) run.Call {
	return b.runtime.readCall(b.job, dir, options...)
}

// ListCall returns the dbt list for a selection in the build's project; ReadList
// reads the output. state is the directory for state: selectors.
func (b *Built) ListCall(state string, selection ...dbt.Option) run.Call {
	line := b.job.CommandLine
	line.Options = selection
	line = line.List()
	line.Fixed = append(line.Fixed, dbt.NewOption("state", state))
	return b.runtime.listCall(b.job, line)
}

// ReadList reads the output of a ListCall that has run.
func (b *Built) ReadList(stdout []byte, call run.Call) ([]artifact.Node, error) {
	return artifact.ReadList(&run.ReadListing(stdout).Nodes, artifact.RevealFrom(filepath.Join(b.job.build.Target(), "manifest.json"), call.Env))
}

// RunDBT runs a dbt command under the locks of an attempt's step.
func (b *Built) RunDBT(ctx context.Context, attempt *graph.Attempt, call run.Call) (proc.Exit, error) {
	return b.runtime.runDBT(ctx, attempt, call)
}

// ComparisonDir returns the directory for the comparison with a candidate.
func (b *Built) ComparisonDir(candidate *Built) string {
	return b.job.build.Comparison(candidate.job.build.Build)
}

// CompareStep returns a step that reads this build and a candidate, with name, locks,
// pools and dependencies, but without an action. It also locks the builds that the
// two rest on. exclusive is set if dbt writes to the builds' directories meanwhile.
func (b *Built) CompareStep(candidate *Built, exclusive bool) *graph.Step {
	one, other := b.job.build, candidate.job.build
	step := &graph.Step{
		Name: "compare " + one.String() + "→" + other.String(), Kind: "compare", Version: 1,
		Missing: func(context.Context, graph.Record) string { return "always runs" },
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
	step.Locks = withLocks(nil, slices.Concat(step.Locks, lower)...)
	return step
}

// lowerLocks returns shared locks of the builds that a build rests on.
func (ls *layers) lowerLocks(b *build) []graph.Lock {
	s, err := ls.standingOf(b.Build, b.place)
	if err != nil { // the build comes first, or the step reports the error
		return nil
	}
	st := ls.stackOf(s)
	var locks []graph.Lock
	for at := st.top.Below; at != nil && at != st.top && len(locks) < 2*len(st.standings); at = at.Below {
		lower := st.standings[at]
		build, place := BuildLock(lower.build), lockOfPlace(lower.Place)
		build.Shared, place.Shared = true, true
		locks = append(locks, build, place)
	}
	return locks
}

// UpToDate says in short why its command was skipped: "built 3 minutes ago (21 ok)".
func (b *Built) UpToDate(planned graph.Planned, r graph.Record) string {
	if planned.Decision.Cause != graph.UpToDate {
		return planned.Decision.String()
	}
	return cmp.Or(b.runtime.lastRun(b.job, r), planned.Decision.String())
}

// Given returns the dbt command with the flags and arguments that a person gave.
func (b *Built) Given() []string {
	return dbt.CommandLine{DBT: []string{"dbt"}, Command: b.job.Command, Options: b.job.Options, Positional: b.job.Positional}.Argv()
}
