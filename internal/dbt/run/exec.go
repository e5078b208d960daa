package run

import (
	"context"
	"fmt"
	"io"
	"os"

	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/proc"
)

// Call is one dbt command to run.
type Call struct {
	Argv           []string
	Dir            string   // the working directory: relative paths in profiles and models start there
	Env            []string // "NAME=value"
	Stdout, Stderr io.Writer
	Inherit        []*os.File // files that stay open in dbt: locks last as long as dbt does
	Interactive    bool       // dbt may ask questions: it gets the terminal
	// Events, if not nil, gets dbt's messages instead of Stdout and Stderr, one call at a time.
	Events  func(artifact.Event)
	V2      bool    // it is dbt 2
	Hosting Hosting // facts for a [Launcher]; zero: the call runs as a process of its own
}

// Runner runs dbt. Cancelling the context interrupts it once; dbt then cancels its queries and
// writes its results.
type Runner interface {
	Run(ctx context.Context, call Call) (proc.Exit, error)
}

// Exec runs each command as a process of its own. It works on every system.
type Exec struct{}

// Run returns an error only if dbt could not be started, or its output could not be written.
func (Exec) Run(ctx context.Context, call Call) (proc.Exit, error) {
	defer call.listen()()
	command := proc.Command{
		Argv:        call.Argv,
		Dir:         call.Dir,
		Env:         call.Env,
		Stdout:      call.Stdout,
		Stderr:      call.Stderr,
		Inherit:     call.Inherit,
		Interactive: call.Interactive,
		OnceOnly:    true,
	}
	if call.Interactive {
		command.Stdin = os.Stdin
	}
	exit, err := command.Run(ctx)
	if err != nil {
		return exit, fmt.Errorf("running dbt: %w", err)
	}
	return exit, nil
}
