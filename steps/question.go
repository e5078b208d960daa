package steps

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"

	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/dbt/run"
	"dot-for-dbt/internal/proc"
	"dot-for-dbt/internal/warehouse"
	"dot-for-dbt/internal/workspace"
)

// Questions to the warehouse of a build, through dbt.

// readCall returns a dbt run that reads the warehouse with the connection of a job's
// build. The project is in dir, and dbt writes its own files there.
func (rt *runtime) readCall(job *job, dir string, options ...dbt.Option) run.Call {
	return rt.readCallWith(job, dir, job.build.Dir(), options...)
}

// readCallWith is readCall with the profiles.yml of another directory.
func (rt *runtime) readCallWith(job *job, dir, profiles string, options ...dbt.Option) run.Call {
	build := job.build
	command, _ := dbt.LookupCommand("run")
	if job.tool.V2() {
		options = slices.DeleteFunc(slices.Clone(options), func(o dbt.Option) bool { return o.Flag == "log-level-file" })
		options = append(options, dbt.NewOption("log-level-file", "info")) // its answers are in the log
	}
	line := dbt.CommandLine{
		DBT: job.tool.Argv, Command: command.In(job.tool.Version), Options: options,
		Fixed: []dbt.Option{
			dbt.NewOption("project-dir", dir),
			dbt.NewOption("profiles-dir", profiles),
			dbt.NewOption("target-path", filepath.Join(dir, "target")),
			dbt.NewOption("log-path", filepath.Join(dir, "logs")),
			dbt.NewOption("profile", job.output.Profile),
			dbt.NewOption("target", build.targetName()),
		},
	}
	if vars, ok := job.Lookup("vars"); ok { // the profile may read them
		line.Fixed = append(line.Fixed, vars)
	}
	isolated := rt.isolate(job, line)
	line.Environment = isolated.Overrule
	call := rt.dbtCall(job, line.Argv(), job.exported(isolated.Env))
	if _, err := os.Stat(call.Dir); err != nil { // a build of the past needs no worktree
		call.Dir = rt.project
	}
	return call
}

// questionCall returns the dbt run of the question in a directory.
func (rt *runtime) questionCall(job *job, dir string) run.Call {
	return rt.readCall(job, dir, warehouse.Options()...)
}

// ask asks the warehouse of a job's build. dir is for the project that asks; it may
// hold an earlier one. dbt inherits the files of the locks. If dbt gives no answer, the
// error is an unanswered.
func (rt *runtime) ask(ctx context.Context, job *job, dir string, q warehouse.Question, locks []*os.File) (warehouse.Answer, error) {
	if err := warehouse.Write(dir, q); err != nil {
		return warehouse.Answer{}, err
	}
	e := &unanswered{}
	call := rt.questionCall(job, dir)
	call.Stdout, call.Stderr, call.Inherit = &e.said, &e.said, locks
	var err error
	if e.exit, err = rt.launcher.Run(ctx, call); err != nil {
		return warehouse.Answer{}, err
	}
	if ctx.Err() != nil {
		return warehouse.Answer{}, context.Cause(ctx)
	}
	answer, err := warehouse.Read(dir, q)
	if err != nil {
		e.err = err
		return answer, e
	}
	return answer, nil
}

// An unanswered error means that dbt gave no answer to a question.
type unanswered struct {
	err  error
	exit proc.Exit
	said bytes.Buffer // dbt's output
}

func (e *unanswered) Error() string { return e.err.Error() }

func (e *unanswered) Unwrap() error { return e.err }

// inWarehouse returns a node's relation as the warehouse is asked for it.
func inWarehouse(s workspace.Spelling) warehouse.Relation {
	return warehouse.Relation{Database: s.Database, Schema: s.Schema, Name: s.Name}
}
