package steps

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"dot-for-dbt/config"
	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/git"
	"dot-for-dbt/spec"
)

// A call is the dbt command that an invocation asks for, ready to be run: on
// a build, or plainly on the working tree.
type call struct {
	specs  []string  // that denote what it runs on, as they were typed
	spec   spec.Spec // the first of them
	build  *build    // nil for a plain call
	env    config.Environment
	output *dbt.Output // nil if a plain call's profile can't be read
	given  arguments
	tool   dbt.Tool

	dbt.CommandLine
	// asked is the command line as somebody asked for it, before inherited
	// variables are overruled: they are no input.
	asked    dbt.CommandLine
	baseline *baseline  // nil for none
	reads    dbt.EnvUse // what the project and the output read from the environment
	keyVars  dbt.EnvUse // of that, what the result may depend on: no secrets
	slot     string     // names the records of the command with this selection
	environ  []string   // what dbt runs with
}

// newCall finds out what a spec denotes; complete does the rest.
func (c *compiler) newCall(s resolvedSpec, given arguments) (*call, error) {
	call := &call{specs: []string{s.typed}, spec: s.Spec, given: given, CommandLine: dbt.CommandLine{Command: c.req.Command}}
	var err error
	if !s.Isolated() {
		call.env, call.output, err = c.plainEnvironment(s.Spec, given)
		return call, err
	}
	if call.build, err = c.resolveBuild(s.Spec, s.commit, given); err != nil {
		return nil, err
	}
	call.env, call.output = call.build.env, call.build.output
	return call, nil
}

// name is what a person calls that which the command runs on.
func (call *call) name() string {
	if call.build == nil {
		return firstOf(call.env.Name, "working-tree")
	}
	return call.build.String()
}

// id tells what the command runs on from everything else.
func (call *call) id() string {
	if call.build == nil {
		return call.name()
	}
	return call.build.ID()
}

// step names the step that runs the command on a build.
func (call *call) step() string { return call.Command.Name + " " + call.name() }

// info is what a person wants to know of it; step runs the command.
func (call *call) info(step string) BuildInfo {
	info := BuildInfo{Name: call.name(), Specs: call.specs, Step: step, Tool: call.tool}
	if call.build != nil {
		info.Schema, info.Place = call.build.schema, call.build.place
		info.Log, info.target = call.build.logFile(), call.build.Target()
	}
	return info
}

// complete puts the command line together.
func (c *compiler) complete(call *call) error {
	if c.req.Modified && call.baseline != nil {
		call.given.Options = append(slices.Clip(call.given.Options), dbt.NewOption("select", "state:modified+"))
	}
	command := c.req.Command.In(call.tool.Version)
	call.CommandLine = dbt.CommandLine{
		DBT: call.tool.Argv, Command: command,
		Options: call.given.Options, Positional: call.given.Positional,
	}
	var err error
	if call.Fixed, err = c.fixedOptions(call); err != nil {
		return err
	}
	if call.Environment, err = c.environmentOptions(command, call.env); err != nil {
		return err
	}
	call.environ = c.world.Env
	if call.build == nil {
		return nil
	}
	project := c.known.reads[call.build.commit.Hash]
	output := c.factsOf(call.output)
	call.reads, call.keyVars = project.Plus(output.reads), project.Public().Plus(output.readsPublic)
	isolated := call.isolate(c, call.CommandLine)
	call.asked = call.CommandLine
	call.Environment = slices.Concat(call.Environment, isolated.Overrule)
	for _, note := range isolated.Notes {
		c.program.detail(note)
	}
	call.environ = call.exported(isolated.Env)
	call.slot = slot(command, call.given)
	return nil
}

// isolate keeps inherited variables from changing what a command line does.
func (call *call) isolate(c *compiler, line dbt.CommandLine) dbt.Environment {
	return dbt.Inherited{
		Env: c.world.Env, Dir: c.project, Command: line.Command, Options: line.AllOptions(),
		Reads: func(name string) bool { return slices.Contains(call.reads.Names, name) },
	}.Isolate()
}

// exported adds what dbt is told of the build it works on.
func (call *call) exported(env []string) []string {
	b := call.build
	return append(git.WithoutRepository(env),
		"DOT_ENV="+b.Env, "DOT_COMMIT="+b.Commit.Hash, "DOT_SCHEMA_SUFFIX="+b.suffix,
		// A private package whose host asks for a password would wait for ever.
		"GIT_TERMINAL_PROMPT=0")
}

// fixedOptions are the options that are dot's to set.
func (c *compiler) fixedOptions(call *call) ([]dbt.Option, error) {
	var all []dbt.Option
	set := func(flag string, values ...string) { all = append(all, dbt.NewOption(flag, values...)) }
	if b := call.build; b != nil {
		set("project-dir", b.ProjectDir())
		set("profiles-dir", b.Dir())
		set("target-path", b.Target())
		set("log-path", b.Logs())
		set("profile", b.output.Profile)
		set("target", b.targetName())
	} else if call.output != nil {
		set("profile", call.output.Profile)
		set("target", call.output.Name)
	} else {
		if call.given.Profile != "" {
			set("profile", call.given.Profile)
		}
		if call.given.Target != "" {
			set("target", call.given.Target)
		}
	}
	if len(call.env.Vars) > 0 {
		vars, err := dbt.VarsOption(call.env.Vars)
		if err != nil {
			return nil, err
		}
		all = append(all, vars)
		if names := dbt.SecretVars(call.env.Vars); len(names) > 0 {
			c.program.warn(fmt.Sprintf("vars are public, dbt's command line and artifacts show them: is %s a secret? Then read it with env_var('DBT_ENV_SECRET_…')", listNames(names)))
		}
	}
	if call.baseline != nil {
		switch name := call.Command.Name; {
		case name == "clone":
			set("state", call.baseline.state)
		case name == "retry": // reads the run to retry from --state
		default:
			set("defer")
			if name != "test" { // it would test the baseline's relations, not the build's
				set("favor-state")
			}
			set("state", call.baseline.state)
		}
	}
	return slices.DeleteFunc(all, func(o dbt.Option) bool { return !call.Command.Takes(o.Flag) }), nil
}

// environmentOptions are the flags of the environment that the command takes.
// The fixed ones are consumed already; one that no command of dbt has gets a
// warning.
func (c *compiler) environmentOptions(command dbt.Command, env config.Environment) ([]dbt.Option, error) {
	var options []dbt.Option
	for _, f := range env.Flags {
		if _, known := dbt.LookupFlag(f.Name); !known {
			text := fmt.Sprintf("%s: dbt has no flag --%s", f.Pos, f.Name)
			if near := dbt.NearestFlag(f.Name); near != "" {
				text += "; is " + near + " meant?"
			}
			c.program.warn(text)
			continue
		}
		if slices.Contains([]string{"profile", "target"}, f.Name) {
			continue
		}
		option, ok, err := command.Setting(f.Name, f.Value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Pos, err)
		}
		if ok {
			options = append(options, option)
		}
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
