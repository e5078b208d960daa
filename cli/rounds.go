package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"

	"dot-for-dbt/compare"
	"dot-for-dbt/compare/report"
	"dot-for-dbt/compare/table"
	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/dbt/run"
	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/saves"
	"dot-for-dbt/internal/text"
	"dot-for-dbt/internal/ui"
	"dot-for-dbt/spec"
	"dot-for-dbt/steps"
	"dot-for-dbt/watch"
)

// watchedCommand is a command of dbt's that can run again whenever files are saved.
type watchedCommand struct {
	dbtCommand

	Watch   bool   `help:"Run again whenever files of the working tree are saved, until Ctrl-C. Only for env@., such as dev@."`
	Compare string `placeholder:"ENV@REF" help:"With --watch: after each round, compare what was built with the build of another commit."`
}

func (c *watchedCommand) run(ctx context.Context, a *app, line *commandLine) error {
	if !c.Watch && c.Compare == "" {
		return c.dbtCommand.run(ctx, a, line)
	}
	w, err := c.watching(ctx, a, line)
	if err != nil {
		return err
	}
	return w.run(ctx)
}

func (c *watchedCommand) program(ctx context.Context, a *app, line *commandLine) (*steps.Program, error) {
	if c.Watch || c.Compare != "" {
		return nil, c.notForPlans(line)
	}
	return c.dbtCommand.program(ctx, a, line)
}

// notForPlans returns the error for --watch with a command that runs nothing.
func (c *watchedCommand) notForPlans(line *commandLine) error {
	return hint.New("--watch runs a command again and again, and a plan runs nothing",
		"for the plan of one round: dot plan "+strings.Join(line.words, " ")+" dev@.")
}

// watching is an invocation with --watch. Its rounds run one after another.
type watching struct {
	*app
	command *watchedCommand
	line    *commandLine
	specs   []spec.Spec
	tree    *steps.Watched
	files   *saves.Watcher
	places  saves.Places
	options watch.Options

	directories int // how many are watched at the beginning

	number  int             // of the last round
	whole   bool            // a round has run, and was not stopped
	last    steps.TreeState // of the last round
	failed  bool            // the last round
	schemas map[string]string
	said    map[string]bool // remarks
	shown   string          // the comparisons that the last table has, as asShown returns them

	running atomic.Pointer[begun] // nil before the round knows its files
}

// begun is a round that knows its files.
type begun struct {
	program *steps.Program
	state   steps.TreeState
}

// watching checks the command line, and starts to watch.
func (c *watchedCommand) watching(ctx context.Context, a *app, line *commandLine) (*watching, error) {
	name := strings.Join(line.words, " ")
	switch command, _ := dbt.LookupCommand(name); {
	case !c.Watch:
		return nil, hint.New("--compare is for --watch: after each round it compares what was built",
			"dot "+name+" dev@. --watch --compare "+text.ShellQuote([]string{c.Compare}), "once: dot compare "+text.ShellQuote([]string{c.Compare})+" dev@.")
	case line.DryRun:
		return nil, c.notForPlans(line)
	case c.Compare != "" && !command.WritesNodes():
		return nil, hint.New("--compare compares what a round builds, and dot "+name+" builds nothing", "dot build dev@. --watch --compare "+text.ShellQuote([]string{c.Compare}))
	}
	if c.Compare != "" {
		baseline, err := spec.Parse(c.Compare)
		if _, several := baseline.Range(); err == nil && (several || !baseline.Isolated() || baseline.Ref == spec.WorkingTree) {
			err = hint.New(fmt.Sprintf("--compare %s: expected the build of a commit", c.Compare), "such as --compare prod@main")
		}
		if err != nil {
			return nil, err
		}
	}
	own := *line
	w := &watching{app: a, command: c, line: &own, said: map[string]bool{}, schemas: map[string]string{}}
	var err error
	if w.specs, err = a.specs(c.Builds, line.Specs); err != nil {
		return nil, err
	}
	if err := onlyWorkingTrees(name, w.specs); err != nil {
		return nil, err
	}
	own.Specs, c.Builds = "", nil // stdin is read once
	for _, s := range w.specs {
		c.Builds = append(c.Builds, s.String())
	}
	if own.Log == autoLog && !shows(name) {
		own.Log = string(watch.Quiet)
	}
	req, err := a.request(&own, name, c.Builds)
	if err != nil {
		return nil, err
	}
	if w.tree, err = steps.Watch(ctx, a.world(), req); err != nil {
		return nil, err
	}
	w.options = watch.Options{Mode: watch.Mode(own.Log), Out: ui.NewPrinter(a.Stdout, a.color, a.getenv), Say: a.say, Now: a.Now}
	return w, nil
}

