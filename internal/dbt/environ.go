package dbt

import (
	"runtime"
	"slices"
	"strings"

	"dot-for-dbt/internal/dbt/profile"
	"dot-for-dbt/internal/dbt/version"
)

// Inherited is an environment that dbt would inherit, and what decides which of its variables may stay.
type Inherited struct {
	Env     []string               // "NAME=value", as of os.Environ
	Dir     string                 // where dbt runs: since 1.12 it loads a .env from there or a directory above
	Command Command                // with its dbt's version, where known
	Options []Option               // already on the command line: they win over variables
	Reads   func(name string) bool // whether the profile or the project reads the variable
}

// Environment is what dbt runs with.
type Environment struct {
	Env      []string // "NAME=value"
	Overrule []Option // to put on the command line
	Notes    []string // what was done, for -v; names only, never values
}

// Isolate keeps variables that set dbt's own flags (DBT_DEFER, DBT_EMPTY, …) from changing an isolated
// build: they are overruled by the opposite flag or, where dbt has none, removed, unless the profile or
// the project reads them. Variables dbt does not know (DBT_PASSWORD, DBT_ENV_…) are never touched.
func (in Inherited) Isolate() Environment {
	v := newVariables(in.Env)
	if in.Command.version == "" || version.AtLeast(in.Command.version, "1.12") {
		v.dotenv = readDotEnv(in.Dir)
	}
	var out Environment
	for _, f := range flagTable {
		names := slices.DeleteFunc(f.variables(), func(name string) bool { return !v.has(name) })
		if f.effect == harmless || len(names) == 0 || !in.concerns(f) {
			continue
		}
		if _, ok := Lookup(in.Options, f.Name); ok && f.effect != beatsFlags {
			continue
		}
		for _, name := range names {
			option, note := in.verdict(f, name, v)
			if option != nil {
				if _, ok := Lookup(out.Overrule, f.Name); !ok {
					out.Overrule = append(out.Overrule, *option)
				}
			}
			if note != "" {
				out.Notes = append(out.Notes, note)
			}
		}
	}
	out.Env = v.list()
	return out
}

// concerns says whether a flag's variable may change what the command does. In doubt about dbt's version
// it may: an option could be one that dbt lacks, but a variable is never missed.
func (in Inherited) concerns(f Flag) bool {
	return in.Command.Takes(f.Name) || in.Command.version == "" && !f.HasNo && f.on(in.Command.Name)
}

// verdict deals with one variable that sets a flag: the option that overrules it, if any, and a note.
func (in Inherited) verdict(f Flag, name string, v *variables) (*Option, string) {
	switch {
	case f.HasNo:
		if value, err := profile.ClickBool(v.values[envKey(name)]); err == nil && value == f.Default && !v.fromDotEnv(name) {
			return nil, "" // it says what dbt does anyway
		}
		option := Option{Flag: f.Name, Negated: !f.Default}
		return &option, name + " is overruled by " + option.Words()[0]
	case in.Reads != nil && in.Reads(name):
		return nil, name + " stays, since the project reads it; it changes what dbt does, too"
	default:
		v.remove(name)
		return nil, name + " is kept from dbt"
	}
}

// variables is an environment being changed, order kept.
type variables struct {
	entries []string
	values  map[string]string
	dotenv  map[string]bool // names that a .env sets, unless the environment has them
}

func newVariables(entries []string) *variables {
	v := &variables{entries: slices.Clone(entries), values: map[string]string{}}
	for _, entry := range entries {
		name, value, _ := strings.Cut(entry, "=")
		v.values[envKey(name)] = value
	}
	return v
}

// has says whether dbt would see the variable; an empty one counts as none for a flag, but keeps a .env
// from setting it.
func (v *variables) has(name string) bool {
	value, set := v.values[envKey(name)]
	return value != "" || (!set && v.dotenv[name])
}

// fromDotEnv says whether it is a .env that sets the variable.
func (v *variables) fromDotEnv(name string) bool {
	_, set := v.values[envKey(name)]
	return !set && v.dotenv[name]
}

// remove takes a variable away. One that a .env would set again becomes empty, which is none to dbt.
func (v *variables) remove(name string) {
	v.entries = slices.DeleteFunc(v.entries, func(entry string) bool {
		entryName, _, _ := strings.Cut(entry, "=")
		return envKey(entryName) == envKey(name)
	})
	delete(v.values, envKey(name))
	if v.dotenv[name] {
		v.entries = append(v.entries, name+"=")
	}
}

func (v *variables) list() []string { return v.entries }

// envKey is a variable's name for comparing: Windows does not tell case apart.
func envKey(name string) string {
	if runtime.GOOS == "windows" {
		return strings.ToUpper(name)
	}
	return name
}
