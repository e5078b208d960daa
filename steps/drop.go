package steps

import (
	"context"
	"fmt"
	"os"
	"slices"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/warehouse"
)

// Dropping builds. remains.go says what they have left, and which of them may go.

// DropSteps returns the steps that drop what remains of builds: schemas, then worktrees that no
// other build needs, then records. Stopped anywhere, they can be run again. why is the reason that
// the plan gives for each.
func (p *Program) DropSteps(all []*Remains, why func(*Remains) string) []*graph.Step {
	var steps []*graph.Step
	byCommit, dropped := map[string][]*Remains{}, map[string]bool{}
	for _, r := range all {
		dropped[r.schemaStep()] = true
	}
	for _, r := range all {
		b := r.Build.job.build
		r.after = slices.DeleteFunc(r.after, func(step string) bool { return !dropped[step] })
		steps = append(steps, &graph.Step{
			Name: r.schemaStep(), Kind: "schema", Version: 1, Always: why(r), Deps: r.after,
			Detail: func(graph.Record) string { return r.String() },
			Locks:  slices.Concat([]graph.Lock{b.buildLock()}, b.warehouseLocks(false), r.placeLocks()),
			Pools:  b.askingPools(),
			Action: &dropSchemas{r},
		})
		byCommit[b.Commit.Short] = append(byCommit[b.Commit.Short], r)
	}
	for _, r := range all {
		b := r.Build.job.build
		same := byCommit[b.Commit.Short]
		last := same[len(same)-1] == r
		records := &graph.Step{
			Name: r.LastStep(), Kind: "records", Version: 1, Always: why(r), Deps: []string{r.schemaStep()},
			Locks: []graph.Lock{b.buildLock(), b.commitLock()}, Action: &forget{r},
		}
		if last && len(b.Commit.Builds()) == len(same) {
			worktree := &graph.Step{
				Name: "worktree " + b.Commit.Short, Kind: "worktree", Version: 1, Always: "no build needs it any more",
				Locks: []graph.Lock{b.commitLock()}, Action: &dropWorktree{r.Build.runtime, b},
			}
			for _, other := range same {
				worktree.Deps = append(worktree.Deps, other.schemaStep())
			}
			steps = append(steps, worktree)
			records.Deps = append(records.Deps, worktree.Name)
		}
		steps = append(steps, records)
	}
	return steps
}

// WorktreeSteps returns the steps that remove the worktrees of the program's builds.
func (p *Program) WorktreeSteps(why func(*Built) string) []*graph.Step {
	var steps []*graph.Step
	seen := map[string]bool{}
	for _, b := range p.Builds {
		build := b.job.build
		if _, err := os.Lstat(build.Commit.Worktree()); err != nil || seen[build.Commit.Short] {
			continue
		}
		seen[build.Commit.Short] = true
		steps = append(steps, &graph.Step{
			Name: "worktree " + build.Commit.Short, Kind: "worktree", Version: 1, Always: why(b),
			Locks: []graph.Lock{build.commitLock()}, Action: &dropWorktree{b.runtime, build},
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
	*runtime
	build *build
}

func (a *dropWorktree) Describe(graph.Planned) []string { return nil }

func (a *dropWorktree) Run(ctx context.Context, _ *graph.Attempt) (any, error) {
	return nil, a.repo.RemoveWorktree(ctx, a.build.Commit.Worktree())
}

// forget removes what dot has written down of a build.
type forget struct{ *Remains }

func (a *forget) Describe(graph.Planned) []string { return nil }

func (a *forget) Run(context.Context, *graph.Attempt) (any, error) {
	return nil, a.Build.runtime.ws.Forget(a.Build.job.build.Build, a.places)
}
