package steps

import (
	"slices"
	"strings"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/dbt/artifact"
)

// How --resume goes on where a run failed: dbt retry runs what failed and what
// was skipped for that, and the rest is as the failed run left it.

// resumed are the commands that dbt can retry and whose nodes stay.
var resumed = []string{"build", "run", "seed", "snapshot", "test"}

// retryLine is the command line with which --resume goes on after a failed run of
// the job; nil where that can't be. dbt takes the selection, the deferral and most
// flags from the run that failed (dbt 1.11.16).
func retryLine(job *job) []string {
	if !slices.Contains(resumed, job.Command.Name) {
		return nil
	}
	retry, _ := dbt.LookupCommand("retry")
	line := dbt.CommandLine{DBT: job.DBT, Command: retry.In(job.tool.Version)}
	for _, o := range job.AllOptions() {
		taken := slices.Contains([]string{"state", "defer", "favor-state", "full-refresh"}, o.Flag)
		if o.Flag != "" && !taken && line.Command.Takes(o.Flag) {
			line.Fixed = append(line.Fixed, o)
		}
	}
	return line.Argv()
}

// An unfinished run is one that failed and can be gone on with. The zero one is
// none.
type unfinished struct {
	report   Report
	statuses map[string]artifact.Status // of the nodes that dbt's results are of
}

// resumable returns what the run behind a record left, if it failed with the same
// key and nothing was written since. Where a hook failed, dbt retry would leave
// that out, so there is nothing to go on with.
func (a *runCommand) resumable(r graph.Record, key graph.Key) (unfinished, bool) {
	if a.job.retry == nil || r.State != graph.Failed || key == "" || r.Key != key {
		return unfinished{}, false
	}
	report, err := ParseReport(r)
	if err != nil || report.Invocation == "" {
		return unfinished{}, false
	}
	results, err := readResults(a.job.build.Target())
	if err != nil || results.Metadata.InvocationID != report.Invocation {
		return unfinished{}, false
	}
	if report.Run != "" {
		ledger, err := a.ws.Ledger(a.job.build.place)
		if err != nil || ledger.LastRun().ID != report.Run {
			return unfinished{}, false
		}
	}
	u := unfinished{report: report, statuses: map[string]artifact.Status{}}
	failed := false
	for _, r := range results.Results {
		if r.Status.Failed() && strings.HasPrefix(r.UniqueID, "operation.") {
			return unfinished{}, false
		}
		failed = failed || r.Status.Failed()
		u.statuses[r.UniqueID] = r.Status
	}
	return u, failed
}

// addTo completes the counts of the run that went on with this one: what that
// did not run counts as it was left.
func (u unfinished) addTo(report *Report, results []artifact.Result) {
	for status, n := range u.report.Counts {
		report.Counts[status] += n
	}
	for _, r := range results {
		if was, ok := u.statuses[r.UniqueID]; ok {
			report.Counts[was]--
		}
	}
	for status, n := range report.Counts {
		if n <= 0 {
			delete(report.Counts, status)
		}
	}
}
