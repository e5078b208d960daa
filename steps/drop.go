package steps

import (
	"context"
	"fmt"
	"os"
	"slices"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/text"
	"dot-for-dbt/internal/warehouse"
	"dot-for-dbt/internal/workspace"
)

// Dropping builds. remains.go says what they have left, and which of them may go.

// DropSteps returns the steps that drop what remains of builds: schemas, then worktrees that no
// other build needs, then records. Stopped anywhere, they can be run again. why is the reason that
// the plan gives for each.
func (c Cleanup) DropSteps(all []*Remains, why func(*Remains) string) []*graph.Step {
	var steps []*graph.Step
	byCommit, dropped := map[string][]*Remains{}, map[string]bool{}
	for _, r := range all {
		dropped[r.schemaStep()] = !r.alone
		for _, state := range r.states {
			byCommit[state.Commit.Short] = append(byCommit[state.Commit.Short], r)
		}
	}
	for _, r := range all {
		if r.alone {
			continue
		}
		b := r.Build.job.build
		r.after = slices.DeleteFunc(r.after, func(step string) bool { return !dropped[step] })
		steps = append(steps, &graph.Step{
			Name: r.schemaStep(), Kind: "schema", Version: 1, Always: why(r), Deps: r.after,
			Detail: func(graph.Record) string { return r.String() },
			Locks:  slices.Concat([]graph.Lock{b.buildLock()}, b.warehouseLocks(false), r.placeLocks()),
			Pools:  b.askingPools(),
			Action: &dropSchemas{r},
		})
	}
	schemas := func(all ...*Remains) (deps []string) {
		for _, r := range all {
			if !r.alone {
				deps = appendNew(deps, r.schemaStep())
			}
		}
		return deps
	}
	for _, r := range all {
		records := &graph.Step{
			Name: r.LastStep(), Kind: "records", Version: 1, Always: why(r), Deps: schemas(r),
			Detail: func(graph.Record) string { return r.files() },
			Action: &forget{r},
		}
		for _, state := range r.states {
			commit := CommitLock(state.Commit)
			records.Locks = append(records.Locks, BuildLock(state), commit)
			same := byCommit[state.Commit.Short]
			if same[len(same)-1] == r && len(state.Commit.Builds()) == len(same) {
				worktree := &graph.Step{
					Name: "worktree " + state.Commit.Short, Kind: "worktree", Version: 1, Always: "no build needs it any more",
					Deps: schemas(same...), Locks: []graph.Lock{commit}, Action: &dropWorktree{r.Build.runtime.home, state.Commit},
				}
				steps = append(steps, worktree)
				records.Deps = append(records.Deps, worktree.Name)
			}
		}
		steps = append(steps, records)
	}
	return steps
}

// files says which records go, if these are not those of one build as a whole.
func (r *Remains) files() string {
	switch {
	case r.alone:
		return "the schema stays"
	case len(r.states) > 1:
		return text.Plural(len(r.states), "build")
	}
	return ""
}

// WorktreeSteps returns the steps that remove the worktrees of the program's builds.
func (c Cleanup) WorktreeSteps(why func(*Built) string) []*graph.Step {
	var steps []*graph.Step
	seen := map[string]bool{}
	for _, b := range c.program.Builds {
		build := b.job.build
		if _, err := os.Lstat(build.Commit.Worktree()); err != nil || seen[build.Commit.Short] {
			continue
		}
		seen[build.Commit.Short] = true
		steps = append(steps, &graph.Step{
			Name: "worktree " + build.Commit.Short, Kind: "worktree", Version: 1, Always: why(b),
			Locks: []graph.Lock{build.commitLock()}, Action: &dropWorktree{b.runtime.home, build.Commit},
		})
	}
	return steps
}

// LastStep is the name of the step after which nothing remains.
func (r *Remains) LastStep() string {
	if r.orphan {
		return r.schemaStep()
	}
	return "records " + r.Name
}

func (r *Remains) placeLocks() []graph.Lock {
	var locks []graph.Lock
	for _, p := range r.places {
		locks = append(locks, lockOfPlace(p))
	}
	return locks
}

// askingPools are the pools of a dbt that opens the build's warehouse.
func (b *build) askingPools() []string {
	if b.duckdb == "" {
		return []string{jobsPool}
	}
	return []string{jobsPool, duckdbLock(b.duckdb, "").Name}
}

// dropSchemas drops the schemas of a build in one transaction.
type dropSchemas struct{ *Remains }

func (a *dropSchemas) Describe(graph.Planned) []string { return nil }

func (a *dropSchemas) Run(ctx context.Context, attempt *graph.Attempt) (any, error) {
	rt, job := a.Build.runtime, a.Build.job
	if job.inPlace() {
		found, _, err := rt.ws.Builds()
		if err != nil {
			return nil, err
		}
		if len(statesOf(job.build.Build, found)) > len(a.states) {
			return nil, fmt.Errorf("%s stays: the working tree was built meanwhile", a.Name)
		}
	}
	if len(a.drop.Schemas) > 0 {
		out, err := rt.manageApart(ctx, job, warehouse.Task{Adapter: job.build.place.Adapter, Drop: []warehouse.Dropping{a.drop}}, attempt.LockFiles())
		if err == nil {
			err = out.Dropped[0].Err
		}
		if err != nil {
			return nil, fmt.Errorf("%s stays: %w", listNames(a.Schemas), err)
		}
	}
	// The ledgers forget at once what is gone, since the build's records go last.
	for _, place := range a.places {
		if a.orphan && rt.ws.Marked(place) == "" {
			continue // most have no ledger
		}
		if err := rt.ws.NoteMark(place, ""); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// dropWorktree removes a commit's worktree.
type dropWorktree struct {
	*home
	commit workspace.Commit
}

func (a *dropWorktree) Describe(graph.Planned) []string { return nil }

func (a *dropWorktree) Run(ctx context.Context, _ *graph.Attempt) (any, error) {
	return nil, a.repo.RemoveWorktree(ctx, a.commit.Worktree())
}

// forget removes what dot has written down of builds. What a build alone has left in the schema of its
// working tree stays in the ledger: dot made it.
type forget struct{ *Remains }

func (a *forget) Describe(graph.Planned) []string { return nil }

func (a *forget) Run(context.Context, *graph.Attempt) (any, error) {
	for _, state := range a.states {
		if err := a.Build.runtime.ws.Forget(state, a.places); err != nil {
			return nil, err
		}
		if !a.alone && state.Tree != "" {
			if err := os.RemoveAll(state.FilesDir()); err != nil {
				return nil, err
			}
		}
	}
	return nil, nil
}
