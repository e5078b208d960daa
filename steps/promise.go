package steps

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"dot-for-dbt/internal/hint"
)

// dbt 2 answers commands that it doesn't have yet with a warning and exit code 0 (docs generate and
// source freshness in 2.0.0-alpha.4). A command is done if it left what it is run for.

// leaves returns the file that the job's command is run for, and its state before the run.
func (job *job) leaves() (file string, before fs.FileInfo) {
	if _, elsewhere := job.Lookup("output"); job.Command.Leaves == "" || elsewhere {
		return "", nil
	}
	file = filepath.Join(job.build.Target(), job.Command.Leaves)
	before, _ = os.Stat(file)
	return file, before
}

// keptPromise returns an error if a command that succeeded left no new file.
func (job *job) keptPromise(file string, before fs.FileInfo) error {
	if file == "" {
		return nil
	}
	now, err := os.Stat(file)
	if err == nil && (before == nil || !os.SameFile(before, now) || markOf(before) != markOf(now)) {
		return nil
	}
	hints := []string{"dbt's log is " + job.build.logFile()}
	if job.tool.V2() {
		hints = append([]string{"dbt " + job.tool.Version + " may not have the command yet: run it with dbt 1, which dot: {dbt: …} or DOT_DBT names"}, hints...)
	}
	return hint.New(fmt.Sprintf("dbt %s ended without an error on %s, but wrote no %s", job.Command.Name, job.build, job.Command.Leaves), hints...)
}

// didAll returns an error if a run that succeeded left out nodes that it had to run: such a build would
// be up to date for ever. told has the nodes in its results; fresh: it left some.
func (a *runCommand) didAll(run startedRun, fresh bool, told map[string]bool) error {
	job := a.job
	if len(job.Command.Builds) == 0 {
		return nil
	}
	if !fresh && job.Command.Name != "retry" { // which may have nothing to do
		return hint.New(fmt.Sprintf("dbt %s ended without an error on %s, but wrote no run_results.json", job.Command.Name, job.build),
			"dbt's log is "+job.build.logFile())
	}
	var left []string
	for _, id := range run.remaining {
		if _, stored := run.targets[id]; stored && !told[id] {
			left = append(left, id)
		}
	}
	if len(left) == 0 {
		return nil
	}
	slices.Sort(left)
	return hint.New(fmt.Sprintf("dbt ended without an error on %s, but did not run all that was left:%s", job.build, lines(left)),
		"build it without --resume")
}