// onlyWorkingTrees returns an error if a spec is no build of the working tree.
func onlyWorkingTrees(command string, specs []spec.Spec) error {
	instead := func(env string) string { return "dot " + command + " " + env + "@. --watch" }
	if len(specs) == 0 {
		return hint.New("--watch runs on the working tree, in a schema of its own, and no spec is named", "name an environment: "+instead("dev"))
	}
	for _, s := range specs {
		switch {
		case s.Ref == spec.WorkingTree:
		case !s.Isolated():
			return hint.New(fmt.Sprintf("--watch: %s without a ref means its own schema, and each save would change it", s.Env),
				"for the working tree, in a schema of its own: "+instead(s.Env))
		default:
			return hint.New(fmt.Sprintf("--watch: %s is not the working tree: no saved file changes it", s), "for the working tree: "+instead(s.Env))
		}
	}
	return nil
}

// shows reports whether a command is run for what dbt prints.
func shows(command string) bool {
	return slices.Contains([]string{"show", "list", "compile", "run-operation"}, command)
}

// run runs rounds until a signal ends them. Nothing of them is left running.
func (w *watching) run(ctx context.Context) (err error) {
	lasting, end := context.WithCancel(ctx)
	defer end()
	w.launcher = run.NewLauncher(lasting)
	defer func() {
		end()
		w.launcher.Close()
	}()
	if w.files, err = saves.New(w.tree.Ignored); err != nil {
		return err
	}
	defer w.files.Close()
	if w.directories, err = w.lookAround(ctx); err != nil {
		return err
	}
	rounds := saves.Rounds{
		Saved: w.files.Saved, Failed: w.files.Failed, Round: w.round, Means: w.means, Blocked: w.tree.Busy,
		Waiting: func(why string) { w.say.Note(why + " is in progress: the next round begins when it is over") },
	}
	return rounds.Run(ctx)
}

// lookAround watches what the project says now. It returns the number of directories, 0 if they are
// watched already.
func (w *watching) lookAround(ctx context.Context) (n int, err error) {
	places := w.tree.Places(ctx)
	if places.Equal(w.places) {
		return 0, nil
	}
	if n, err = w.files.Watch(ctx, places); err == nil {
		w.places = places
	}
	return n, err
}

// round carries out a round. Its error ends all of them: only the first round's, since that is one of
// the command line.
func (w *watching) round(ctx context.Context, saved []string) error {
	w.running.Store(nil)
	a := *w.app
	a.atEnd, a.started = nil, a.Now()
	defer a.close()
	line := *w.line
	if w.whole {
		line.Force, line.Resume, line.ResetWorktree = false, false, false
		if _, err := w.lookAround(ctx); err != nil && ctx.Err() == nil {
			return err
		}
	}
	round := &watch.Round{Number: w.number + 1, Saved: w.named(saved), Began: a.started, Quietly: w.sameSchema}
	state := steps.TreeState{Files: w.tree.Files(ctx)}
	program, err := w.command.compile(ctx, &a, &line)
	if err == nil && !w.whole {
		err = a.prompts(ctx, program, line.flags)
	}
	switch {
	case ctx.Err() != nil:
		return nil
	case err != nil && !w.whole:
		return err
	case err != nil:
		w.number, w.failed, w.last = round.Number, true, steps.TreeState{}
		round.Err = err
		watch.SayRound(w.options, round, w.command.Builds)
		return nil
	}
	state.Commit = program.WorkingTree()
	if w.whole && state == w.last && !(w.failed && anyThere(saved)) {
		return nil // it was saved as it is
	}
	if w.number == 0 {
		w.say.Line(fmt.Sprintf("watching %d directories; Ctrl-C ends", w.directories))
	}
	w.running.Store(&begun{program, state})
	w.number, w.last = round.Number, state
	return w.carry(ctx, &a, &line, program, round)
}

