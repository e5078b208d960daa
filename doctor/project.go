package doctor

import (
	"fmt"
	"slices"
	"strings"

	"dot-for-dbt/config"
	"dot-for-dbt/internal/dbt/profile"
	"dot-for-dbt/internal/dbt/run"
	"dot-for-dbt/internal/dbt/tool"
	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/text"
	"dot-for-dbt/steps"
)

// resolvedEnv is an environment with its output.
type resolvedEnv struct {
	config.Environment
	name      string
	isDefault bool
	output    *profile.Output // nil: err says why
	err       error
}

// project looks at the project, its environments, its profile and its dbt.
func (e *examination) project() {
	project, err := steps.OpenProject(e.patient.World)
	if err != nil {
		e.problem("project", err.Error(), hint.Of(err)...)
		return
	}
	e.ok("project", project.Dir())
	names, err := project.Environments(e.ctx)
	if err != nil { // the profile defines the environments, and can't be read
		e.problem("profile", err.Error(), hint.Of(err)...)
		e.dbt(project, nil)
		return
	}
	var all []resolvedEnv
	byDefault, _, _ := project.Environment(e.ctx, "")
	for _, name := range names {
		env, output, err := project.Environment(e.ctx, name)
		all = append(all, resolvedEnv{env, name, name == byDefault.Name, output, err})
	}
	text := strings.Join(names, ", ")
	if byDefault.Name != "" {
		text += "; default: " + byDefault.Name
	}
	e.ok("environments", text)
	for _, env := range all {
		e.environment(env)
	}
	e.dbt(project, all)
}

// environment checks that an environment can be used, and says how it connects.
func (e *examination) environment(env resolvedEnv) {
	switch {
	case env.err != nil && env.Name == "":
		// Perhaps a required variable is missing. The command line may give it.
		e.warn("environment "+env.name, env.err.Error(), hint.Of(env.err)...)
	case env.err != nil && env.isDefault:
		e.problem("environment "+env.name, env.err.Error(), hint.Of(env.err)...)
	case env.err != nil: // its environment variables may be set on another machine
		e.warn("environment "+env.name, env.err.Error(), hint.Of(env.err)...)
	default:
		place := env.output.Place(e.patient.Dir, nil)
		e.ok("environment "+env.name, fmt.Sprintf("output %s of profile %s in %s: %s, schema %s",
			env.output.Name, env.output.Profile, env.output.File(), place.Adapter, place.Schema))
	}
}

// dbt checks each dbt that an environment uses.
func (e *examination) dbt(project *steps.Project, all []resolvedEnv) {
	if len(all) == 0 {
		all = []resolvedEnv{{}}
	}
	for len(all) > 0 {
		settings := all[0].Dot
		same := func(env resolvedEnv) bool {
			return slices.Equal(env.Dot.DBT, settings.DBT) && env.Dot.Toolchain == settings.Toolchain
		}
		var group []resolvedEnv
		for _, env := range all {
			if same(env) {
				group = append(group, env)
			}
		}
		all = slices.DeleteFunc(all, same)
		ownPerCommit := settings.Toolchain != "" && e.getenv("DOT_DBT") == ""
		if ownPerCommit {
			e.ok("dbt", "each commit has its own, installed from its "+settings.Toolchain)
		}
		switch tool, err := project.FindDBT(e.ctx, group[0].Environment); {
		case err != nil && ownPerCommit:
			e.warn("dbt", "for the working tree: "+err.Error(), hint.Of(err)...)
		case err != nil:
			e.problem("dbt", err.Error(), hint.Of(err)...)
		default:
			e.tool(tool, group)
		}
	}
}

// tool checks a dbt, its adapters, its bytecode and its host.
func (e *examination) tool(found tool.Tool, users []resolvedEnv) {
	words := fmt.Sprintf("%s at %s, found by %s", found.Version, text.ShellQuote(found.Argv), found.How)
	if found.Cloud {
		e.problem("dbt", words+": it is the dbt Cloud CLI, which does not read profiles.yml and can't build in a schema of its own",
			"install dbt Core, and name it: DOT_DBT=.venv/bin/dbt")
		return
	}
	if untried := found.Untried(); untried != "" {
		words += "; " + untried
	}
	e.ok("dbt", words)
	bytecode, known := found.Bytecode()
	e.adapters(found, bytecode.Python, users)
	if known {
		e.bytecode(bytecode)
	}
	e.host(found, users)
}

// host checks whether dbt's commands can share one start of dbt. It is no problem if
// they can't.
func (e *examination) host(found tool.Tool, users []resolvedEnv) {
	seen := map[string]bool{}
	for _, env := range users {
		if env.output == nil {
			continue
		}
		can, note := run.TryHost(e.ctx, steps.Hosting(e.patient.World, env.Environment, env.output, found), e.patient.Env)
		text := "dbt is started for each command: " + note
		if can {
			text = "dbt is started once for all commands of an invocation"
			if note != "" {
				text += "; " + note
			}
		}
		if !seen[text] {
			seen[text] = true
			e.ok("dbt host", env.output.Adapter+": "+text)
		}
	}
}

// adapters checks that the outputs' adapters are installed.
func (e *examination) adapters(found tool.Tool, python string, users []resolvedEnv) {
	if found.Adapters == nil && !found.V2() {
		return
	}
	seen := map[string]bool{}
	for _, env := range users {
		if env.output == nil || seen[env.output.Adapter] {
			continue
		}
		adapter := env.output.Adapter
		seen[adapter] = true
		if found.V2() {
			e.builtIn(found, adapter)
			continue
		}
		if version, ok := found.Adapters[adapter]; ok {
			e.ok("adapter", "dbt-"+adapter+" "+version)
			continue
		}
		pip := []string{"python", "-m", "pip", "install", "dbt-" + adapter}
		if python != "" {
			pip[0] = python
		}
		e.problem("adapter", fmt.Sprintf("dbt-%s is not installed beside %s", adapter, text.ShellQuote(found.Argv)), text.ShellQuote(pip))
	}
}

// builtIn checks an adapter of dbt 2, which contains its adapters, but not their drivers.
func (e *examination) builtIn(found tool.Tool, adapter string) {
	if warning := found.AdapterWarning(adapter, e.patient.Getenv); warning != "" {
		e.warn("adapter", warning)
	} else {
		e.ok("adapter", adapter+" is built in")
	}
	switch path, dirs := found.Driver(adapter, e.patient.Home, e.patient.Getenv); {
	case path != "":
		e.ok("driver", adapter+": "+path)
	case dirs != nil:
		e.warn("driver", fmt.Sprintf("dbt has no driver for %s in %s: it downloads one when it first connects", adapter, strings.Join(dirs, ", ")),
			"without a network: make dbt run once where there is one, and copy its cache")
	}
}

// bytecode checks that dbt's modules are compiled.
func (e *examination) bytecode(b tool.Bytecode) {
	switch {
	case e.getenv("PYTHONPYCACHEPREFIX") != "":
		return // the bytecode is elsewhere
	case b.Compiled == b.Sampled:
		e.ok("bytecode", "dbt's modules are compiled")
		return
	}
	words := fmt.Sprintf("%d of %d modules that dbt always loads are not compiled: each start takes about twice as long", b.Sampled-b.Compiled, b.Sampled)
	if e.getenv("PYTHONDONTWRITEBYTECODE") != "" {
		words += "; PYTHONDONTWRITEBYTECODE stops Python from compiling them itself"
	}
	e.warn("bytecode", words, text.ShellQuote(append([]string{b.Python, "-m", "compileall", "-q"}, b.Dirs...)))
}
