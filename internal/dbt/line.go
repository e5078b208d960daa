package dbt

import (
	"slices"
	"strings"
)

// CommandLine is a dbt command line. A flag that is set in several places appears once: the user's
// options win over dot's own, and those win over the environment's.
type CommandLine struct {
	DBT         []string // the words that start dbt
	Command     Command
	Fixed       []Option // dot's own: directories, target, vars, deferral
	Environment []Option // the environment's flags, and the options that override inherited variables
	Options     []Option // the user's
	Positional  []string
}

// AllOptions returns all options that dbt gets, each flag once: dot's, the environment's, the
// user's.
func (l CommandLine) AllOptions() []Option {
	out := make([]Option, 0, len(l.Fixed)+len(l.Environment)+len(l.Options))
	for i, group := range [][]Option{l.Fixed, l.Environment, l.Options} {
		for _, o := range group {
			if o.Flag != "" && l.beaten(o.Flag, i) {
				continue
			}
			if l.Command.isV2() {
				if !heedsV2(o) {
					continue
				}
				o = forV2(o)
			}
			out = append(out, o)
		}
	}
	return out
}

// Lookup finds the option that sets a flag.
func (l CommandLine) Lookup(flag string) (Option, bool) {
	for _, group := range [][]Option{l.Options, l.Fixed, l.Environment} {
		if o, ok := Lookup(group, flag); ok {
			return o, true
		}
	}
	return Option{}, false
}

// beaten reports whether an option with higher precedence sets a flag of group i (0 Fixed, 1
// Environment).
func (l CommandLine) beaten(flag string, i int) bool {
	_, byUser := Lookup(l.Options, flag)
	_, byDot := Lookup(l.Fixed, flag)
	return (i < 2 && byUser) || (i == 1 && byDot)
}

// Argv returns the command line. All options follow the subcommand: dbt refuses a flag on both
// sides of it.
func (l CommandLine) Argv() []string {
	argv := slices.Concat(l.DBT, l.Command.Words())
	// Positional words come first, where no option with many values can take them. If they look
	// like options, they come after "--".
	dashed := slices.ContainsFunc(l.Positional, func(word string) bool { return strings.HasPrefix(word, "-") })
	if !dashed {
		argv = append(argv, l.Positional...)
	}
	options := l.AllOptions()
	argv = slices.Grow(argv, 2*len(options)+1+len(l.Positional)) // most have one value
	for _, o := range options {
		argv = append(argv, o.Words()...)
	}
	if dashed {
		argv = append(append(argv, "--"), l.Positional...)
	}
	return argv
}