// carry runs a round's program, and prints how it ended.
func (w *watching) carry(ctx context.Context, a *app, line *commandLine, program *steps.Program, round *watch.Round) error {
	w.onlyNews(program)
	var shown *roundDisplay
	run := func(p *steps.Program) error {
		return a.carryOutShown(ctx, p, line.flags, func(p *steps.Program) display {
			shown = newRoundDisplay(w, a, p, line.flags, round)
			return shown
		})
	}
	agreed, err := a.confirmLosses(ctx, run(program), line.flags)
	if agreed {
		w.line.Yes, line.Yes = true, true
		if program, err = w.command.compile(ctx, a, line); err == nil {
			err = run(program)
		}
	}
	w.failed = err != nil
	if round.Stopped = errors.Is(context.Cause(ctx), saves.ErrSaved); round.Stopped {
		w.last = steps.TreeState{} // whatever comes is another round
	}
	var printed exitCode
	switch {
	case shown != nil && shown.summed, errors.As(err, &printed):
	case ctx.Err() != nil:
		return nil
	case err != nil && !w.whole:
		return err
	default:
		round.Err = err
	}
	w.whole = w.whole || ctx.Err() == nil
	if err == nil && w.command.Compare != "" {
		round.Verdicts = w.compare(ctx, a, line)
	}
	if ctx.Err() == nil || round.Stopped {
		watch.SayRound(w.options, round, w.command.Builds)
	}
	return nil
}

// means says what saved files mean for the running round.
func (w *watching) means(ctx context.Context, saved []string) saves.Meaning {
	now := w.running.Load()
	if now == nil {
		return saves.Now
	}
	state, err := w.tree.State(ctx)
	switch {
	case err != nil:
		return saves.Later // the next round says it
	case state == now.state:
		return saves.Known
	case state.Files == now.state.Files && !now.program.MayRead(saved):
		return saves.Later
	}
	return saves.Now
}

// onlyNews removes the remarks that an earlier round had.
func (w *watching) onlyNews(p *steps.Program) {
	for _, list := range []*[]string{&p.Notes, &p.Warnings, &p.Details} {
		*list = slices.DeleteFunc(*list, func(text string) bool { return !w.isNews(text) })
	}
}

// isNews reports whether a remark is new. It isn't the next time.
func (w *watching) isNews(text string) bool {
	had := w.said[text]
	w.said[text] = true
	return !had
}

// sameSchema reports whether a build has the schema that it had in the round before.
func (w *watching) sameSchema(build, schema string) bool {
	same := w.schemas[build] == schema
	w.schemas[build] = schema
	return same
}

// named returns paths as they are shown: from the project's directory, with slashes, if they are below
// it. Those that are gone are left out if others are there: they may be an editor's temporary files.
func (w *watching) named(paths []string) []string {
	there := slices.DeleteFunc(slices.Clone(paths), func(path string) bool {
		_, err := os.Lstat(path)
		return err != nil
	})
	if len(there) > 0 {
		paths = there
	}
	var names []string
	for _, path := range paths {
		if below, err := filepath.Rel(w.places.Trees[0], path); err == nil && filepath.IsLocal(below) {
			path = below
		}
		names = append(names, filepath.ToSlash(path))
	}
	return names
}

// anyThere reports whether one of some files exists: an editor's temporary file doesn't any more.
func anyThere(paths []string) bool {
	return slices.ContainsFunc(paths, func(path string) bool {
		info, err := os.Stat(path)
		return err == nil && !info.IsDir()
	})
}

