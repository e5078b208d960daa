package cli

import (
	"fmt"
	"os"
	"time"

	"dot-for-dbt/graph"
	"dot-for-dbt/steps"
	"dot-for-dbt/watch"
)

// traceFile is the file of --trace, nil for none.
type traceFile struct{ *os.File }

// openTrace creates the file before anything runs, so that errors come before the
// run.
func openTrace(name string) (*traceFile, error) {
	if name == "" {
		return nil, nil
	}
	f, err := os.Create(name)
	if err != nil {
		return nil, fmt.Errorf("--trace: %w", err)
	}
	return &traceFile{f}, nil
}

func (t *traceFile) close() {
	if t != nil {
		_ = t.Close()
	}
}

// write writes the trace of a run.
func (t *traceFile) write(start time.Time, builds []*steps.Built, said *watch.Watcher, r *graph.Result) error {
	if t == nil {
		return nil
	}
	if err := watch.NewTrace(start, builds, said, r).Write(t); err != nil {
		return fmt.Errorf("--trace: %w", err)
	}
	return t.Close()
}
