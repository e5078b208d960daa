// Package cli is dot's command line: it parses, calls, prints and turns the
// result into an exit code. Package steps decides what an invocation means.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt/run"
	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/proc"
	"dot-for-dbt/internal/ui"
	"dot-for-dbt/steps"
	"dot-for-dbt/watch"
)

// dot's own exit codes; others are dbt's.
const (
	exitOK    = 0
	exitError = 2 // as dbt's for usage errors
)

// Main runs dot and returns its exit code.
func Main(p Process) int {
	ctx, stop := proc.Signals(context.Background())
	defer stop()
	a := &app{
		Process: p, Stdout: ui.NewOutput(p.Stdout), started: p.Now(),
		color: ui.Auto, say: ui.NewPrinter(p.Stderr, ui.Auto, p.getenv), aside: &redirected{w: p.Stderr},
	}
	defer a.close()
	return a.exit(ctx, a.run(ctx))
}

// exit prints how the invocation ended, and returns its exit code.
func (a *app) exit(ctx context.Context, err error) int {
	unwritten := a.Stdout.Err()
	if errors.Is(err, unwritten) {
		err = nil // printed once, below
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
		a.say.Note("interrupted")
		for _, how := range hint.Of(err) {
			a.say.Hint(how)
		}
		return signal.Code()
	default:
		a.say.Error(err)
		if denied(err) && len(hint.Of(err)) == 0 {
			a.say.Hint("check your permissions: dot writes to .dot and .git/worktrees of the repository, and reads the project and its profiles.yml")
		}
		code = codeOf(err)
	}
	switch {
	case unwritten == nil:
	case !isClosedPipe(unwritten):
		a.say.Error(unwritten)
		code = exitError
	case code == exitOK:
		// The same exit code as if SIGPIPE had ended dot.
		code = (&proc.SignalError{Signal: syscall.SIGPIPE}).Code()
	}
	return code
}

// exitCode is the exit code of an invocation whose errors have all been
// printed.
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

// denied reports whether a permission is missing. git's error is only text.
func denied(err error) bool {
	return errors.Is(err, fs.ErrPermission) || strings.Contains(err.Error(), "Permission denied")
}

// app is one invocation of dot.
type app struct {
	Process
	// Stdout replaces Process.Stdout, which is for dbt: dbt inherits a terminal or
	// file directly.
	Stdout  *ui.Output
	say     *ui.Printer
	color   ui.ColorMode
	verbose bool
	started time.Time
	atEnd   []func() error // see World.AtEnd
	// aside is for the output of programs that prepare a build: above the region, if there
	// is one.
	aside *redirected
	// launcher runs dbt for all rounds of --watch; nil without it.
	launcher *run.Launcher
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
		return a.explain(ctx, program, line.format)
	}
	if format, ok := pipelineFormatOf(line.format); ok {
		return a.planPipeline(program, line, format)
	}
	return a.plan(ctx, program, line.format)
}

// A command is a command of the grammar that can run.
type command interface {
	run(context.Context, *app, *commandLine) error
}

// A plannable is a command of the grammar below plan and explain.
type plannable interface {
	program(context.Context, *app, *commandLine) (*steps.Program, error)
}

// close removes what the invocation has left in the system's directory for temporary files. If that
// fails, the system removes it.
func (a *app) close() {
	for _, end := range a.atEnd {
		_ = end()
	}
}

// path returns a path on the command line as an absolute one.
func (a *app) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(a.Dir, name)
}

func (a *app) world() steps.World {
	w := steps.World{Dir: a.Dir, Env: a.Env, Home: a.Home, Now: a.Now, Stdout: a.Process.Stdout, Stderr: a.Stderr, Launcher: a.launcher}
	w.AtEnd = func(end func() error) { a.atEnd = append(a.atEnd, end) }
	if _, redraws := a.terminal(); redraws { // elsewhere, programs inherit stderr itself
		w.Aside = a.aside
	}
	if width := ui.LineWidth(a.Process.Stdout); width > 0 {
		w.LineWidth = func(s *graph.Step) int { return watch.Room(s, width) }
	}
	return w
}
