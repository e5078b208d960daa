package dbt

import (
	"dot-for-dbt/internal/dbt/profile"
)

// SwitchedOn reports whether a flag that has a "--no-" form is on for dbt. An option decides; else
// a variable in the environment; else the project's flags.
func SwitchedOn(flag string, options []Option, getenv func(name string) (string, bool), project bool) bool {
	if o, ok := Lookup(options, flag); ok {
		return !o.Negated
	}
	f, _ := LookupFlag(flag)
	for _, name := range f.variables() {
		if value, _ := getenv(name); value != "" { // dbt ignores an empty one
			on, err := profile.ClickBool(value)
			return err != nil || on // dbt refuses other values
		}
	}
	return project
}
