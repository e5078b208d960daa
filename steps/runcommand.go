package steps

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/dbt/run"
	"dot-for-dbt/internal/proc"
	"dot-for-dbt/internal/text"
	"dot-for-dbt/internal/workspace"
)

// runCommand runs the job's command and updates the ledger.
type runCommand struct {
	*runtime
	job  *job
	argv []string
}

func (a *runCommand) Describe(p graph.Planned) []string {
	argv := a.argv
	if _, ok := a.unfinishedRun(p.Record, p.Key()); ok {
		argv = a.job.retry
	} else if run := (startedRun{}); a.retriesV2() && a.retryV2(&run) == nil {
		argv = run.line.Argv()
	} else if checked, err := a.checked(a.job); err == nil && checked.history() && a.historyOf(a.job, checked.Nodes, nil).rebuilds() != "" {
		line, _ := refreshing(a.job.CommandLine)
		argv = line.Argv()
	}
	return []string{text.ShellQuote(argv)}
}

func (a *runCommand) DBTCalls() []run.Call { return []run.Call{a.dbtCall()} }

func (a *runCommand) dbtCall() run.Call { return a.callOf(a.argv, a.job.environ) }

// callOf returns the call of a command line with environment variables.
func (a *runCommand) callOf(argv, environ []string) run.Call {
	call := a.runtime.dbtCall(a.job, argv, environ)
	call.Interactive = a.job.Command.Interactive
	if call.V2 && len(a.job.Command.Builds) > 0 { // dot has to know what was begun
		call.Env = append(slices.Clip(call.Env), "DBT_OTEL_FILE_NAME="+spansName)
	}
	return call
}

// Run runs dbt between two updates of the ledger: what dbt may write, and what it has written.
func (a *runCommand) Run(ctx context.Context, attempt *graph.Attempt) (any, error) {
	run, err := a.ready(ctx, attempt)
	if err != nil {
		return nil, err
	}
	report, err := a.announce(ctx, attempt, &run)
	if err != nil {
		return nil, err
	}
	promised, before := a.job.leaves()
	exit, err := a.runJob(ctx, attempt, run)
	if err != nil {
		return nil, err
	}
	if a.job.Command.RunResults {
		if err := a.settle(run, &report, exit, ctx.Err() == nil && exit.Code < 128); err != nil {
			return report, errors.Join(a.failure(exit.Code, exit.String(), report), err)
		}
	}
	if !exit.OK() {
		return report, a.failure(exit.Code, exit.String(), report)
	}
	if err := a.job.keptPromise(promised, before); err != nil {
		return report, err
	}
	if report.Unmatched != "" {
		attempt.Notef("%s: %s", a.job.build, report.Unmatched)
	}
	if a.job.Command.Name == "compile" {
		if err := a.keepCompiled(a.job); err != nil {
			attempt.Notef("--modified won't know the compiled SQL of %s: %v", a.job.build, err)
		}
	}
	if report.Run == "" {
		report.Manifest = manifestMark(a.job.build)
	}
	return report, nil
}

// ready checks what may have changed since the check of the job, and returns the run to start.
func (a *runCommand) ready(ctx context.Context, attempt *graph.Attempt) (run startedRun, err error) {
	if err := a.pristine(ctx, a.job.build); err != nil {
		return run, err
	}
	if err := a.settleKilled(a.job.build); err != nil {
		return run, err
	}
	if err := a.readsLeftBehind(a.job); err != nil {
		return run, err
	}
	if run, err = a.prepare(attempt); err != nil {
		return run, err
	}
	if a.job.baseline != nil || a.job.below != nil {
		err = a.resolveAndCompose(a.job)
	}
	return run, err
}

