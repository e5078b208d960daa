package steps

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt/profile"
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
		e := &DBTError{Command: a.job.Command.Name, On: cmp.Or(a.job.env.Name, "the working tree"), Code: exit.Code, How: exit.String()}
		if a.lacksPackages() {
			e.Advice = []string{"the project's packages are not installed: " + text.ShellQuote(append([]string{"dot", "deps"}, a.job.specs...))}
		}
		return nil, e
	}
	return nil, nil
}

// lacksPackages reports whether the project requires more packages than are installed. dbt
// counts them, too.
func (a *runPlain) lacksPackages() bool {
	if !a.job.Command.Parses {
		return false
	}
	required := 0
	for _, name := range []string{"packages.yml", "dependencies.yml"} {
		if content, err := readFile(filepath.Join(a.project, name)); err == nil {
			packages, _ := profile.ParsePackages(name, content) // dbt tells of errors
			required += len(packages)
		}
	}
	content, err := readFile(filepath.Join(a.project, "dbt_project.yml"))
	if err != nil {
		return false
	}
	project, err := profile.ParseProject("dbt_project.yml", content)
	if err != nil {
		return false
	}
	installed, err := os.ReadDir(filepath.Join(a.project, filepath.FromSlash(project.PackagesPath)))
	return (err == nil || errors.Is(err, fs.ErrNotExist)) && len(installed) < required
}
