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
	Dir            string   // the user's project directory: relative paths in profiles start there
	Env            []string // "NAME=value"
	Stdout, Stderr io.Writer
	Inherit        []*os.File // stay open in dbt: locks last as long as it does
	Interactive    bool       // dbt may ask: it gets the terminal
	// Events, if set, gets what dbt says in place of Stdout and Stderr, one call at a time.
	Events  func(artifact.Event)
	Hosting Hosting // what a [Launcher] goes by; none: it runs the call as a process of its own
}

// Runner runs dbt. Cancelling the context interrupts it once, and dbt then cancels its queries and
// writes what it has.
type Runner interface {
	Run(ctx context.Context, call Call) (proc.Exit, error)
}

// Exec runs each command as a process of its own. It works everywhere.
type Exec struct{}

// Run is an error only when dbt could not be started, or its output not be written.
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
