package steps

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"dot-for-dbt/config"
	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/dbt/profile"
	"dot-for-dbt/internal/dbt/tool"
	"dot-for-dbt/internal/git"
	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/workspace"
	"dot-for-dbt/spec"
)

// A job is the dbt command that an invocation asks for, on one build or, as a
// plain job, on the working tree. Planning completes it, and nothing changes it
// afterwards.
type job struct {
	specs     []string  // that denote what it runs on, as they were typed
	spec      spec.Spec // the first of them
	build     *build    // nil for a plain job
	env       config.Environment
	output    *profile.Output // nil if a plain job's profile can't be read
	given     arguments
	tool      tool.Tool
	toolchain *toolchain // that the tool belongs to; nil for none
	baseline  *baseline  // nil for none
	// below is what a retry without a baseline of its own defers to: what the
	// build rests on already. nil for nothing.
	below *workspace.LayerRef

	dbt.CommandLine
	// asked is the command line as somebody asked for it, before inherited
	// variables are overruled: they are no input.
	asked dbt.CommandLine
	// retry is the command line that goes on where a failed run of the same
	// command stopped; nil without --resume.
	retry    []string
	modified bool           // --modified
	reads    profile.EnvUse // what the project and the output read from the environment
	keyVars  profile.EnvUse // of that, what the result may depend on: no secrets
	slot     string         // names the records of the command with this selection
	environ  []string       // what dbt runs with

	age    config.Age // at which a success counts no more
	force  bool       // --force
	always string     // why its step is never skipped, "" if it may be
	duckdb string     // the path of the DuckDB file that the command opens, "" for none
	pools  []string   // that the command takes a place in
}

// newJob finds out what a spec denotes; complete does the rest.
func (p *planner) newJob(s resolvedSpec, given arguments) (*job, error) {
	job := &job{specs: []string{s.typed}, spec: s.Spec, given: given, CommandLine: dbt.CommandLine{Command: p.req.Command}}
	var err error
	if !s.Isolated() {
		job.env, job.output, err = p.plainEnvironment(s.Spec, given)
		return job, err
	}
	if job.build, err = p.resolveBuild(s.Spec, s.commit, given); err != nil {
		return nil, err
	}
	job.env, job.output = job.build.env, job.build.output
	return job, nil
}

// name is the display name of what the command runs on.
func (job *job) name() string {
	if job.build == nil {
		return cmp.Or(job.env.Name, "working-tree")
	}
	return job.build.String()
}

// deferState is the directory of the manifest that says where the nodes lie that
// the job doesn't write: dbt's --defer-state.
func (job *job) deferState() string {
	if job.build == nil { // all plain jobs read what the baseline has
		return filepath.Join(job.baseline.build.Dir(), "plain", "defer", job.baseline.build.place.ID())
	}
	return filepath.Join(job.build.Dir(), "defer", job.build.place.ID())
}

// checks reports whether the job has a check, which knows what it works on.
func (job *job) checks() bool { return job.build != nil && len(job.Command.Builds) > 0 }

// readsKnown reports whether the job's check knows which nodes the job reads. A
// retry works on what is left of another command, and a clone on the baseline.
func (job *job) readsKnown() bool {
	return job.checks() && job.baseline != nil && !slices.Contains([]string{"retry", "clone"}, job.Command.Name)
}

