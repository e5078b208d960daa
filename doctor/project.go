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

// An environment as far as it could be worked out.
type environment struct {
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
	names, err := project.Environments()
	if err != nil { // of a profile that has to say which environments there are
		e.problem("profile", err.Error(), hint.Of(err)...)
		e.dbt(project, nil)
		return
	}
	var all []environment
	byDefault, _, _ := project.Environment("")
	for _, name := range names {
		env, output, err := project.Environment(name)
		all = append(all, environment{env, name, name == byDefault.Name, output, err})
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

// environment looks whether an environment can be used, and says how it
// connects.
func (e *examination) environment(env environment) {
	switch {
	case env.err != nil && env.Name == "":
		// Perhaps a required variable, which the command line can give.
		e.warn("environment "+env.name, env.err.Error(), hint.Of(env.err)...)
	case env.err != nil && env.isDefault:
		e.problem("environment "+env.name, env.err.Error(), hint.Of(env.err)...)
	case env.err != nil: // its variables may be set elsewhere only
		e.warn("environment "+env.name, env.err.Error(), hint.Of(env.err)...)
	default:
		place := env.output.Place(e.patient.Dir)
		e.ok("environment "+env.name, fmt.Sprintf("output %s of profile %s in %s: %s, schema %s",
			env.output.Name, env.output.Profile, env.output.File(), place.Adapter, place.Schema))
	}
}

// dbt looks at each dbt that an environment uses.
func (e *examination) dbt(project *steps.Project, all []environment) {
	if len(all) == 0 {
		all = []environment{{}}
	}
	for len(all) > 0 {
		settings := all[0].Dot
		same := func(env environment) bool {
			return slices.Equal(env.Dot.DBT, settings.DBT) && env.Dot.Toolchain == settings.Toolchain
		}
		var group []environment
		for _, env := range all {
			if same(env) {
				group = append(group, env)
			}
		}
		all = slices.DeleteFunc(all, same)
		ownPerCommit := settings.Toolchain != "" && e.getenv("DOT_DBT") == ""
		if ownPerCommit {
			e.ok("dbt", "of a commit its own, made from its "+settings.Toolchain)
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

// tool looks at a dbt and what belongs to it.
func (e *examination) tool(found tool.Tool, users []environment) {
	words := fmt.Sprintf("%s at %s, found by %s", found.Version, text.ShellQuote(found.Argv), found.How)
	if found.Cloud {
		e.problem("dbt", words+": it is the dbt Cloud CLI, which does not read profiles.yml and can't build in a schema of its own",
			"install dbt Core, and name it: DOT_DBT=.venv/bin/dbt")
		return
	}
	e.ok("dbt", words)
	bytecode, known := found.Bytecode()
	e.adapters(found, bytecode.Python, users)
	if known {
		e.bytecode(bytecode)
	}
	e.host(found, users)
}

// host looks whether dbt's commands can share one start of dbt. That they can't
// is nothing wrong.
func (e *examination) host(found tool.Tool, users []environment) {
	seen := map[string]bool{}
	for _, env := range users {
		if env.output == nil {
			continue
		}
		text := "dbt is started once for all commands of an invocation"
		if reason := run.TryHost(e.ctx, steps.Hosting(e.patient.World, env.Environment, env.output, found), e.patient.Env); reason != "" {
			text = "dbt is started for each command: " + reason
		}
		if !seen[text] {
			seen[text] = true
			e.ok("dbt host", env.output.Adapter+": "+text)
		}
	}
}

// adapters looks whether the adapters of the outputs are installed. dbt 2 has
// its own.
func (e *examination) adapters(found tool.Tool, python string, users []environment) {
	if found.Adapters == nil {
		return
	}
	seen := map[string]bool{}
	for _, env := range users {
		if env.output == nil || seen[env.output.Adapter] {
			continue
		}
		adapter := env.output.Adapter
		seen[adapter] = true
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

// bytecode looks whether dbt's modules are compiled.
func (e *examination) bytecode(b tool.Bytecode) {
	switch {
	case e.getenv("PYTHONPYCACHEPREFIX") != "":
		return // it is elsewhere
	case b.Compiled == b.Sampled:
		e.ok("bytecode", "dbt's modules are compiled")
		return
	}
	words := fmt.Sprintf("%d of %d modules that dbt always loads are not compiled: each start takes about twice as long", b.Sampled-b.Compiled, b.Sampled)
	if e.getenv("PYTHONDONTWRITEBYTECODE") != "" {
		words += "; PYTHONDONTWRITEBYTECODE keeps Python from doing so itself"
	}
	e.warn("bytecode", words, text.ShellQuote(append([]string{b.Python, "-m", "compileall", "-q"}, b.Dirs...)))
}
