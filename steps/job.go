package steps

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"dot-for-dbt/config"
	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/dbt/profile"
	"dot-for-dbt/internal/dbt/tool"
	"dot-for-dbt/internal/git"
	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/store"
	"dot-for-dbt/internal/text"
	"dot-for-dbt/internal/workspace"
	"dot-for-dbt/spec"
)

// A job is the invocation's dbt command on one build. A plain job runs on the working
// tree. After planning, a job doesn't change.
type job struct {
	specs  []string  // the specs that denote the build, as typed
	spec   spec.Spec // the first of them
	build  *build    // nil for a plain job
	env    config.Environment
	output *profile.Output // nil if a plain job's profile can't be read
	world  World           // with the variables of the .env that its dbt loads
	// protection is that of the schema to which a plain job may write.
	protection Protection
	given      arguments
	tool       tool.Tool
	toolchain  *toolchain // the tool's toolchain, nil for none
	baseline   *baseline  // nil for none
	// below is the layer that a retry without --defer defers to: the layer that the
	// build rests on. nil for none.
	below *workspace.LayerRef

	dbt.CommandLine
	// asked is the command line for the key: without the options that override
	// inherited variables, or switch off what dbt 2 does unasked.
	asked dbt.CommandLine
	// retry is the command line that continues a stopped run of the same command; nil
	// without --resume.
	retry      []string
	modified   bool // the selection is what --modified selects
	byCompiled bool // --modified=compiled
	// reuse is set if all that the command doesn't build is cloned, as views.
	reuse bool
	// cloneIncremental is set if nodes with a history that the build lacks are cloned first.
	cloneIncremental bool
	stale            bool           // the selection is what is to be built in the schema of a working tree
	scan             string         // names the scan for the environment variables that the project reads
	reads            profile.EnvUse // the environment variables that the project and the output read
	keyVars          profile.EnvUse // reads, without secrets: the result may depend on them
	// codeInputs are the inputs that the compiled code depends on, apart from the commit.
	codeInputs []graph.Input
	slot       string   // names the records of the command with this selection
	environ    []string // dbt's environment variables

	age   config.Age // the age at which an up-to-date build runs again
	force bool       // --force
	helps bool       // it only prints dbt's help or version
	yes   bool       // --yes: drop what other builds and programs have on replaced relations
	// checkWarehouse is --check-warehouse.
	checkWarehouse bool
	always         string       // why its step is never skipped, "" if it may be
	duckdb         string       // the path of the DuckDB file that the command opens, "" for none
	pools          []string     // the pools of the command
	store          *store.Store // to push to; nil for none
}

// newJob makes a job with the build or environment of a spec; complete does the rest.
func (p *planner) newJob(ctx context.Context, s resolvedSpec, given arguments) (*job, error) {
	job := &job{specs: []string{s.typed}, spec: s.Spec, given: given, CommandLine: dbt.CommandLine{Command: p.req.Command}}
	var err error
	if !s.Isolated() {
		project, err := p.workingProject()
		if err != nil {
			return nil, err
		}
		env, err := p.plainEnvironment(ctx, s.Spec, project, given)
		if err != nil {
			return nil, err
		}
		job.env, job.output, job.world = env.Environment, env.output, p.world.with(env.dotEnv.DotEnv)
		job.protection = p.protection(ctx, job, project, given)
		return job, nil
	}
	if job.build, err = p.resolveBuild(ctx, s.Spec, s.commit, given, s.variant); err != nil {
		return nil, err
	}
	job.env, job.output, job.world = job.build.env, job.build.output, job.build.world
	return job, nil
}

// name returns the display name of the job's build.
func (job *job) name() string {
	if job.build == nil {
		return cmp.Or(job.env.Name, "working-tree")
	}
	return job.build.String()
}

// deferState returns the directory of the composed manifest: dbt's --defer-state.
func (job *job) deferState() string {
	if job.build == nil { // plain jobs share it: they read only the baseline's nodes
		return filepath.Join(job.baseline.build.Dir(), "plain", "defer", job.baseline.build.place.ID())
	}
	return filepath.Join(job.build.Dir(), "defer", job.build.place.ID())
}

