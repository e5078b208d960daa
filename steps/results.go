package steps

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/durable"
	"dot-for-dbt/internal/hint"
)

// dbt's run results in a build's target path, and those that dbt retry reads.

// clearResults removes the run results of earlier commands, so that results found
// after the run are the run's own. If dbt retry may need them, clearResults moves
// them aside before another command overwrites them. Before a retry the results
// stay; stale is their invocation. before is the step's record before this run.
func (a *runCommand) clearResults(before graph.Record) (stale string, err error) {
	b, command := a.job.build, a.job.Command
	if command.Name == "retry" {
		if err := a.retriable(before); err != nil {
			return "", err
		}
	}
	results := filepath.Join(b.Target(), "run_results.json")
	last, err := readResults(b.Target())
	retriable := err == nil && dbt.Retried(last)
	switch {
	case !command.RunResults:
		return "", nil
	case command.Name == "retry" && retriable:
		return last.Metadata.InvocationID, nil
	case command.Name == "retry":
		if err := a.restoreResults(results); err != nil {
			return "", err
		}
		last, err := readResults(b.Target())
		return last.Metadata.InvocationID, err
	case retriable && !command.Retried():
		return "", os.Rename(results, a.setAside())
	case command.Retried():
		if err := removeFile(a.setAside()); err != nil {
			return "", err
		}
	}
	return "", removeFile(results)
}

// retriable returns an error if the build's last run was interrupted, or its dbt
// killed: dbt's results lack the nodes that such a run did not reach. The same goes for a run
// that failed before it reached any, such as without a connection. before is the record before this retry.
func (a *runCommand) retriable(before graph.Record) error {
	b := a.job.build
	records, err := a.ws.Records(b.Build)
	if err != nil {
		return err
	}
	records[b.Record(a.job.slot)] = before
	var last graph.Record
	interrupted, reached := false, true
	for _, r := range records {
		name, _ := (&graph.Step{Name: r.Step}).Title() // of another name of the build, too
		command, ok := dbt.LookupCommand(name)
		report, err := ParseReport(r)
		ran := err == nil || r.State == graph.Started
		if ok && command.Retried() && ran && r.Started.After(last.Started) {
			last, interrupted = r, err != nil || report.Interrupted
			reached = r.State != graph.Failed || len(report.Counts) > 0
		}
	}
	switch {
	case !reached && !interrupted:
		return hint.New(
			fmt.Sprintf("the last run of %s failed before it reached any node: there is nothing to retry", b),
			"run the same command again",
		)
	case !interrupted:
		return nil
	}
	return hint.New(
		fmt.Sprintf("the last run of %s was interrupted: dbt's results don't say which nodes are left", b),
		"run the same command again, with --resume",
	)
}

// retried returns the nodes that dbt retry runs, sorted, and the microbatch models that
// it runs in part: some batches.
func (a *runCommand) retried() (ids []string, batches map[string]bool, err error) {
	last, err := readResults(a.job.build.Target())
	batches = map[string]bool{}
	for _, r := range last.Results {
		if artifact.Retries(r.Status) {
			ids = append(ids, r.UniqueID)
			if r.Batches.InPart() {
				batches[r.UniqueID] = true
			}
		}
	}
	slices.Sort(ids)
	return ids, batches, err
}

// setAside is the path of the run results for dbt retry while another command's
// results are in their place.
func (a *runCommand) setAside() string {
	return filepath.Join(a.job.build.Target(), "run_results.retry.json")
}

// restoreResults restores the run results of the last run for dbt retry. After dot
// clean, only those of the last run that built are left.
func (a *runCommand) restoreResults(to string) error {
	b := a.job.build
	for _, from := range []string{a.setAside(), filepath.Join(b.State(b.place), "run_results.json")} {
		if err := durable.Copy(to, from); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return hint.New(
		fmt.Sprintf("there is no run of %s to retry: it has no run results", b),
		"run the whole build: dot build "+b.String(),
	)
}

// mendResults completes the run results of dbt 2's run: see [artifact.Spans.Mend].
func (a *runCommand) mendResults(spans artifact.Spans, line dbt.CommandLine, interrupted bool) error {
	args, err := keptArgs(line)
	if err != nil {
		return err
	}
	file := filepath.Join(a.job.build.Target(), "run_results.json")
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	mended, err := spans.Mend(text, args, interrupted)
	if err != nil {
		return err
	}
	return durable.Write(file, mended, 0o666)
}

// removeFile removes a file if it exists.
func removeFile(name string) error {
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
