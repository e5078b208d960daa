// Package cli is dot's command line: it parses, calls, prints and turns what
// comes of it into an exit code. What an invocation means is for package steps
// to say.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"

	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/proc"
	"dot-for-dbt/internal/ui"
	"dot-for-dbt/steps"
)

// Exit codes that are dot's own; otherwise it is dbt's.
const (
	exitOK    = 0
	exitError = 2 // as dbt's for usage errors
)

// Main runs dot and returns its exit code.
func Main(p Process) int {
	ctx, stop := proc.Signals(context.Background())
	defer stop()
	a := &app{
		Process: p, Stdout: ui.NewOutput(p.Stdout),
		color: ui.Auto, say: ui.NewPrinter(p.Stderr, ui.Auto, p.getenv),
	}
	return a.exit(ctx, a.run(ctx))
}

// exit says how the invocation ended, and returns its exit code.
func (a *app) exit(ctx context.Context, err error) int {
	unwritten := a.Stdout.Err()
	if errors.Is(err, unwritten) {
		err = nil // it is said once, below
	}
	var said exitCode
	var signal *proc.SignalError
	code := exitOK
	switch {
	case err == nil:
	case errors.As(err, &said):
		code = int(said)
	case errors.As(context.Cause(ctx), &signal):
		a.say.Line("")
		a.say.Note("interrupted; the same command goes on from here")
		return signal.Code()
	default:
		a.say.Error(err)
		if denied(err) && len(hint.Of(err)) == 0 {
			a.say.Hint("dot writes to .dot and .git/worktrees of the repository, and reads the project and its profiles.yml: see that you may")
		}
		code = codeOf(err)
	}
	switch {
	case unwritten == nil:
	case !isClosedPipe(unwritten):
		a.say.Error(unwritten)
		code = exitError
	case code == exitOK:
		// Where the signal does not end dot, the code is that of one that it ended.
		code = (&proc.SignalError{Signal: syscall.SIGPIPE}).Code()
	}
	return code
}

// exitCode is the exit code of an invocation about which everything has been
// said.
type exitCode int

func (c exitCode) Error() string { return fmt.Sprintf("exit code %d", int(c)) }

// codeOf is the exit code for an error.
func codeOf(err error) int {
	var failed *steps.DBTError
	if errors.As(err, &failed) {
		return failed.Code
	}
	return exitError
}

// denied reports whether somebody lacks a permission. git says so in words.
func denied(err error) bool {
	return errors.Is(err, fs.ErrPermission) || strings.Contains(err.Error(), "Permission denied")
}

// app is one invocation of dot.
type app struct {
	Process
	// Stdout takes the place of the Process's, which is left to dbt: a terminal or a
	// file is handed on as it is.
	Stdout  *ui.Output
	say     *ui.Printer
	color   ui.ColorMode
	verbose bool
}

// run parses the command line and carries it out.
func (a *app) run(ctx context.Context) error {
	if len(a.Args) > 0 && a.Args[0] == completeCommand {
		a.complete(ctx, a.Args[1:])
		return nil
	}
	line, err := a.parse()
	if err != nil || line == nil {
		return err
	}
	a.color, a.verbose = line.Color, line.Verbose
	a.say = ui.NewPrinter(a.Stderr, a.color, a.getenv)
	if line.mode == running {
		return line.chosen.(command).run(ctx, a, line)
	}
	program, err := line.chosen.(plannable).program(ctx, a, line)
	switch {
	case err != nil:
		return err
	case line.mode == explaining:
		return a.explain(ctx, program, line.Explain.Format)
	}
	return a.plan(ctx, program, line.Plan.Format)
}

// A command is what the grammar has for each command that can be carried out.
type command interface {
	run(context.Context, *app, *commandLine) error
}

// A plannable is what the grammar has for each command below plan and explain.
type plannable interface {
	program(context.Context, *app, *commandLine) (*steps.Program, error)
}

func (a *app) world() steps.World {
	return steps.World{Dir: a.Dir, Env: a.Env, Home: a.Home, Now: a.Now, Stdout: a.Process.Stdout, Stderr: a.Stderr}
}