// roundDisplay shows a round: what its display shows, and one line at the end.
type roundDisplay struct {
	display
	*watching
	program *steps.Program
	round   *watch.Round
	tally   *watch.Watcher // has the result, and prints it
	summed  bool
}

func newRoundDisplay(w *watching, a *app, p *steps.Program, f flags, round *watch.Round) *roundDisplay {
	d := &roundDisplay{watching: w, program: p, round: round}
	if len(p.Builds) > 1 || f.Log != autoLog {
		d.display = a.watchBuildsWith(p, f, true)
	} else {
		d.display = a.watchOne(p)
	}
	if d.tally = d.watcher(); d.tally == nil {
		d.tally = watch.New(p.Carried(), watch.Options{Mode: watch.Quiet, Out: w.options.Out, Say: w.say, Now: w.Now})
	}
	return d
}

func (d *roundDisplay) observe(e graph.Event) {
	if e.Kind == graph.Remark && !d.isNews(e.Text) {
		return
	}
	d.display.observe(e)
}

func (d *roundDisplay) summary(ctx context.Context, result *graph.Result) error {
	var losses *steps.LossError
	if err := result.Err(); errors.As(err, &losses) && ctx.Err() == nil {
		return err // carry asks
	}
	d.summed = true
	d.round.Stopped = errors.Is(context.Cause(ctx), saves.ErrSaved)
	d.tally.Ended(result, d.program.Writes, d.round)
	if result.Cancelled {
		return context.Cause(ctx)
	}
	return result.Err()
}

// compare compares what a round has built with the baseline, and prints a table. It returns the
// verdicts.
func (w *watching) compare(ctx context.Context, a *app, line *commandLine) map[string]string {
	one := *line
	one.Defer, one.Reuse, one.CloneIncremental, one.Modified, one.FullRefresh, one.Trace, one.Log = "", "", false, "", false, "", autoLog
	args := comparisonArgs{Builds: append([]string{w.command.Compare}, w.command.Builds...)}
	compared, err := args.compile(ctx, a, &one, false)
	if now, failed := w.tree.State(ctx); failed != nil || now != w.last {
		return nil // another round comes
	}
	if err == nil {
		w.onlyNews(compared.Program)
		var result *graph.Result
		if result, _, err = a.carryOutComparison(ctx, compared, one.flags); err == nil {
			return w.showComparison(ctx, a, compared, result)
		}
	}
	if ctx.Err() == nil {
		a.say.Error(fmt.Errorf("not compared: %w", err))
	}
	return nil
}

// asShown returns what comparisons have found, so that two rounds can be compared. It leaves out what the table
// doesn't show, and what each round has anew: the code, the candidate's commit, and times.
func asShown(found report.Report) string {
	var all []any
	for _, c := range found.Comparisons {
		relations := slices.Clone(c.Relations)
		for i := range relations {
			relations[i].SQL = ""
		}
		all = append(all, c.Baseline.Commit, relations, c.Tests)
	}
	text, _ := json.Marshal(all)
	return string(text)
}

// showComparison prints a comparison, but for programs, and returns its verdicts. If a round has found the same as
// the last one, showComparison prints one line.
func (w *watching) showComparison(ctx context.Context, a *app, compared *compare.Program, result *graph.Result) map[string]string {
	verdicts := map[string]string{}
	found := compared.Report()
	for _, c := range found.Comparisons {
		for _, r := range c.Relations {
			verdicts[r.Name] = string(r.Verdict)
		}
	}
	before := w.shown
	w.shown = asShown(found)
	switch {
	case w.options.Mode == watch.JSON || len(found.Comparisons) == 0:
	case w.shown == before:
		fmt.Fprintf(a.Stdout, "compared with %s: as before\n", w.command.Compare)
	default:
		view := a.view(a.Stdout)
		view.NoHints = true // they are about flags of dot compare
		if err := table.Write(a.Stdout, found, view); err != nil {
			a.say.Error(err)
		}
	}
	if ctx.Err() == nil {
		_ = (&reportArgs{}).ending(ctx, a, compared, result, found) // prints what failed
	}
	return verdicts
}
