package dbt

import (
	"slices"
	"strings"
)

// CommandLine is one dbt command line in the making. A flag set in several places appears once: the
// user's options beat dot's own, which beat the environment's.
type CommandLine struct {
	DBT         []string // the words that start dbt
	Command     Command
	Fixed       []Option // dot's own: directories, target, vars, deferral
	Environment []Option // the environment's flags, and what overrules inherited variables
	Options     []Option // the user's
	Positional  []string
}

// AllOptions are the options as dbt will see them, each flag once: dot's, the environment's, the user's.
func (l CommandLine) AllOptions() []Option {
	var out []Option
	for i, group := range [][]Option{l.Fixed, l.Environment, l.Options} {
		for _, o := range group {
			if o.Flag != "" && l.beaten(o.Flag, i) {
				continue
			}
			out = append(out, o)
		}
	}
	return out
}

// beaten says whether a flag of group i (0 Fixed, 1 Environment) is set by one that counts more.
func (l CommandLine) beaten(flag string, i int) bool {
	_, byUser := Lookup(l.Options, flag)
	_, byDot := Lookup(l.Fixed, flag)
	return (i < 2 && byUser) || (i == 1 && byDot)
}

// Argv is the command line. Everything goes after the subcommand: dbt refuses a flag on both sides of it.
func (l CommandLine) Argv() []string {
	argv := slices.Concat(l.DBT, l.Command.Words())
	// Positional words stand first, where no option with many values can take them; behind "--" if
	// they look like options.
	dashed := slices.ContainsFunc(l.Positional, func(word string) bool { return strings.HasPrefix(word, "-") })
	if !dashed {
		argv = append(argv, l.Positional...)
	}
	for _, o := range l.AllOptions() {
		argv = append(argv, o.Words()...)
	}
	if dashed {
		argv = append(append(argv, "--"), l.Positional...)
	}
	return argv
}
