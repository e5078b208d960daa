package steps

import (
	"dot-for-dbt/config"
	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/dbt/profile"
	"dot-for-dbt/internal/dbt/tool"
	"dot-for-dbt/internal/workspace"
)

// known is what an invocation has found out and needs again for its other
// builds: 1,000 specs have few commits, environments and dbts between them.
type known struct {
	files        found[string, map[string]string] // git's hashes of the project's files, by commit
	projects     found[string, profile.Project]   // by the hash of the file
	packages     found[string, packageFile]       // by the file's name and hash
	reads        map[string]profile.EnvUse        // from the environment, by the project at a commit
	made         found[string, profile.EnvUse]    // the same of packages and submodules that are there, by the commit's directory
	commits      found[string, workspace.Commit]  // by hash and abbreviation
	profiles     found[string, *profile.File]     // by file
	environments found[string, environment]       // by everything that they are chosen by
	vars         found[string, varFacts]          // by environment
	outputs      found[*profile.Output, outputFacts]
	tools        found[string, tool.Tool]  // by the setting that names it and whether it may be asked, or by toolchain
	toolchains   found[string, *toolchain] // by commit and file
}

// outputFacts are what is asked of an output for each build.
type outputFacts struct {
	place profile.Place
	// duckdb is the path of its DuckDB file, "" if it has none; duckdbErr says
	// why that can't be told.
	duckdb    string
	duckdbErr error
	// reads is what it reads from the environment, readsPublic all of that but
	// secrets.
	reads, readsPublic profile.EnvUse
	// inputs are its fields.
	inputs []graph.Input
}

// factsOf returns those of an output.
func (p *planner) factsOf(o *profile.Output) outputFacts {
	facts, _ := p.known.outputs.get(o, func() (outputFacts, error) {
		f := outputFacts{place: o.Place(p.project)}
		f.duckdb, _, f.duckdbErr = o.DuckDBPath(p.project)
		f.readsPublic, f.reads = o.EnvVars()
		for _, field := range o.Fields() {
			f.inputs = append(f.inputs, graph.Input{Label: "profile: " + field.Label, Value: field.Text})
		}
		graph.Digest(f.inputs)
		return f, nil
	})
	return facts
}

// varFacts are what is asked of an environment's vars for each build.
type varFacts struct {
	option  dbt.Option // --vars
	inputs  []graph.Input
	secrets []string // the names that look like secrets
}

// varsOf returns those of an environment.
func (p *planner) varsOf(env config.Environment) (varFacts, error) {
	return p.known.vars.get(env.Name, func() (f varFacts, err error) {
		if f.option, err = dbt.VarsOption(env.Vars); err != nil {
			return f, err
		}
		f.secrets = profile.SecretVars(env.Vars)
		f.inputs, err = varInputs(env.Vars)
		graph.Digest(f.inputs)
		return f, err
	})
}

// found is what was found, by what it was looked for.
type found[K comparable, T any] map[K]T

// get returns what was found for a key, looking for it the first time. Errors
// are not remembered: they end the invocation.
func (f *found[K, T]) get(key K, look func() (T, error)) (T, error) {
	if had, ok := (*f)[key]; ok {
		return had, nil
	}
	value, err := look()
	if err != nil {
		return value, err
	}
	if *f == nil {
		*f = found[K, T]{}
	}
	(*f)[key] = value
	return value, nil
}
