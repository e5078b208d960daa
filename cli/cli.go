// Package cli is dot's command line: it parses, calls, prints and turns what
// comes of it into an exit code. What an invocation means is for package steps
// to say.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"dot-for-dbt/config"
	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/proc"
	"dot-for-dbt/internal/ui"
	"dot-for-dbt/spec"
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
	own, forDBT := split(a.Args)
	var line grammar
	parsed, err := a.parse(&line, own)
	switch {
	case err != nil:
		return err
	case line.Version: // with or without a command
		fmt.Fprintln(a.Stdout, version())
		return nil
	case parsed == nil:
		return nil
	}
	a.color, a.verbose = line.Color, line.Verbose
	a.say = ui.NewPrinter(a.Stderr, a.color, a.getenv)
	if command, ok := selected(parsed).(ownCommand); ok {
		return command.run(ctx, a, line, forDBT)
	}
	words := commandWords(parsed)
	planning, explaining := line.DryRun, words[0] == "explain"
	if words[0] == "plan" || explaining {
		planning, words = true, words[1:]
	}
	if c, ok := selected(parsed).(*comparison); ok {
		compared, err := c.compile(ctx, a, line, forDBT, false)
		switch {
		case err != nil:
			return err
		case explaining:
			return a.explain(ctx, compared.Program, line.Explain.Format)
		}
		return a.plan(ctx, compared.Program, line.Plan.Format)
	}
	name := strings.Join(words, " ")
	req, err := a.request(line, name, specsOf(parsed), forDBT)
	if err != nil {
		return err
	}
	req.Planning = planning
	program, err := steps.Compile(ctx, a.world(), req)
	switch {
	case err != nil:
		return err
	case line.FailFast && line.Specs == "" && len(program.Builds) == 1:
		return dbtsFlag("fail-fast", words)
	case explaining:
		return a.explain(ctx, program, line.Explain.Format)
	}
	if err := a.prompts(ctx, program, !planning && !line.DisablePrompts); err != nil {
		return err
	}
	if planning {
		return a.plan(ctx, program, line.Plan.Format)
	}
	return a.carryOut(ctx, program, line.flags)
}

// ownCommand is a command of dot's own, rather than one of dbt's.
type ownCommand interface {
	// run carries it out; line holds all flags that were given, forDBT what
	// stood after "--".
	run(ctx context.Context, a *app, line grammar, forDBT []string) error
}

func (a *app) world() steps.World {
	return steps.World{Dir: a.Dir, Env: a.Env, Home: a.Home, Now: a.Now, Stdout: a.Process.Stdout, Stderr: a.Stderr}
}

// split divides a command line at the first "--": what follows is dbt's, word
// for word.
func split(args []string) (own, forDBT []string) {
	if i := slices.Index(args, "--"); i >= 0 {
		return args[:i], args[i+1:]
	}
	return args, nil
}

// parser makes the parser of dot's own part of the command line.
func (a *app) parser(line *grammar) (*kong.Kong, error) {
	return kong.New(line,
		kong.Name("dot"),
		kong.Description(description),
		kong.Writers(a.Stdout, a.Stderr),
		kong.Exit(func(int) { panic(exited{}) }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true, WrapUpperBound: 100}),
		formatVars(),
		kong.ExplicitGroups([]kong.Group{{Key: "dbt", Title: "dbt's commands:"}}),
	)
}

// exited is how kong's wish to exit, after it has printed help, gets out of it.
type exited struct{}

// parse reads dot's own part of the command line. It returns nil without an
// error when everything asked for, such as help, has been printed.
func (a *app) parse(line *grammar, args []string) (parsed *kong.Context, err error) {
	parser, err := a.parser(line)
	if err != nil {
		return nil, err
	}
	defer func() {
		if r := recover(); r != nil {
			if _, ok := r.(exited); !ok {
				panic(r)
			}
			parsed, err = nil, nil
		}
	}()
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err = parser.Parse(args)
	if err != nil && line.Version {
		return parsed, nil
	}
	return parsed, usageError(err)
}

// commandWords are the words of the command that was chosen, such as
// ["plan", "build"].
func commandWords(parsed *kong.Context) []string {
	var words []string
	for _, p := range parsed.Path {
		if p.Command != nil {
			words = append(words, p.Command.Name)
		}
	}
	return words
}

// specsOf are the specs that were given to the command.
func specsOf(parsed *kong.Context) []string {
	if command, ok := selected(parsed).(*dbtCommand); ok {
		return command.Builds
	}
	return nil
}

// selected is the command that was chosen, as the grammar holds it.
func selected(parsed *kong.Context) any {
	if node := parsed.Selected(); node != nil {
		return node.Target.Addr().Interface()
	}
	return nil
}

// request makes a request of what was parsed.
func (a *app) request(line grammar, name string, specs, forDBT []string) (steps.Request, error) {
	req := steps.Request{
		Modified: line.Modified, NoDeps: line.NoDeps, Force: line.Force, Resume: line.Resume, Report: line.Log != autoLog, ResetWorktree: line.ResetWorktree,
		NoDBTHost: line.NoDBTHost,
		Args:      append(line.passedOn(), forDBT...),
	}
	var ok bool
	if req.Command, ok = dbt.LookupCommand(name); !ok {
		return req, fmt.Errorf("dbt has no command %q", name)
	}
	var err error
	if req.Specs, err = a.specs(specs, line.Specs); err != nil {
		return req, err
	}
	if line.Defer != "" {
		s, err := spec.ParseBaseline(line.Defer)
		if err != nil {
			return req, err
		}
		req.Baseline = &s
	}
	if line.MaxAge != "" {
		age, err := config.ParseAge(line.MaxAge)
		if err != nil {
			return req, fmt.Errorf("--max-age: %w", err)
		}
		req.MaxAge = &age
	}
	return req, nil
}

// passedOn are dbt's flags that dot takes for habit's sake, as dbt takes them.
func (f flags) passedOn() []string {
	var args []string
	for _, s := range f.Select {
		args = append(args, "--select", s)
	}
	for _, s := range f.Exclude {
		args = append(args, "--exclude", s)
	}
	for _, flag := range [][2]string{{"--selector", f.Selector}, {"--vars", f.Vars}, {"--threads", f.Threads}} {
		if flag[1] != "" {
			args = append(args, flag[0], flag[1])
		}
	}
	if f.FullRefresh {
		args = append(args, "--full-refresh")
	}
	return args
}
