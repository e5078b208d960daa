package steps

import (
	"cmp"
	"context"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt/run"
	"dot-for-dbt/internal/text"
)

// plainStep runs dbt on the working tree with the environment's flags and vars. It
// always runs and has no record.
func (rt *runtime) plainStep(job *job, below []string) *graph.Step {
	step := &graph.Step{
		Name: job.step(), Kind: job.Command.Name, Version: 1,
		Deps:    below,
		Missing: func(context.Context, graph.Record) string { return "on the working tree, as dbt itself would" },
		Pools:   job.pools,
		Action:  &runPlain{runtime: rt, job: job, argv: job.Argv()},
	}
	if job.duckdb != "" && rt.ws != nil {
		step.Locks = []graph.Lock{duckdbLock(job.duckdb, job.output.Place(rt.project, rt.ws.Hide).Database)}
	}
	return step
}

type runPlain struct {
	*runtime
	job  *job
	argv []string
}

func (a *runPlain) Describe(graph.Planned) []string { return []string{text.ShellQuote(a.argv)} }

func (a *runPlain) DBTCalls() []run.Call { return []run.Call{a.dbtCall()} }

func (a *runPlain) dbtCall() run.Call {
	call := a.runtime.dbtCall(a.job, a.argv, a.job.environ)
	call.Interactive = a.job.Command.Interactive
	return call
}

func (a *runPlain) Run(ctx context.Context, attempt *graph.Attempt) (any, error) {
	if a.job.baseline != nil {
		if err := a.resolveAndCompose(a.job); err != nil {
			return nil, err
		}
	}
	exit, err := a.runAsked(ctx, attempt, a.dbtCall())
	if err != nil {
		return nil, err
	}
	if !exit.OK() {
		return nil, &DBTError{Command: a.job.Command.Name, On: cmp.Or(a.job.env.Name, "the working tree"), Code: exit.Code, How: exit.String()}
	}
	return nil, nil
}
