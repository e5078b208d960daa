package steps

import (
	"dot-for-dbt/internal/dbt/profile"
	"dot-for-dbt/internal/dbt/tool"
	"dot-for-dbt/internal/workspace"
)

// known is what an invocation has found out and needs again for its other
// builds: 1,000 specs have few commits, environments and dbts between them.
type known struct {
	projects     found[string, profile.Project]  // by commit
	reads        map[string]profile.EnvUse       // from the environment, by the project at a commit
	commits      found[string, workspace.Commit] // by hash and abbreviation
	profiles     found[string, *profile.File]    // by file
	environments found[string, environment]      // by everything that they are chosen by
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
}

// factsOf returns those of an output.
func (p *planner) factsOf(o *profile.Output) outputFacts {
	facts, _ := p.known.outputs.get(o, func() (outputFacts, error) {
		f := outputFacts{place: o.Place(p.project)}
		f.duckdb, _, f.duckdbErr = o.DuckDBPath(p.project)
		f.readsPublic, f.reads = o.EnvVars()
		return f, nil
	})
	return facts
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
