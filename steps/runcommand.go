package steps

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/dbt/run"
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
	}
	return []string{text.ShellQuote(argv)}
}

func (a *runCommand) DBTCalls() []run.Call { return []run.Call{a.dbtCall()} }

func (a *runCommand) dbtCall() run.Call {
	call := a.runtime.dbtCall(a.job, a.argv, a.job.environ)
	call.Interactive = a.job.Command.Interactive
	if call.V2 && a.job.Command.WritesNodes() { // the ledger has to know what was begun
		call.Env = append(slices.Clip(call.Env), "DBT_OTEL_FILE_NAME="+spansName)
	}
	return call
}

func (a *runCommand) Run(ctx context.Context, attempt *graph.Attempt) (any, error) {
	b := a.job.build
	if err := a.pristine(ctx, b); err != nil {
		return nil, err
	}
	if err := a.settleKilled(b); err != nil {
		return nil, err
	}
	run, argv, err := a.prepare(attempt)
	if err != nil {
		return nil, err
	}
	if a.job.baseline != nil || a.job.below != nil {
		if err := a.resolveAndCompose(a.job); err != nil {
			return nil, err
		}
	}
	report := Report{Counts: map[artifact.Status]int{}, Schema: b.schema}
	if checked, err := a.checked(a.job); err == nil && checked.history() {
		report.History = a.history(a.job) // before the ledger knows of this run
	}
	if a.job.Command.WritesNodes() {
		if err := a.begin(&run); err != nil {
			return nil, err
		}
		report.Run = run.ID
	}
	if a.job.Command.Name == "run-operation" && attempt.Previous.Key == "" {
		attempt.Notef("dot can't check where a macro writes: make sure that it writes to schema %s only (shown once)", b.schema)
	}
	if a.job.Command.Name == "run-operation" {
		operation := strings.Join(append([]string{"dot run-operation"}, a.job.Positional...), " ")
		if err := a.ws.Touch(b.Build, b.place, operation); err != nil {
			return nil, err
		}
	}
	if len(a.job.Command.Builds) > 0 {
		if err := makeExternal(b); err != nil {
			return nil, err
		}
	}
	asked := a.dbtCall()
	asked.Argv = argv
	exit, err := a.runAsked(ctx, attempt, asked)
	if err != nil {
		return nil, err
	}
	if err := a.noteFiles(b); err != nil {
		attempt.Notef("files that the run wrote into the worktree may count as changes of it: %v", err)
	}
	if a.job.Command.RunResults {
		if err := a.settle(run, &report, exit, ctx.Err() == nil && exit.Code < 128); err != nil {
			return report, errors.Join(a.failure(exit.Code, exit.String(), report), err)
		}
	}
	if !exit.OK() {
		return report, a.failure(exit.Code, exit.String(), report)
	}
	if report.Unmatched != "" {
		attempt.Notef("%s: %s", b, report.Unmatched)
	}
	if a.job.Command.Name == "compile" {
		if err := a.keepCompiled(a.job); err != nil {
			attempt.Notef("--modified won't know the compiled SQL of %s: %v", b, err)
		}
	}
	if report.Run == "" {
		report.Manifest = manifestMark(b)
	}
	return report, nil
}

// prepare returns the command line of the run: to continue the last run, or to start
// a new one. It also moves or removes the run results of earlier commands.
func (a *runCommand) prepare(attempt *graph.Attempt) (run startedRun, argv []string, err error) {
	checked, err := a.checked(a.job)
	if err != nil && a.job.checks() {
		return run, nil, err
	}
	if run.resumes, run.remaining, err = a.continued(attempt, checked); err != nil {
		return run, nil, err
	}
	nodes, batches := checked.Nodes, run.resumes.batches // that run
	if run.resumes.exists() {
		nodes = only(nodes, run.remaining)
	} else {
		if run.oldResults, err = a.clearResults(attempt.Previous); err != nil {
			return run, nil, err
		}
		if a.job.Command.Name == "retry" {
			ids, inPart, err := a.retried()
			if err != nil {
				return run, nil, err
			}
			nodes, batches = only(nodes, ids), inPart
		}
	}
	first, keeps := a.rebuilds(a.job, nodes, batches)
	// dbt retry would rebuild a model from the batches that failed.
	partly := a.job.Command.Name == "retry" && len(batches) > 0
	anew := first != "" && !keeps && !partly
	if first != "" && !anew {
		attempt.Notef("%s was built by unfinished runs only: its rows may be missing or there twice (-- --full-refresh rebuilds it)", workspace.NodeName(first))
	}
	if run.resumes.exists() {
		if err := a.writeRetryResults(run.resumes, run.remaining, anew); err != nil {
			return run, nil, err
		}
		old, _ := readResults(a.job.build.Target()) // maybe of another command, or damaged
		run.oldResults = old.Metadata.InvocationID
		return run, a.job.retry, nil
	}
	argv = a.argv
	if anew && a.job.Command.Takes("full-refresh") {
		argv = a.job.anewLine()
		attempt.Notef("incremental models of an unfinished run are rebuilt (--full-refresh)")
	}
	return run, argv, nil
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
	e := &DBTError{Command: a.job.Command.Name, On: a.job.build.String(), Code: code, How: how}
	if len(report.Counts) > 0 {
		e.How += ": " + report.String()
	}
	e.Advice = slices.Concat(a.unbuilt(a.job), a.notCommitted(a.job), []string{"dbt's log is " + a.job.build.logFile()})
	return e
}

// unbuilt says what a command without a baseline may lack that reads a build's relations.
func (rt *runtime) unbuilt(job *job) []string {
	reads := len(job.Command.Builds) > 0 || job.Command.Name == "show" || job.Command.Name == "compile"
	if job.Command.WritesNodes() || !reads || job.baseline != nil {
		return nil
	}
	spec := job.build.String()
	l, err := rt.ws.Layer(job.build.Build, job.build.place)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return []string{"it was never built; do that first: " + text.ShellQuote([]string{"dot", "build", spec}), "or read from another build, such as --defer prod@main"}
	case err == nil && l.Below != nil:
		return []string{fmt.Sprintf("it rests on another build; to read from there, too: --defer %s@%s", l.Below.Env, l.Below.Short)}
	}
	return nil
}