// checks reports whether the job has a check step.
func (job *job) checks() bool {
	return job.build != nil && (len(job.Command.Builds) > 0 || job.marksState())
}

// state returns dbt's --state: the baseline's artifacts or, for a selection that compares
// with them, a copy of them. See changes.go.
func (job *job) state() string {
	if job.marksState() {
		return filepath.Join(job.build.Dir(), "changed", job.build.place.ID())
	}
	return job.baseline.state
}

// marksState reports whether the job's selection compares with its baseline, and dot
// says what is changed. A clone needs the baseline's own state.
func (job *job) marksState() bool {
	return job.build != nil && (job.stale || job.baseline != nil) && job.Command.Takes("state") && job.selectsByState() &&
		!slices.Contains([]string{"retry", "clone"}, job.Command.Name)
}

// findsChanges reports whether the job's check finds what the commit changes.
func (job *job) findsChanges() bool {
	return job.baseline != nil && (job.readsKnown() || job.marksState())
}

// readsKnown reports whether the job's check knows which nodes the job reads. It
// doesn't for a retry, whose nodes dbt selects, and for a clone, which copies the
// baseline.
func (job *job) readsKnown() bool {
	return job.build != nil && len(job.Command.Builds) > 0 && job.baseline != nil && !slices.Contains([]string{"retry", "clone"}, job.Command.Name)
}

// partial returns the flag that makes the job write only some rows, "" for none. A retry takes it over from the
// run that it retries.
func (job *job) partial() string {
	if job.Command.Name == "retry" {
		last, _ := readResults(job.build.Target()) // without them, there is nothing to retry
		switch sample := last.Args.All["sample"].(type) {
		case nil:
		case string:
			return "--sample " + sample
		default: // the days from and to
			return "--sample"
		}
		if last.Args.Empty {
			return "--empty"
		}
		return ""
	}
	for _, flag := range []string{"empty", "sample"} {
		if o, ok := job.Lookup(flag); ok && !o.Negated {
			return strings.Join(o.Words(), " ")
		}
	}
	return ""
}

// selectsByState reports whether the job's selection compares with its baseline.
func (job *job) selectsByState() bool {
	for _, flag := range []string{"select", "exclude"} {
		if o, ok := job.Lookup(flag); ok && strings.Contains(strings.Join(o.Values, " "), "state:") {
			return true
		}
	}
	_, selector := job.Lookup("selector") // whose definition may
	return selector
}

// selectsModified reports whether the selection is that of --modified.
func (job *job) selectsModified() bool {
	selected := ""
	for _, o := range job.AllOptions() {
		switch {
		case o.Flag == "select":
			selected += strings.Join(o.Values, " ")
		case slices.Contains(selections, o.Flag) && o.Flag != "indirect-selection":
			return false
		}
	}
	return selected == SelectModified
}

// foundNothing says why the job's command had nothing to do. modified: no node differs
// from the baseline. unmatched: the selection matches nothing, in words for the user.
func (job *job) foundNothing() (modified bool, unmatched string) {
	if job.modified {
		return true, ""
	}
	var words []string
	for _, o := range job.AllOptions() {
		if slices.Contains(selections, o.Flag) {
			words = append(words, o.Words()...)
		}
	}
	if len(words) == 0 || job.Command.Name == "docs generate" { // which writes more than the nodes' part
		return false, ""
	}
	return false, strings.ReplaceAll(text.ShellQuote(words), "--select ", "-s ") + " selects nothing"
}

// warnsItself reports whether the job's command warns of the project's files, though the check
// has parsed them: it parses them again.
func (job *job) warnsItself(getenv func(string) (string, bool)) bool {
	return !dbt.SwitchedOn("partial-parse", job.AllOptions(), getenv, !job.build.project.ParsesAnew)
}

// whole reports whether the job builds all nodes of the project.
func (job *job) whole() bool {
	return job.Command.Name == "build" && job.baseline == nil && !slices.ContainsFunc(selections, func(flag string) bool {
		_, ok := job.Lookup(flag)
		return ok
	})
}

