package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"dot-for-dbt/spec"
)

// Environment is the result of merging four layers: the project's all, its entry for the
// environment, the user's all and the user's entry. Each overrules those before it. A flag replaces
// a whole flag (an empty value removes it), vars merge by name (null is a value), and Settings merge by
// setting.
type Environment struct {
	Name string
	// Flags are dbt flags, sorted by name. Nobody has checked that dbt knows them.
	Flags []Flag
	// Vars are the variables for dbt, including those from the command line; nil if there are none.
	// A value is nil, bool, int64, *big.Int (where int64 is too small), float64, string, []any or
	// map[string]any, or whatever type the command line's reader returns. 1.0 is a float64: write
	// it for dbt with the point, or dbt reads an int.
	Vars map[string]any
	Dot  Settings
}

// Flag is a dbt flag in an environment. It is never vars or dot.
type Flag struct {
	// Name is the long name without dashes, words joined by -: full-refresh.
	Name string
	// Value is a string, bool, int64, float64 or []any of those; an integer too
	// large for int64 is a string of its digits.
	Value any
	// Pos is the position of the name.
	Pos Position
}

// Environments returns the names of all defined environments, sorted. If there are none, a
// profile's outputs are the environments: see Implicit.
func (c *Config) Environments() []string { return slices.Clone(c.names) }

// Resolve returns the environment called name, or the default one for "". It merges the command
// line's vars over the environment's, name by name, and validates the result. It doesn't change
// vars.
//
// It fails if no file defines the environment, if there is no default, or if variables are missing
// or not allowed. It names all such variables.
func (c *Config) Resolve(name string, vars map[string]any) (Environment, error) {
	if name == "" {
		switch {
		case c.user.byDefault != nil:
			name = c.user.byDefault.name
		case c.base.byDefault != nil:
			name = c.base.byDefault.name
		default:
			return Environment{}, place{}.problemf("no environment was given, and %s has no default", baseFile).
				hint("name one, or add environment: {default: <name>}", c.list())
		}
	}
	if !c.defines(name) {
		return Environment{}, place{}.problemf("environment %q is not defined", name).hint(didYouMean(name, c.names), c.list())
	}
	return c.merge(name, vars)
}

// Implicit returns an environment that no file defines: an output of the profile. It has what the
// files say for all, and the command line's vars as in Resolve.
//
// Unlike a name in a spec, name may be default. dbt calls the output so in a profile that names
// none.
func (c *Config) Implicit(name string, vars map[string]any) (Environment, error) {
	if problem := spec.CheckName(name); problem != "" {
		return Environment{}, place{}.problemf("output %q of the profile can't be an environment: it %s", name, problem).
			hint("rename the output, or define an environment with target: in " + baseFile)
	}
	return c.merge(name, vars)
}

func (c *Config) merge(name string, vars map[string]any) (Environment, error) {
	layers := []layer{c.base.all, c.base.named[name], c.user.all, c.user.named[name]}
	flags := map[string]Flag{}
	merged := map[string]assigned{}
	for _, l := range layers {
		maps.Copy(flags, l.flags)
		for variable, value := range l.vars {
			merged[variable] = assigned{value.plain(), value.text, value.at}
		}
	}
	for variable, value := range vars {
		merged[variable] = assigned{value: value}
	}
	if err := validate(c.variables, name, merged); err != nil {
		return Environment{}, err
	}
	env := Environment{Name: name}
	for _, name := range slices.Sorted(maps.Keys(flags)) {
		f := flags[name]
		if list, ok := f.Value.([]any); ok {
			f.Value = slices.Clone(list) // the caller may change the copy
		}
		if f.Value != nil {
			env.Flags = append(env.Flags, f)
		}
	}
	for variable, given := range merged {
		if env.Vars == nil {
			env.Vars = map[string]any{}
		}
		env.Vars[variable] = given.value
	}
	var err error
	env.Dot, err = mergeSettings(layers)
	return env, err
}

func (c *Config) defines(name string) bool {
	_, found := slices.BinarySearch(c.names, name)
	return found
}

// list returns a hint with the names of all environments.
func (c *Config) list() string {
	if len(c.names) == 0 {
		return fmt.Sprintf("define it in %s: environment: {<name>: {<dbt flag>: <value>}}", baseFile)
	}
	return "the environments:\n" + strings.Join(c.names, "\n")
}
