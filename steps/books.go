package steps

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"

	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/workspace"
)

// started is a run that is under way; with an ID, it has been marked in the
// ledger.
type started struct {
	workspace.Run
	may     map[string]string // the nodes that it may write, to their relations
	log     int64             // where in dbt's log it starts, in bytes
	resumes unfinished        // the run that it goes on with
	stale   string            // the invocation whose results stood there before
}

// begin marks in the ledger what the command may write, as the check found.
func (a *runCommand) begin(run *started) error {
	b := a.job.build
	checked, err := a.checked(a.job)
	if err != nil {
		return fmt.Errorf("read what %s may write: %w", a.job.Command.Name, err)
	}
	run.Run = workspace.Run{ID: rand.Text()[:12], Build: b.ID(), Command: a.job.Command.Name, Time: a.world.Now()}
	run.may = checked.relations()
	run.log = artifact.LogSize(b.logFile())
	return a.ws.BeginRun(b.place, run.Run, run.may)
}

// settle reads what dbt says of the run, fills the report and settles the
// ledger. An interrupted dbt leaves no results of what it had begun, and one
// that failed early or was killed leaves none at all; then its log tells.
func (a *runCommand) settle(run started, report *Report, undisturbed bool) error {
	b := a.job.build
	results, err := readResults(b.Target())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	report.Invocation = results.Metadata.InvocationID
	fresh := err == nil && (run.stale == "" || report.Invocation != run.stale)
	if !fresh {
		results.Results = nil
	}
	end := workspace.Ending{
		Written: map[string]string{}, Failed: map[string]string{},
		Complete: fresh && undisturbed, Anew: fresh && bool(results.Args.FullRefresh), Resumes: run.resumes.report.Run,
	}
	for _, r := range results.Results {
		report.Counts[r.Status]++
		if !r.Builds() {
			continue
		}
		switch {
		case r.Status.Wrote():
			end.Written[r.UniqueID] = run.may[r.UniqueID]
		case !r.Status.Untouched():
			end.Failed[r.UniqueID] = run.may[r.UniqueID]
		}
	}
	run.resumes.addTo(report, results.Results)
	if run.ID == "" {
		return nil
	}
	if begun, known := artifact.BegunNodes(b.logFile(), run.log); known {
		end.Begun, end.Complete = begun, true
	}
	if len(end.Written)+len(end.Failed) > 0 {
		if err := keepState(b, &run.Run); err != nil {
			return err
		}
	}
	report.Written, err = a.ws.EndRun(b.place, run.Run, end)
	return err
}