// id identifies the job's build among all builds.
func (job *job) id() string {
	if job.build == nil {
		return job.name()
	}
	return job.build.ID()
}

// typed returns what a person types to run dot's command on a build, with the vars of the job's command line.
func (job *job) typed(command, spec string, args ...string) string {
	words := []string{"dot", command, spec}
	if vars := job.given.Vars; len(vars) > 0 {
		if option, err := dbt.VarsOption(vars); err == nil {
			words = append(words, option.Words()...)
		}
	}
	return text.ShellQuote(slices.Concat(words, job.build.flags(), args))
}

// typedForDBT are the last words of what a person types: the target and the profile of the job's command line.
func (job *job) typedForDBT() (words []string) {
	for _, option := range [][2]string{{"--target", job.given.Target}, {"--profile", job.given.Profile}} {
		if option[1] != "" {
			words = append(words, option[0], option[1])
		}
	}
	if len(words) > 0 {
		words = append([]string{"--"}, words...)
	}
	return words
}

// step returns the name of the job's step.
func (job *job) step() string { return job.Command.Name + " " + job.name() }

// command returns another command of the job's dbt.
func (job *job) command(name string) dbt.Command {
	c, _ := dbt.LookupCommand(name)
	return c.In(job.tool.Version)
}

// complete sets the job's command line, environment variables, locks and pools.
func (p *planner) complete(job *job) error {
	switch job.stale = p.selectsStale(job); {
	case job.stale:
		job.given.Options = append(slices.Clip(job.given.Options), dbt.NewOption("select", selectStale))
	case p.req.Modified && job.baseline != nil:
		job.given.Options = append(slices.Clip(job.given.Options), dbt.NewOption("select", SelectModified))
	}
	command := p.req.Command.In(job.tool.Version)
	job.CommandLine = dbt.CommandLine{
		DBT: job.tool.Argv, Command: command,
		Options: p.absoluteOptions(job, job.given.Options), Positional: job.given.Positional,
	}
	if err := job.CheckV2(); err != nil {
		return err
	}
	if command.Name == "retry" && job.tool.V2() {
		for _, flag := range selections {
			if o, ok := job.Lookup(flag); ok {
				return hint.New("dot retry takes no "+o.Words()[0]+": it runs what is left of the last run", "leave it out, or select with dot build")
			}
		}
	}
	var err error
	if job.Environment, err = p.environmentOptions(command, job.env); err != nil {
		return err
	}
	if job.Fixed, err = p.fixedOptions(job); err != nil {
		return err
	}
	if job.build != nil {
		job.Environment = append(job.Environment, p.inherited(job, job.CommandLine).WarnErrors()...)
	}
	job.Environment = p.absoluteOptions(job, job.Environment)
	job.modified = job.stale || job.baseline != nil && job.selectsModified()
	job.environ, job.age, job.force = p.world.Env, p.age(job.env), p.req.Force
	job.yes, job.checkWarehouse = p.req.Yes, p.req.CheckWarehouse
	job.duckdb = p.duckdbFile(job)
	job.pools = p.pools(job)
	if job.build == nil {
		return nil
	}
	project := p.known.reads[job.scan]
	output := p.factsOf(job.output)
	job.reads, job.keyVars = project.Plus(output.reads), project.Public().Plus(output.readsPublic)
	if job.WarnsAsErrors() && !job.checks() {
		job.CommandLine = job.ParsingAnew()
	}
	isolated := p.isolate(job, job.CommandLine)
	job.asked = job.CommandLine
	if job.tool.V2() {
		job.Fixed = slices.Concat(job.Fixed, job.switchedOff())
	}
	job.Environment = slices.Concat(job.Environment, isolated.Overrule)
	for _, note := range isolated.Notes {
		p.program.detail(note)
	}
	job.environ = job.exported(isolated.Env)
	job.slot = slot(command, job.given)
	if job.stale && job.baseline != nil { // then the same selection means other nodes
		deferred := job.given
		deferred.Positional = append(slices.Clip(deferred.Positional), "deferred")
		job.slot = slot(command, deferred)
	}
	job.always = p.unskippable(job)
	if job.byCompiled || job.reuse { // then the same selection means other nodes
		other := job.given
		other.Positional = append(slices.Clip(other.Positional), fmt.Sprintf("by compiled code: %t, reuse: %t", job.byCompiled, job.reuse))
		job.slot = slot(command, other)
	}
	if p.req.Resume {
		job.retry = retryLine(job)
	}
	return nil
}

