package steps

import (
	"context"
	"errors"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/dbt/run"
	"dot-for-dbt/internal/text"
)

// runCommand runs the command itself and keeps the books about it.
type runCommand struct {
	*runtime
	job  *job
	argv []string
}

func (a *runCommand) Describe(p graph.Planned) []string {
	argv := a.argv
	if _, ok := a.resumable(p.Record, p.Key()); ok {
		argv = a.job.retry
	}
	return []string{text.ShellQuote(argv)}
}

func (a *runCommand) DBTCalls() []run.Call { return []run.Call{a.dbtCall()} }

func (a *runCommand) dbtCall() run.Call {
	call := a.runtime.dbtCall(a.job, a.argv, a.job.environ)
	call.Interactive = a.job.Command.Interactive
	return call
}

func (a *runCommand) Run(ctx context.Context, attempt *graph.Attempt) (any, error) {
	b := a.job.build
	if err := a.pristine(ctx, b); err != nil {
		return nil, err
	}
	argv := a.argv
	var run started // has no ID for a command that writes nothing
	var resumes bool
	if run.resumes, resumes = a.resumable(attempt.Previous, attempt.Key); resumes {
		argv, run.stale = a.job.retry, run.resumes.report.Invocation
	} else {
		var err error
		if run.stale, err = a.clearResults(); err != nil {
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
		attempt.Notef("a macro writes where no check can see: make sure that it stays in schema %s (said once)", b.schema)
	}
	asked := a.dbtCall()
	asked.Argv = argv
	exit, err := a.runAsked(ctx, attempt, asked)
	if err != nil {
		return nil, err
	}
	if a.job.Command.RunResults {
		if err := a.settle(run, &report, ctx.Err() == nil && exit.Code < 128); err != nil {
			return report, errors.Join(a.failure(exit.Code, exit.String(), report), err)
		}
	}
	if !exit.OK() {
		return report, a.failure(exit.Code, exit.String(), report)
	}
	if report.Run == "" {
		report.Manifest = manifestMark(b)
	}
	return report, nil
}

// failure is the error of a command that failed.
func (a *runCommand) failure(code int, how string, report Report) error {
	if code == 0 {
		return nil
	}
	e := &DBTError{Command: a.job.Command.Name, On: a.job.build.String(), Code: code, How: how}
	if len(report.Counts) > 0 {
		e.How += ": " + report.String()
	}
	e.Hint = "dbt's log is " + a.job.build.logFile()
	return e
}
