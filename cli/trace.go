package cli

import (
	"bytes"
	"cmp"
	"time"

	"dot-for-dbt/graph"
	"dot-for-dbt/steps"
	"dot-for-dbt/watch"
)

// writeTrace writes the trace of a run to the file of --trace, if there is one. It returns
// ended, the error that the run ended with, or that the trace is missing.
func (a *app) writeTrace(file outputFile, start time.Time, builds []*steps.Built, said *watch.Watcher, r *graph.Result, ended error) error {
	if file.path == "" {
		return ended
	}
	var text bytes.Buffer
	err := watch.NewTrace(start, builds, said, r).Write(&text)
	if err == nil {
		err = file.write(text.Bytes())
	}
	if err == nil {
		return ended
	}
	a.say.Error(err)
	return cmp.Or(ended, error(exitCode(exitError)))
}