// announce notes what the run may write, in the ledger and in the warehouse, and makes room for it. It returns
// the report as it is before the run.
func (a *runCommand) announce(ctx context.Context, attempt *graph.Attempt, run *startedRun) (Report, error) {
	b := a.job.build
	report := Report{Counts: map[artifact.Status]int{}, Schema: b.schema}
	if checked, err := a.checked(a.job); err == nil && checked.history() {
		report.History = a.history(a.job) // before the ledger knows of this run
	}
	a.warnOfClones(attempt)
	if a.job.Command.WritesNodes() {
		targets := run.checked.targets(a.job)
		if err := a.dropViews(ctx, attempt, targets); err != nil {
			return report, err
		}
		if !run.checked.Marked {
			if err := a.markSchemas(ctx, attempt, a.job, targets); err != nil {
				return report, err
			}
		}
		if err := a.begin(run); err != nil {
			return report, err
		}
		report.Run = run.ID
	}
	if a.job.Command.Name == "run-operation" {
		if attempt.Previous.Key == "" {
			attempt.Notef("dot can't check where a macro writes: make sure that it writes to schema %s only (shown once)", b.schema)
		}
		operation := strings.Join(append([]string{"dot run-operation"}, a.job.Positional...), " ")
		if err := a.ws.Touch(b.Build, b.place, operation); err != nil {
			return report, err
		}
	}
	if len(a.job.Command.Builds) > 0 {
		return report, makeExternal(b)
	}
	return report, nil
}

// runJob runs dbt, and lists the files that it has made.
func (a *runCommand) runJob(ctx context.Context, attempt *graph.Attempt, run startedRun) (proc.Exit, error) {
	if run.total > 0 && a.reports {
		attempt.Report(artifact.Event{
			Time: a.world.Now(), Level: artifact.LevelInfo, Message: "dbt works on " + text.Plural(run.total, "node"), Total: run.total,
		})
	}
	call := a.callOf(run.argv, run.environ)
	a.comment(&call, a.job, run.ID)
	exit, err := a.runAsked(ctx, attempt, call)
	if err != nil {
		return exit, err
	}
	if err := a.noteFiles(a.job.build); err != nil {
		attempt.Notef("files that the run wrote into the worktree may count as changes of it: %v", err)
	}
	return exit, nil
}

// prepare returns the run with its command line: to continue the last run, or to start
// a new one. It also moves or removes the run results of earlier commands.
func (a *runCommand) prepare(attempt *graph.Attempt) (run startedRun, err error) {
	b := a.job.build
	run.argv, run.line, run.environ, run.log = a.argv, a.job.CommandLine, a.job.environ, artifact.LogSize(b.logFile())
	if err := removeFile(b.spansFile()); err != nil { // it would pass for this run's
		return run, err
	}
	if run.checked, err = a.checked(a.job); err != nil && a.job.checks() {
		return run, fmt.Errorf("read which nodes %s may write: %w", a.job.Command.Name, err)
	}
	if run.resumes, run.remaining, err = a.continued(attempt, run.checked); err != nil {
		return run, err
	}
	todo, err := a.todo(attempt, &run)
	if err != nil {
		return run, err
	}
	anew := a.rebuilt(attempt, todo)
	if run.resumes.exists() {
		last, _ := readResults(b.Target()) // maybe of another command, or damaged
		run.oldResults = last.Metadata.InvocationID
		if !a.job.tool.V2() {
			run.argv = a.job.retry
			return run, a.writeRetryResults(run.resumes, todo.left, anew != "")
		}
	}
	if err := a.setLine(&run); err != nil {
		return run, err
	}
	if anew != "" {
		added := false
		if run.line, added = refreshing(run.line); added {
			attempt.Notef("incremental models %s are rebuilt (--full-refresh)", anew)
		}
	}
	run.argv = run.line.Argv()
	if a.job.tool.V2() {
		run.total = run.checked.count()
	}
	if run.resumes.exists() || a.retriesV2() {
		run.total = len(todo.left)
		err = a.writeLeft(todo.left)
	}
	return run, err
}

// A todo is what a run builds.
type todo struct {
	nodes []checkedNode
	left  []string // their IDs, for a run that continues another one
	// batches are the models of which that run has built some batches, for dbt retry.
	batches map[string]bool
}

