package dbt

import (
	"dot-for-dbt/internal/dbt/profile"
)

// SwitchedOn tells whether dbt takes a flag that has a "--no-" form for on: by the option, else by a
// variable in the environment, else by what the project's flags say.
func SwitchedOn(flag string, options []Option, getenv func(name string) (string, bool), project bool) bool {
	if o, ok := Lookup(options, flag); ok {
		return !o.Negated
	}
	f, _ := LookupFlag(flag)
	for _, name := range f.variables() {
		if value, _ := getenv(name); value != "" { // an empty one counts as none
			on, err := profile.ClickBool(value)
			return err != nil || on // dbt refuses what is neither
		}
	}
	return project
}