// defaultMaxAge is the age at which an up-to-date build runs again.
const defaultMaxAge = 12 * time.Hour

// age returns the max-age: the command line's, or the environment's.
func (p *planner) age(env config.Environment) config.Age {
	switch {
	case p.req.MaxAge != nil:
		return *p.req.MaxAge
	case env.Dot.MaxAge != nil:
		return *env.Dot.MaxAge
	}
	return config.Age{Limit: defaultMaxAge}
}

// maxAge returns the age at which an up-to-date build runs again; 0 means no limit.
func (job *job) maxAge() time.Duration {
	if job.age.Never {
		return 0
	}
	return job.age.Limit
}

// isolate prevents inherited environment variables from changing a job's command.
func (d *dbts) isolate(job *job, line dbt.CommandLine) dbt.IsolatedEnv {
	return d.inherited(job, line).Isolate()
}

// inherited returns what dbt would inherit for a line of a job.
func (d *dbts) inherited(job *job, line dbt.CommandLine) dbt.Inherited {
	return dbt.Inherited{
		Env: d.world.Env, DotEnv: job.build.dotEnv.DotEnv, Line: line,
		Reads: func(name string) bool { return slices.Contains(job.reads.Names, name) },
	}
}

// exported adds environment variables that describe the build.
func (job *job) exported(env []string) []string {
	b := job.build
	for _, name := range pathVariables {
		if value, ok := b.dotEnv.Values[name]; ok && !b.dotEnv.committed {
			env = append(slices.Clip(env), name+"="+value) // so that it becomes absolute, too
		}
	}
	env = append(absoluteVariables(git.WithoutRepository(env), b.workDir), b.variables()...)
	// Otherwise git would wait for a password of a private package for ever.
	return append(env, "GIT_TERMINAL_PROMPT=0")
}

// fixedOptions returns the options that dot sets.
func (p *planner) fixedOptions(job *job) ([]dbt.Option, error) {
	var all []dbt.Option
	set := func(flag string, values ...string) { all = append(all, dbt.NewOption(flag, values...)) }
	if b := job.build; b != nil {
		set("project-dir", b.ProjectDir())
		set("profiles-dir", b.Dir())
		set("target-path", b.Target())
		set("log-path", b.Logs())
		set("profile", b.output.Profile)
		set("target", b.targetName())
		if job.Command.Manifest {
			set("write-json") // the project's flags may say the opposite
		}
	} else if job.output != nil {
		set("profile", job.output.Profile)
		set("target", job.output.Name)
	} else {
		if job.given.Profile != "" {
			set("profile", job.given.Profile)
		}
		if job.given.Target != "" {
			set("target", job.given.Target)
		}
	}
	if len(job.env.Vars) > 0 {
		vars, err := p.varsOf(job.env)
		if err != nil {
			return nil, err
		}
		all = append(all, vars.option)
		if names := vars.secrets; len(names) > 0 {
			p.program.warn(fmt.Sprintf("vars are public: dbt's command line and artifacts show them; read a secret with env_var('DBT_ENV_SECRET_…') instead: %s", listNames(names)))
		}
	}
	retried := func() {
		if job.tool.V2() { // dbt 1 has them from the run results
			set("defer")
			set("favor-state")
		}
		set("defer-state", job.deferState())
	}
	switch name := job.Command.Name; {
	case job.baseline == nil && name == "retry" && job.build != nil:
		// Keep the deferral that the build has.
		if s, err := p.ws.Standing(job.build.Build, job.build.place); err == nil && s.Below != nil {
			job.below = s.Below
			retried()
		}
	case job.stale && job.baseline == nil:
		set("state", job.state())
		if job.tool.V2() { // which defers to any state
			all = append(all, dbt.Option{Flag: "defer", Negated: true})
		}
	case job.baseline == nil:
	case name == "retry": // whose --state has the run results to retry
		retried()
	default:
		// --state is for state: selectors only. The composed manifest has the
		// relations that nodes are read from, for every command.
		if name != "clone" {
			set("defer")
			set("favor-state")
		}
		set("state", job.state())
		set("defer-state", job.deferState())
	}
	if _, given := job.Lookup("indirect-selection"); job.stale && !given {
		set("indirect-selection", "eager") // tests run with any of what they test
	}
	return slices.DeleteFunc(all, func(o dbt.Option) bool { return !job.Command.Takes(o.Flag) }), nil
}

