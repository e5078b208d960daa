package steps

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/dbt/run"
	"dot-for-dbt/internal/durable"
	"dot-for-dbt/internal/proc"
	"dot-for-dbt/internal/warehouse"
	"dot-for-dbt/internal/workspace"
)

// Questions to the warehouse of a build, and what is done to its schemas, through dbt.

// readCall returns a dbt run that reads the warehouse with the connection of a job's
// build. The project is in dir, and dbt writes its own files there.
func (d *dbts) readCall(job *job, dir string, options ...dbt.Option) run.Call {
	return d.readCallWith(job, dir, job.build.Dir(), options...)
}

// readCallWith is readCall with the profiles.yml of another directory.
func (d *dbts) readCallWith(job *job, dir, profiles string, options ...dbt.Option) run.Call {
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
	isolated := d.isolate(job, line)
	line.Environment = isolated.Overrule
	call := d.dbtCall(job, line.Argv(), job.exported(isolated.Env))
	if _, err := os.Stat(call.Dir); err != nil { // a build of the past needs no worktree
		call.Dir = d.project
	}
	return call
}

// questionCall returns the dbt run of the question in a directory.
func (d *dbts) questionCall(job *job, dir string) run.Call {
	return d.readCall(job, dir, warehouse.Options()...)
}

// ask asks the warehouse of a job's build. dir is for the project that asks; it may
// hold an earlier one. dbt inherits the files of the locks. If dbt gives no answer, the
// error is an unanswered.
func (d *dbts) ask(ctx context.Context, job *job, dir string, q warehouse.Question, locks []*os.File) (warehouse.Answer, error) {
	if err := warehouse.Write(dir, q); err != nil {
		return warehouse.Answer{}, err
	}
	return answerOf(ctx, d, d.questionCall(job, dir), locks, func() (warehouse.Answer, error) { return warehouse.Read(dir, q) })
}

// answerOf runs a dbt of dot's own, and reads its answer. If dbt gives none, the error is an unanswered.
func answerOf[T any](ctx context.Context, d *dbts, call run.Call, locks []*os.File, read func() (T, error)) (answer T, err error) {
	e := &unanswered{}
	call.Stdout, call.Stderr, call.Inherit = &e.said, &e.said, locks
	if e.exit, err = d.launcher.Run(ctx, call); err != nil {
		return answer, err
	}
	if ctx.Err() != nil {
		return answer, context.Cause(ctx)
	}
	if answer, e.err = read(); e.err != nil {
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

// manageSchemas runs the dbt project of a task in a directory, with the connection of a job's build
// and the profiles.yml of another directory. If dbt gives no answer, the error is an unanswered.
func (d *dbts) manageSchemas(ctx context.Context, job *job, dir, profiles string, task warehouse.Task, locks []*os.File) (warehouse.Outcome, error) {
	if err := warehouse.WriteTask(dir, task); err != nil {
		return warehouse.Outcome{}, err
	}
	call := d.readCallWith(job, dir, profiles, warehouse.Options()...)
	return answerOf(ctx, d, call, locks, func() (warehouse.Outcome, error) { return warehouse.ReadTask(dir, task) })
}

// manageOnce is manageSchemas in a directory that is removed afterwards, with the profiles.yml of the job's build.
// The error has what dbt said last.
func (d *dbts) manageOnce(ctx context.Context, job *job, dir string, task warehouse.Task, locks []*os.File) (warehouse.Outcome, error) {
	out, err := d.manageSchemas(ctx, job, dir, job.build.Dir(), task, locks)
	return out, errors.Join(withLast(err), os.RemoveAll(dir))
}

// withLast adds dbt's last line to the error that it gave no answer.
func withLast(err error) error {
	var silent *unanswered
	if !errors.As(err, &silent) {
		return err
	}
	return fmt.Errorf("%w: %s", err, lastLine(silent.said.String()))
}

// lastLine is the last line of a text that says something.
func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}

// manageApart runs the dbt project of a task in a directory for temporary files, with the profile
// as it is today.
func (d *dbts) manageApart(ctx context.Context, job *job, task warehouse.Task, locks []*os.File) (warehouse.Outcome, error) {
	if gone := job.build.fileGone(); gone != "" { // dbt would make it anew
		return warehouse.Outcome{Found: make([]warehouse.Found, len(task.Look)), Dropped: make([]warehouse.Dropped, len(task.Drop))}, nil
	}
	dir, err := os.MkdirTemp("", temporaryQuestion)
	if err != nil {
		return warehouse.Outcome{}, err
	}
	defer os.RemoveAll(dir)
	profiles := job.build.Dir()
	if !durable.Holds(job.build.Profiles(), job.build.profile) {
		profiles = dir
		if err := os.WriteFile(filepath.Join(dir, "profiles.yml"), job.build.profile, 0o600); err != nil {
			return warehouse.Outcome{}, err
		}
	}
	out, err := d.manageSchemas(ctx, job, dir, profiles, task, locks)
	return out, withLast(err)
}
