package dbt

import (
	"slices"
	"strings"

	"dot-for-dbt/internal/dbt/profile"
)

// StructuredLog returns variables that make a dbt command write events to its stdout. It is false
// if the command line or the environment chooses what dbt writes there. dbt 1's log file keeps its
// usual format, though by default it would follow these variables (dbt/cli/flags.py,
// _override_if_set). dbt 2's always follows them (2.0.0-alpha.4).
func StructuredLog(argv, env []string, v2 bool) (variables []string, ok bool) {
	if choosesLog(argv, env) {
		return nil, false
	}
	variables = []string{"DBT_LOG_FORMAT=json", "DBT_LOG_LEVEL=debug"}
	if v2 {
		return variables, true
	}
	variables = append(variables, unlessInherited(env, "log-format-file", "debug")...)
	return append(variables, unlessInherited(env, "log-level-file", "debug")...), true
}

// ListLog returns variables that keep dbt's log file a text, though the line of
// [CommandLine.List] makes a dbt list write events to its stdout.
func ListLog(env []string) []string { return unlessInherited(env, "log-format-file", "text") }

// unlessInherited returns the variable that sets a flag, unless the environment does.
func unlessInherited(env []string, flag, value string) []string {
	f, _ := LookupFlag(flag)
	if inherited(env, f) != "" {
		return nil
	}
	return []string{f.Env + "=" + value}
}

// choosesLog reports whether a command line or its environment chooses what dbt writes to stdout.
func choosesLog(argv, env []string) bool {
	for _, name := range []string{"log-format", "log-level", "quiet", "debug"} {
		f, _ := LookupFlag(name)
		switch {
		case slices.Contains(argv, "--"+f.negative()):
		case slices.ContainsFunc(argv, f.isIn):
			return true
		case f.Arity == One && inherited(env, f) != "":
			return true
		case f.Arity == None:
			if on, err := profile.ClickBool(inherited(env, f)); err == nil && on {
				return true
			}
		}
	}
	return false
}

// isIn reports whether a word of a command line sets the flag.
func (f Flag) isIn(word string) bool {
	short := f.Short != "" && word == "-"+f.Short
	return short || word == "--"+f.Name || strings.HasPrefix(word, "--"+f.Name+"=")
}

// inherited returns the value of the variable that sets a flag, "" if there is none.
func inherited(env []string, f Flag) string {
	v := newVariables(env)
	for _, name := range f.variables() {
		if value := v.values[envKey(name)]; value != "" {
			return value
		}
	}
	return ""
}