// partial names the flag for which the job writes relations with only a part of
// their rows, "" for none.
func (job *job) partial() string {
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

// whole reports whether the job works on all nodes of the project.
func (job *job) whole() bool {
	return job.Command.Name == "build" && job.baseline == nil && !slices.ContainsFunc(selections, func(flag string) bool {
		_, ok := job.Lookup(flag)
		return ok
	})
}

// anewLine is the command line that makes everything from nothing.
func (job *job) anewLine() []string {
	line := job.CommandLine
	line.Fixed = append(slices.Clip(line.Fixed), dbt.NewOption("full-refresh"))
	return line.Argv()
}

// id tells what the command runs on from everything else.
func (job *job) id() string {
	if job.build == nil {
		return job.name()
	}
	return job.build.ID()
}

// step names the step that runs the command on a build.
func (job *job) step() string { return job.Command.Name + " " + job.name() }

// complete puts the command line together, and settles how it is run.
func (p *planner) complete(job *job) error {
	if p.req.Modified && job.baseline != nil {
		job.given.Options = append(slices.Clip(job.given.Options), dbt.NewOption("select", "state:modified+"))
	}
	command := p.req.Command.In(job.tool.Version)
	job.CommandLine = dbt.CommandLine{
		DBT: job.tool.Argv, Command: command,
		Options: job.given.Options, Positional: job.given.Positional,
	}
	var err error
	if job.Fixed, err = p.fixedOptions(job); err != nil {
		return err
	}
	if job.Environment, err = p.environmentOptions(command, job.env); err != nil {
		return err
	}
	job.modified = p.req.Modified
	job.environ, job.age, job.force = p.world.Env, p.age(job.env), p.req.Force
	job.duckdb = p.duckdbFile(job)
	job.pools = p.pools(job)
	if job.build == nil {
		return nil
	}
	project := p.known.reads[job.build.commit.Hash]
	output := p.factsOf(job.output)
	job.reads, job.keyVars = project.Plus(output.reads), project.Public().Plus(output.readsPublic)
	isolated := p.isolate(job, job.CommandLine)
	job.asked = job.CommandLine
	job.Environment = slices.Concat(job.Environment, isolated.Overrule)
	for _, note := range isolated.Notes {
		p.program.detail(note)
	}
	job.environ = job.exported(isolated.Env)
	job.slot = slot(command, job.given)
	job.always = p.unskippable(job)
	if p.req.Resume {
		job.retry = retryLine(job)
	}
	return nil
}

// defaultMaxAge is the age at which a build that is up to date is made again.
const defaultMaxAge = 12 * time.Hour

// age is the max-age that holds: the command line's, else the environment's.
func (p *planner) age(env config.Environment) config.Age {
	switch {
	case p.req.MaxAge != nil:
		return *p.req.MaxAge
	case env.Dot.MaxAge != nil:
		return *env.Dot.MaxAge
	}
	return config.Age{Limit: defaultMaxAge}
}

// maxAge is the age at which what was up to date is made again; 0 is no limit.
func (job *job) maxAge() time.Duration {
	if job.age.Never {
		return 0
	}
	return job.age.Limit
}

// isolate keeps inherited variables from changing what a command line for a job
// does.
func (rt *runtime) isolate(job *job, line dbt.CommandLine) dbt.IsolatedEnv {
	return dbt.Inherited{
		Env: rt.world.Env, Dir: rt.project, Line: line,
		Reads: func(name string) bool { return slices.Contains(job.reads.Names, name) },
	}.Isolate()
}

// exported adds what dbt is told of the build it works on.
func (job *job) exported(env []string) []string {
	b := job.build
	return append(git.WithoutRepository(env),
		"DOT_ENV="+b.Env, "DOT_COMMIT="+b.Commit.Hash, "DOT_SCHEMA_SUFFIX="+b.suffix,
		// A private package whose host asks for a password would wait for ever.
		"GIT_TERMINAL_PROMPT=0")
}

// fixedOptions are the options that are dot's to set.
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
			p.program.warn(fmt.Sprintf("vars are public, dbt's command line and artifacts show them: is %s a secret? Then read it with env_var('DBT_ENV_SECRET_…')", listNames(names)))
		}
	}
	switch name := job.Command.Name; {
	case job.baseline == nil && name == "retry" && job.build != nil:
		// It goes on with the deferral that the build had, as things stand now.
		if s, err := p.ws.Standing(job.build.Build, job.build.place); err == nil && s.Below != nil {
			job.below = s.Below
			set("defer-state", job.deferState())
		}
	case job.baseline == nil:
	case name == "retry": // which reads in --state what it is to retry
		set("defer-state", job.deferState())
	default:
		// The state is for state: selectors alone. Where nodes are read, the
		// composed manifest says, whichever the command.
		if name != "clone" {
			set("defer")
			set("favor-state")
		}
		set("state", job.baseline.state)
		set("defer-state", job.deferState())
	}
	return slices.DeleteFunc(all, func(o dbt.Option) bool { return !job.Command.Takes(o.Flag) }), nil
}

// environmentOptions are the flags of the environment that the command takes,
// each flag once. The fixed ones are consumed already; one that no command of
// dbt has gets a warning.
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
	return options, nil
}

// slot names the records of a command: each selection has one of its own, so
// that building one model doesn't make dot forget that another is up to date.
// How an option is spelled and where it stands makes no difference: -s orders
// after "--" is --select orders before it.
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
		if o.Flag == "" { // dbt knows what its order means
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