// todo returns what the run builds. For a new run, it removes the results of earlier commands.
func (a *runCommand) todo(attempt *graph.Attempt, run *startedRun) (t todo, err error) {
	if run.resumes.exists() {
		return todo{only(run.checked.Nodes, run.remaining), run.remaining, run.resumes.batches}, nil
	}
	t.nodes = run.checked.Nodes
	if id := a.addsAgain(attempt, t.nodes); id != "" && a.job.Command.Name != "retry" {
		instead := ""
		if attempt.Previous.Key == attempt.Key {
			instead = " (--resume would leave it out)"
		}
		attempt.Notef("%s was done before the last run stopped: it runs again, so its new rows may be there twice%s", workspace.NodeName(id), instead)
	}
	if run.oldResults, err = a.clearResults(attempt.Previous); err != nil || a.job.Command.Name != "retry" {
		return t, err
	}
	if t.left, t.batches, err = a.retried(); err != nil {
		return t, err
	}
	t.nodes = only(t.nodes, t.left)
	return t, nil
}

// rebuilt says which incremental models the run has to build anew, "" for none: "of an unfinished run". It
// notes which of them may keep rows that their code doesn't make.
func (a *runCommand) rebuilt(attempt *graph.Attempt, t todo) string {
	old := a.historyOf(a.job, t.nodes, t.batches)
	if old.kept.id != "" {
		attempt.Notef("%s, and its configuration has full_refresh: false (to build it anew, drop it in schema %s, then build with --check-warehouse)", old.kept, a.job.build.schema)
	}
	// dbt retry would rebuild a model from the batches that failed.
	old.older = old.older || a.job.Command.Name == "retry" && len(t.batches) > 0
	anew := old.rebuilds()
	if anew == "" && old.first.id != "" {
		attempt.Notef("%s (-- --full-refresh rebuilds it)", old.first)
	}
	return anew
}

// refreshing adds --full-refresh to a command line that lacks it, if the command has that flag.
func refreshing(line dbt.CommandLine) (_ dbt.CommandLine, added bool) {
	if _, given := line.Lookup("full-refresh"); given || !line.Command.Takes("full-refresh") {
		return line, false
	}
	line.Fixed = append(slices.Clip(line.Fixed), dbt.NewOption("full-refresh"))
	return line, true
}

// setLine sets the command line of a run that is no dbt retry of its own.
func (a *runCommand) setLine(run *startedRun) error {
	switch {
	case a.retriesV2():
		return a.retryV2(run)
	case run.resumes.exists():
		run.line = a.job.continuing(run.line)
	case a.job.Command.Name == "retry":
		last, err := readResults(a.job.build.Target())
		if err != nil {
			return err
		}
		run.line, err = a.job.withVars(run.line, last)
		return err
	}
	return nil
}

// only returns the nodes with these IDs, which are sorted.
func only(nodes []checkedNode, ids []string) []checkedNode {
	return slices.DeleteFunc(slices.Clone(nodes), func(n checkedNode) bool {
		_, found := slices.BinarySearch(ids, n.ID)
		return !found
	})
}

// failure returns the error of a failed command.
func (a *runCommand) failure(code int, how string, report Report) error {
	if code == 0 {
		return nil
	}
	e := &DBTError{Command: a.job.Command.Name, On: a.job.build.String(), Code: a.job.Command.ExitCode(code, report.failed), How: how}
	if e.Code != code {
		e.How += ", and no node failed"
	}
	if len(report.Counts) > 0 {
		e.How += ": " + report.String()
	}
	if e.Code != code && a.job.Command.OpensAdapter {
		e.Advice = []string{"if it lacks a driver: dot doctor says where dbt looks for it"}
	}
	e.Advice = slices.Concat(e.Advice, a.unbuilt(a.job), a.notCommitted(a.job), []string{"dbt's log is " + a.job.build.logFile()})
	return e
}

// unbuilt says what a command without a baseline may lack that reads a build's relations.
func (ls *layers) unbuilt(job *job) []string {
	reads := len(job.Command.Builds) > 0 || job.Command.Name == "show" || job.Command.Name == "compile"
	if job.Command.WritesNodes() || !reads || job.baseline != nil {
		return nil
	}
	spec := job.build.String()
	l, err := ls.ws.Layer(job.build.Build, job.build.place)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return []string{"it was never built; do that first: " + text.ShellQuote([]string{"dot", "build", spec}), "or read from another build, such as --defer prod@main"}
	case err == nil && l.Below != nil:
		return []string{"it rests on another build; to read from there, too: --defer " + ls.ws.BuildOf(*l.Below).String()}
	}
	return nil
}
