package dbt

import (
	"cmp"
	"runtime"
	"slices"
	"strings"
	"sync"

	"dot-for-dbt/internal/dbt/profile"
)

// Inherited is the environment that dbt would inherit, and the facts that decide which of its
// variables may stay.
type Inherited struct {
	Env    []string               // "NAME=value", as from os.Environ
	DotEnv DotEnv                 // what the .env that dbt loads adds to it
	Line   CommandLine            // its options win over variables; its command has the dbt version, if known
	Reads  func(name string) bool // reports whether the profile or the project reads the variable
}

// IsolatedEnv is the environment for dbt in an isolated build.
type IsolatedEnv struct {
	Env      []string // "NAME=value"
	Overrule []Option // options to add to the command line
	Notes    []string // what was done, for -v; names only, never values
}

// Isolate keeps variables that set dbt's own flags (DBT_DEFER, DBT_EMPTY, …) from changing an
// isolated build. It overrides them by the opposite flag. If dbt has none, it removes them, unless
// the profile or the project reads them. Variables that dbt does not know (DBT_PASSWORD, DBT_ENV_…)
// always stay.
func (in Inherited) Isolate() IsolatedEnv {
	v := newVariables(in.Env)
	v.dotenv = in.DotEnv.Values
	var out IsolatedEnv
	if in.Line.Command.isV2() {
		in.forV2(v, &out)
	}
	for _, h := range harmful() {
		if v.setsAny(h.names) && in.concerns(h.Flag) {
			in.isolateFlag(h, v, &out)
		}
	}
	out.Env = v.entries
	return out
}

// isolateFlag handles the variables that set one flag.
func (in Inherited) isolateFlag(h harmfulFlag, v *variables, out *IsolatedEnv) {
	if _, ok := in.Line.Lookup(h.Name); ok && h.effect != beatsFlags {
		return
	}
	for _, name := range h.names {
		if !v.has(name) {
			continue
		}
		option, note := in.neutralize(h.Flag, name, v)
		if option != nil {
			if _, ok := Lookup(out.Overrule, h.Name); !ok {
				out.Overrule = append(out.Overrule, *option)
			}
		}
		if note != "" {
			out.Notes = append(out.Notes, note)
		}
	}
}

// WarnErrors returns the options that say the same as the variables for warnings as errors. Unlike
// other variables, these count in an isolated build, too.
func (in Inherited) WarnErrors() []Option {
	v := newVariables(in.Env)
	v.dotenv = in.DotEnv.Values
	var options []Option
	for _, flag := range []string{"warn-error", "warn-error-options"} {
		f, _ := LookupFlag(flag)
		value := v.value(f.variables())
		if _, given := in.Line.Lookup(flag); given || value == "" || !in.Line.Command.Takes(flag) {
			continue
		}
		if on, err := profile.ClickBool(value); f.Arity == One {
			options = append(options, NewOption(flag, value))
		} else if on || err != nil { // dbt refuses other values
			options = append(options, NewOption(flag))
		}
	}
	return options
}

// A harmfulFlag is a flag whose variables may not be inherited, and their names.
type harmfulFlag struct {
	Flag
	names []string
}

var harmful = sync.OnceValue(func() []harmfulFlag {
	var all []harmfulFlag
	for _, f := range flagTable {
		if names := f.variables(); f.effect != harmless && len(names) > 0 {
			all = append(all, harmfulFlag{f, names})
		}
	}
	return all
})

// concerns reports whether a flag's variable may change what the command does. If dbt's version is
// unknown, flags without a --no- form count, too: removing a variable does no harm. For the others,
// dot would add an option that dbt may lack.
func (in Inherited) concerns(f Flag) bool {
	return in.Line.Command.Takes(f.Name) || in.Line.Command.version == "" && !f.HasNo && f.on(in.Line.Command.Name)
}

// neutralize handles one variable that sets a flag. It returns the option that overrides the variable,
// if any, and a note.
func (in Inherited) neutralize(f Flag, name string, v *variables) (*Option, string) {
	value, err := profile.ClickBool(v.values[envKey(name)])
	opposite := Option{Flag: f.Name, Negated: !f.Default}
	switch {
	case f.Arity == None && err == nil && value == f.Default && !v.fromDotEnv(name):
		return nil, "" // the value is dbt's default anyway
	case f.HasNo && in.Line.Command.accepts(opposite):
		return &opposite, name + " is overridden by " + opposite.Words()[0]
	default:
		return nil, in.removed(name, v)
	}
}

// removed removes a variable, unless the project reads it, and returns a note that says which.
func (in Inherited) removed(name string, v *variables) (note string) {
	if in.Reads != nil && in.Reads(name) {
		return name + " stays, because the project reads it; it also changes what dbt does"
	}
	v.remove(name)
	return name + " is removed for dbt"
}

// variables is an environment that is being changed. It keeps the order.
type variables struct {
	entries []string
	values  map[string]string // those that could set a flag
	dotenv  map[string]string // what a .env sets, unless the environment sets it, too
}

func newVariables(entries []string) *variables {
	v := &variables{entries: entries, values: map[string]string{}}
	for _, entry := range entries {
		name, value, _ := strings.Cut(entry, "=")
		if name = envKey(name); strings.HasPrefix(name, "DBT_") {
			v.values[name] = value
		}
	}
	return v
}

// setsAny reports whether dbt would see any of the variables.
func (v *variables) setsAny(names []string) bool { return slices.ContainsFunc(names, v.has) }

// has reports whether dbt would see the variable. dbt takes an empty value for no flag, but then
// ignores a .env.
func (v *variables) has(name string) bool {
	value, set := v.values[envKey(name)]
	return value != "" || (!set && v.inDotEnv(name))
}

// value returns the value that dbt would see in the first of the variables that it sees, "" for
// none.
func (v *variables) value(names []string) string {
	for _, name := range names {
		if v.has(name) {
			return cmp.Or(v.values[envKey(name)], v.dotenv[name])
		}
	}
	return ""
}

// fromDotEnv reports whether a .env sets the variable.
func (v *variables) fromDotEnv(name string) bool {
	_, set := v.values[envKey(name)]
	return !set && v.inDotEnv(name)
}

func (v *variables) inDotEnv(name string) bool {
	_, found := v.dotenv[name]
	return found
}

// remove removes a variable. If a .env would set it again, it becomes empty instead, which dbt
// takes for unset.
func (v *variables) remove(name string) {
	v.drop(name)
	if v.inDotEnv(name) {
		v.entries = append(v.entries, name+"=")
	}
}

// drop removes a variable from the environment itself.
func (v *variables) drop(name string) {
	v.entries = slices.DeleteFunc(slices.Clone(v.entries), func(entry string) bool {
		entryName, _, _ := strings.Cut(entry, "=")
		return envKey(entryName) == envKey(name)
	})
	delete(v.values, envKey(name))
}

// set gives a variable another value.
func (v *variables) set(name, value string) {
	v.drop(name)
	v.entries = append(v.entries, name+"="+value)
	v.values[envKey(name)] = value
}

// envKey is a variable's name for comparisons: Windows ignores case.
func envKey(name string) string {
	if runtime.GOOS == "windows" {
		return strings.ToUpper(name)
	}
	return name
}
