package steps

import (
	"dot-for-dbt/config"
	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/dbt/profile"
	"dot-for-dbt/internal/dbt/tool"
	"dot-for-dbt/internal/workspace"
)

// known is a cache of lookups that the builds of an invocation share: 1,000 specs
// have few different commits, environments and dbts.
type known struct {
	files        found[string, map[string]string] // git's hashes of the project's files, by commit
	projects     found[string, profile.Project]   // by the hash of the file
	packages     found[string, packageFile]       // by the file's name and hash
	reads        map[string]profile.EnvUse        // the environment variables that the project reads, by scan
	footprints   map[string]footprint             // by footprintID
	made         found[string, profile.EnvUse]    // those of installed packages and submodules, by the commit's directory
	commits      found[string, workspace.Commit]  // by hash and abbreviation
	directories  found[string, bool]              // whether a commit has one in .dot, by its name
	ownDotEnv    found[string, bool]              // whether the working tree's project has a .env, or a directory above it
	profiles     found[string, *profile.File]     // by file
	environments found[[6]string, environment]    // by everything that determines them
	dotEnvs      found[string, map[string]string] // git's hash of the .env, by commit and directory
	schemas      found[[4]string, []envSchema]    // of the environments, by profile, adapter and output
	vars         found[string, varFacts]          // by environment
	outputs      found[*profile.Output, outputFacts]
	tools        found[string, tool.Tool]  // by the setting dbt and whether dbt --version may run, or by toolchain
	toolchains   found[string, *toolchain] // by commit and file
}

// outputFacts are the facts about an output that each build needs.
type outputFacts struct {
	place  profile.Place
	schema string // of the place, for people
	secret profile.SecretNames
	// inWorktree is the output for a dbt that runs in the worktree; the output itself if
	// its paths can't be made absolute.
	inWorktree *profile.Output
	// unknownPaths are the fields that may be relative paths all the same.
	unknownPaths []string
	// filesGone is the error for a file that it needs and that isn't there; filesWarned are the
	// warnings for others.
	filesGone   error
	filesWarned []string
	// duckdb is the path of its DuckDB file, "" for none. duckdbErr says why the path
	// is not known.
	duckdb    string
	duckdbErr error
	// reads are the environment variables that it reads, readsPublic those that are
	// not secrets.
	reads, readsPublic profile.EnvUse
	// inputs are its fields.
	inputs []graph.Input
}

// factsOf returns the facts about an output.
func (p *planner) factsOf(o *profile.Output) outputFacts {
	facts, _ := p.known.outputs.get(o, func() (outputFacts, error) {
		f := outputFacts{schema: o.Place(p.project, nil).Schema, secret: o.SecretNames(p.project), inWorktree: o}
		if o.CanMove(p.project) {
			f.inWorktree = o.Absolute(p.project)
			f.unknownPaths = f.inWorktree.UnknownPaths(p.project)
		}
		var hide func(string) string
		if p.ws != nil {
			hide = p.ws.Hide
			p.ws.Know(f.secret.Database, f.secret.Schema)
		}
		f.place = o.Place(p.project, hide)
		f.duckdb, _, f.duckdbErr = o.DuckDBPath(p.project)
		f.filesWarned, f.filesGone = o.FilesGone(p.project)
		f.readsPublic, f.reads = o.EnvVars()
		for _, field := range o.Fields() {
			f.inputs = append(f.inputs, graph.Input{Label: "profile: " + field.Label, Value: field.Text})
		}
		graph.Digest(f.inputs)
		return f, nil
	})
	return facts
}

// varFacts are the facts about an environment's vars that each build needs.
type varFacts struct {
	option  dbt.Option // --vars
	inputs  []graph.Input
	secrets []string // the names that look like secrets
}

// varsOf returns the facts about an environment's vars.
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

// found is a cache of lookups.
type found[K comparable, T any] map[K]T

// get returns the cached value of a key. The first time, it calls look. Errors are not
// cached, since they end the invocation.
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