// switchedOff returns the options that switch off what dbt 2 does unasked: it defers if it has a state,
// which may be there for a selection, and a project's flags may let its state service reuse relations.
func (job *job) switchedOff() []dbt.Option {
	var all []dbt.Option
	not := func(flag string) { all = append(all, dbt.Option{Flag: flag, Negated: true}) }
	if _, said := job.Lookup("manage-state"); !said && job.Command.Parses {
		not("manage-state")
	}
	_, state := job.Lookup("state")
	_, deferState := job.Lookup("defer-state")
	if _, said := job.Lookup("defer"); !said && (state || deferState) && job.Command.Name != "clone" {
		not("defer")
	}
	return all
}

// environmentOptions returns the environment's flags that the command takes. It leaves
// out profile and target, which are fixed options. Flags that dbt doesn't have cause a
// warning; two settings of the same flag are an error.
func (p *planner) environmentOptions(command dbt.Command, env config.Environment) ([]dbt.Option, error) {
	var options []dbt.Option
	setBy := map[string]config.Flag{} // by the flag's own name
	for _, f := range env.Flags {
		if _, known := dbt.LookupFlag(f.Name); !known {
			text := fmt.Sprintf("%s: dbt has no flag --%s", f.Pos, f.Name)
			if near := dbt.NearestFlag(f.Name); near != "" {
				text += "; is " + near + " meant?"
			}
			p.program.warn(text)
			continue
		}
		if slices.Contains([]string{"profile", "target"}, f.Name) {
			continue
		}
		option, ok, err := command.Setting(f.Name, f.Value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Pos, err)
		}
		if !ok {
			if why := command.LeftOut(f.Name); why != "" && f.Value != false {
				p.program.warn(fmt.Sprintf("%s: %s", f.Pos, why))
			}
			continue
		}
		if other, twice := setBy[option.Flag]; twice {
			return nil, hint.New(
				fmt.Sprintf("%s: %s and %s (%s) set the same flag of dbt", f.Pos, f.Name, other.Name, other.Pos),
				"leave one of them out", fmt.Sprintf("what another part of the files sets is taken back by %s: null", other.Name),
			)
		}
		setBy[option.Flag] = f
		options = append(options, option)
	}
	if _, said := setBy["version-check"]; !said && env.Dot.VersionCheck != nil && !*env.Dot.VersionCheck && command.Takes("version-check") {
		options = append(options, dbt.Option{Flag: "version-check", Negated: true})
	}
	return options, nil
}

// slot returns the name of the records of a command. Each selection has its own
// record, so that building one model doesn't affect whether another is up to date. The
// spelling and the order of options make no difference: -s orders after "--" equals
// --select orders before it.
func slot(command dbt.Command, given arguments) string {
	name := strings.ReplaceAll(command.Name, " ", "-")
	var words []string
	for _, o := range given.Options {
		if o.Flag != "" {
			o.Text = nil
			words = append(words, fmt.Sprintf("%q", o.Words()))
		}
	}
	slices.Sort(words)
	for _, o := range given.Options {
		if o.Flag == "" { // dot doesn't know the option, and its order may matter
			words = append(words, o.Words()...)
		}
	}
	words = append(words, given.Positional...)
	if len(words) == 0 {
		return name
	}
	sum := sha256.Sum256([]byte(fmt.Sprintf("%q", words)))
	return name + "-" + hex.EncodeToString(sum[:5])
}
