package steps

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/dbt/profile"
	"dot-for-dbt/internal/workspace"
)

// commandStep runs the dbt command on a build.
func (rt *runtime) commandStep(job *job, inputs []graph.Input, below []string) *graph.Step {
	b := job.build
	step := &graph.Step{
		Name: job.step(), Kind: job.Command.Name, Version: 1,
		Deps: below, Inputs: inputs, Late: rt.lateInputs(job),
		Record: b.Record(job.slot),
		Always: job.always, MaxAge: job.maxAge(), Force: job.force,
		Overwritten: func(r graph.Record) string { return rt.overwritten(job, r) },
		Missing: func(ctx context.Context, _ graph.Record) string {
			switch {
			case len(job.Command.Builds) == 0:
				return ""
			case b.fileGone() != "" || !job.checkWarehouse:
				return b.fileGone()
			}
			return rt.gone(ctx, job)
		},
		Summary: func(r graph.Record) string {
			done := rt.lastRun(job, r)
			if done == "" {
				return ""
			}
			unchecked := "warehouse and sources"
			if job.checkWarehouse {
				unchecked = "sources"
			}
			return done + ", with the same inputs; " + unchecked + " not checked; rerun: --force"
		},
		Detail: func(r graph.Record) string {
			detail := rt.history(job)
			if r.Key == "" && detail == "" && job.always == "" && job.slot != slot(job.Command, arguments{}) {
				detail = "with this selection"
			}
			return strings.Join(slices.DeleteFunc([]string{detail, rt.standers(job)}, func(s string) bool { return s == "" }), "; ")
		},
		Locks: []graph.Lock{b.buildLock()},
		Pools: job.pools,
	}
	if job.Command.OpensAdapter {
		step.Locks = append(step.Locks, b.warehouseLocks(len(job.Command.Builds) == 0)...)
	}
	step.Action = &runCommand{runtime: rt, job: job, argv: job.Argv()}
	return step
}

// unskippable says why the job's step always runs, "" if it may be skipped.
func (p *planner) unskippable(job *job) string {
	_, selected := dbt.Lookup(job.Options, "select")
	_, selector := dbt.Lookup(job.Options, "selector")
	switch reuse := job.Command.Reuse; {
	case reuse == dbt.ReuseNever, reuse == dbt.ReuseUnselected && (selected || selector):
		return "dbt " + job.Command.Name + " always runs"
	}
	if !job.age.Never && job.age.Limit == 0 {
		return "max-age is 0"
	}
	return p.undeclared(job)
}

// undeclared says where the project, its packages, submodules or output read an
// environment variable with a computed name, whose value can't be an input. It
// returns "" if there is none, or if the environment declares such variables.
func (p *planner) undeclared(job *job) string {
	b := job.build
	made, _ := p.known.made.get(b.Commit.Short, func() (profile.EnvUse, error) {
		installed, _ := p.installed(b)
		return profile.EnvUse{Computed: slices.Concat(installed.Computed, p.submoduleReads(b).Computed)}, nil
	})
	if at := slices.Concat(job.keyVars.Computed, made.Computed); len(at) > 0 && job.env.Dot.Env == nil {
		return "env_var with a computed name at " + at[0] + ": declare what it reads with dot: {env: […]}"
	}
	return ""
}

// overwritten says what has changed the relations of a run since, "" for none.
func (ls *layers) overwritten(job *job, r graph.Record) string {
	report, err := ParseReport(r)
	if err != nil {
		return "the record is damaged"
	}
	s, err := ls.ledgerOf(job.build.Build, job.build.place)
	switch never := errors.Is(err, fs.ErrNotExist); {
	case err != nil && !never:
		return "dot doesn't know what is in the schema: " + err.Error()
	case report.Run == "" && report.Manifest != manifestMark(job.build):
		return "dbt has written to the target path since"
	case report.Run == "":
		return ""
	case report.Written == 0 && !report.Nothing:
		return "the last run wrote nothing"
	case job.build.fileGone() != "":
		return job.build.fileGone()
	case never && report.Schema != job.build.schema:
		return "" // the schema has changed: so has an input
	case never && job.build.Ran():
		return cmp.Or(ls.movedFile(job.build.Build, job.build.place), "it was never built in this database")
	case never:
		return "the build has no ledger"
	}
	if why := cmp.Or(ls.takenOver(job, report), s.Overwritten(report.Run, report.Written)); why != "" {
		return why
	}
	return stateProblem(job.build.State(job.build.place), s)
}

// history says on what incremental models and snapshots of the job are built: from
// scratch, or on top of existing relations.
func (rt *runtime) history(job *job) string {
	mayHave := func(kind string) bool { return kind == "model" || kind == "snapshot" }
	if job.Command.Name == "clone" || !slices.ContainsFunc(job.Command.Builds, mayHave) {
		return ""
	}
	partial := job.partial()
	checked, err := rt.checked(job)
	if err != nil { // the check has not run yet
		s, err := rt.standingOf(job.build.Build, job.build.place)
		switch {
		case isNeverBuilt(err) && job.cloneIncremental:
			return ""
		case isNeverBuilt(err):
			return cmp.Or(rt.keeps(job), "from scratch")
		case err != nil:
			return ""
		}
		for id, e := range s.Nodes {
			if e.Partial != "" && partial == "" {
				continue // what adds to it is made from scratch: see historyOf
			}
			if kind, _, _ := strings.Cut(id, "."); mayHave(kind) && e.Status != workspace.Gone {
				return "on top of its build from " + rt.ago(s.Run.Time)
			}
		}
		return "from scratch" // its runs wrote nothing, or seeds
	}
	targets, keeps := checked.targets(job), map[string]bool{}
	for _, n := range checked.Nodes {
		keeps[n.ID] = n.Keeps
		if !n.History {
			delete(targets, n.ID)
		}
	}
	if len(targets) == 0 {
		return ""
	}
	written, err := rt.ws.Last(targets)
	if err != nil {
		return ""
	}
	if job.cloneIncremental {
		if found, err := rt.clonings(job, checked); err == nil {
			for _, c := range found.all {
				if !c.view {
					return "on top of clones of " + c.layer
				}
			}
		}
	}
	var last workspace.Entry
	for id, e := range written {
		if !keeps[id] && (e.Unfinished || e.Partial != "" && partial == "") {
			continue // it is made from scratch again: see historyOf
		}
		if e.Status == workspace.Gone || e.IsClone() && e.Clone.View {
			continue
		}
		if e.Time.After(last.Time) {
			last = e
		}
	}
	if last.IsClone() {
		return "on top of a clone of " + last.Clone.From + " from " + rt.ago(last.Time)
	}
	switch last.Build {
	case "":
		return "from scratch"
	case job.build.ID():
		return "on top of its build from " + rt.ago(last.Time)
	}
	return "on top of " + last.Build + " from " + rt.ago(last.Time)
}

// lastRun says when a job's command ran last, and with which result: "built 3 minutes ago
// (21 ok)". It is "" if the record doesn't tell.
func (rt *runtime) lastRun(job *job, r graph.Record) string {
	report, err := ParseReport(r)
	if err != nil {
		return ""
	}
	done := "done"
	if len(job.Command.Builds) > 0 {
		done = "built"
	}
	done += " " + rt.ago(r.Finished)
	if counts := report.String(); counts != "" {
		done += fmt.Sprintf(" (%s)", counts)
	}
	return done
}
