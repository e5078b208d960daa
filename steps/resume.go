package steps

import (
	"encoding/json"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/durable"
	"dot-for-dbt/internal/workspace"
)

// How --resume goes on where a run stopped: what it wrote to its end stays, and
// dbt retry runs the rest. dbt retry takes the nodes and most flags from a
// run_results.json, so it gets one of its own that says exactly these: that of
// the run may be old, or lack the nodes that the run did not come to.

// resumed are the commands that dbt can retry and whose nodes stay.
var resumed = []string{"build", "run", "seed", "snapshot", "test"}

// resumeDir is where the run results lie that dbt retry reads.
func (job *job) resumeDir() string { return filepath.Join(job.build.Dir(), "resume") }

// retryLine is the command line with which --resume goes on; nil where that can't
// be.
func retryLine(job *job) []string {
	if !slices.Contains(resumed, job.Command.Name) {
		return nil
	}
	retry, _ := dbt.LookupCommand("retry")
	line := dbt.CommandLine{DBT: job.DBT, Command: retry.In(job.tool.Version)}
	for _, o := range job.AllOptions() {
		taken := slices.Contains([]string{"state", "full-refresh"}, o.Flag)
		if o.Flag != "" && !taken && line.Command.Takes(o.Flag) {
			line.Fixed = append(line.Fixed, o)
		}
	}
	line.Fixed = append(line.Fixed, dbt.NewOption("state", job.resumeDir()))
	return line.Argv()
}

// An unfinished run is one that stopped and can be gone on with. The zero one is
// none.
type unfinished struct {
	report   Report
	run      string                     // that the ledger knows it by
	statuses map[string]artifact.Status // of the nodes that dbt's results are of
	raw      map[string]json.RawMessage // the results themselves
}

// resumable returns what the run behind a record left, if it stopped with the
// same key. Where a hook failed, dbt retry would leave that out, so there is
// nothing to go on with.
func (a *runCommand) resumable(r graph.Record, key graph.Key) (unfinished, bool) {
	stopped := r.State == graph.Failed || r.State == graph.Stopped || r.State == graph.Started
	if a.job.retry == nil || !stopped || key == "" || r.Key != key {
		return unfinished{}, false
	}
	u := unfinished{statuses: map[string]artifact.Status{}, raw: map[string]json.RawMessage{}}
	if report, err := ParseReport(r); err == nil {
		u.report, u.run = report, report.Run
	} else if r.State != graph.Started {
		return unfinished{}, false
	}
	b := a.job.build
	s, err := a.ws.Standing(b.Build, b.place)
	switch {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return unfinished{}, false
	case err == nil:
		last := s.Run.ID
		if s.Open != nil { // killed
			last = s.Open.ID
		}
		if u.run == "" { // so no report was written
			u.run = last
		}
		if u.run != last { // somebody has written to the build since
			return unfinished{}, false
		}
	}
	if u.report.Invocation == "" {
		return u, true
	}
	raw, err := artifact.RawResults(filepath.Join(b.Target(), "run_results.json"))
	if err != nil || raw.Metadata.InvocationID != u.report.Invocation {
		return u, true
	}
	for i, result := range raw.Results {
		if result.Status.Failed() && strings.HasPrefix(result.UniqueID, "operation.") {
			return unfinished{}, false
		}
		u.statuses[result.UniqueID], u.raw[result.UniqueID] = result.Status, raw.Raw[i]
	}
	return u, true
}

// remaining are the nodes that the unfinished run has left to do: those that it
// did not write to their end and that still are as it left them.
func (a *runCommand) remaining(u unfinished, checked checkOutputs) ([]string, error) {
	b := a.job.build
	s, err := a.ws.Standing(b.Build, b.place)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var left []string
	for _, n := range checked.Nodes {
		e, ok := s.Nodes[n.ID]
		done := ok && e.Run == u.run && e.Status == workspace.Written
		if n.Type == "test" {
			continue // one of the others, too
		}
		if !done {
			left = append(left, n.ID)
		}
	}
	for _, id := range checked.Others {
		if status, ran := u.statuses[id]; !ran || status != artifact.StatusPass && status != artifact.StatusWarn {
			left = append(left, id)
		}
	}
	return left, nil
}

// writeResults writes the run_results.json that makes dbt retry run just these
// nodes, as the job's own command line would. Of a result that dbt has left, what
// it says of batches is kept.
func (a *runCommand) writeResults(u unfinished, left []string, anew bool) error {
	which := a.job.Command.Name
	args := map[string]any{"which": which}
	for _, o := range a.job.AllOptions() {
		if name, value, ok := retryArg(o); ok {
			args[name] = value
		}
	}
	if anew {
		args["full_refresh"] = true
	}
	results := make([]json.RawMessage, 0, len(left))
	for _, id := range left {
		if raw, ok := u.raw[id]; ok && artifact.Retries(u.statuses[id]) {
			results = append(results, raw)
			continue
		}
		results = append(results, artifact.SkippedResult(id))
	}
	data, err := artifact.WriteResults(a.job.tool.Version, a.world.Now(), args, results)
	if err != nil {
		return err
	}
	return durable.Write(filepath.Join(a.job.resumeDir(), "run_results.json"), data, 0o600)
}

// retryArg is an option as dbt writes it into the args of run results; ok is
// false for one that says nothing there. dbt retry makes a command line of the
// args again (cli/flags.py, command_params, of dbt 1.11.16).
func retryArg(o dbt.Option) (name string, value any, ok bool) {
	switch {
	case o.Flag == "" || slices.Contains(selections, o.Flag): // the nodes say that
		return "", nil, false
	case o.Flag == "vars": // goes on the command line
		return "", nil, false
	}
	name = strings.ReplaceAll(o.Flag, "-", "_")
	switch len(o.Values) {
	case 0:
		return name, !o.Negated, true
	case 1:
		return name, o.Values[0], true
	}
	return name, o.Values, true
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

// fresh reports whether the incremental models of a run have to begin anew:
// what there is of them was made by a run that never finished, so their rows
// would be there twice. mixed is one beside others that have a history.
func (a *runCommand) fresh(checked checkOutputs) (anew bool, mixed string) {
	b := a.job.build
	s, err := a.ws.Standing(b.Build, b.place)
	if err != nil { // nothing is known of it; the run sets aside what can't be read
		return false, ""
	}
	history := false
	for _, n := range checked.Nodes {
		e, ok := s.Nodes[n.ID]
		if !ok || !n.History || n.Type != "model" {
			continue
		}
		first := e.Unfinished && e.Since.Equal(e.Time) || e.Status == workspace.Unknown && e.Before == nil
		if first {
			anew, mixed = true, n.ID
		} else {
			history = true
		}
	}
	if anew && history {
		return false, mixed
	}
	return anew, ""
}
