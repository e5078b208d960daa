package steps

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/durable"
	"dot-for-dbt/internal/hint"
)

// What dbt leaves of a run in a build's target path, and what a retry reads there.

// clearResults removes run results of earlier commands, so that what is there
// afterwards is this run's for sure. Those that a retry reads are put aside before
// a compile would overwrite them. Before a retry they stay, and stale is the
// invocation that they are of.
func (a *runCommand) clearResults() (stale string, err error) {
	b, command := a.job.build, a.job.Command
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

// setAside is where the run results of the last run that is to be retried lie
// while those of a compile stand in their place.
func (a *runCommand) setAside() string {
	return filepath.Join(a.job.build.Target(), "run_results.retry.json")
}

// restoreResults puts the run results of the last run back for dbt retry. After
// a clean only those of the last one that built are left.
func (a *runCommand) restoreResults(to string) error {
	b := a.job.build
	for _, from := range []string{a.setAside(), filepath.Join(b.State(b.place), "run_results.json")} {
		if err := durable.Copy(to, from); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return hint.New(
		fmt.Sprintf("there is no run of %s to retry: dbt left no results of one", b),
		"run it whole: dot build "+b.String(),
	)
}

// removeFile removes a file if it is there.
func removeFile(name string) error {
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
