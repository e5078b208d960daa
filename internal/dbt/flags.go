package dbt

import (
	"slices"
	"strings"
	"sync"

	"github.com/agnivade/levenshtein"
)

// Arity is how many values follow a flag.
type Arity int

// How many values follow a flag.
const (
	None Arity = iota
	One
	Many // all words up to the next one that starts with "-" (dbt's MultiOption)
)

// Flag is one flag of dbt's command line.
type Flag struct {
	Name    string   // the long name without dashes, e.g. "full-refresh"
	Aliases []string // other long names
	Short   string   // its one-letter names, e.g. "sm" for -s and -m
	Arity   Arity
	HasNo   bool   // "--no-<name>" exists
	Default bool   // what dbt does without the flag, if HasNo
	Env     string // the variable that also sets it, without the ENGINE form; "": none

	commands []string          // those that take it; nil: all
	since    map[string]string // command (or "*") → the dbt version that introduced it, if newer than 1.9
	effect   effect            // of Env, if inherited
}

// effect is what an inherited environment variable does to an isolated build.
type effect int

const (
	harmless   effect = iota
	changesRun        // it changes what is built, where, or what is left of it
	beatsFlags        // the same, and it wins over the flag: dbt's renamed variables
)

// LookupFlag finds a flag of any dbt command by a long name without dashes. A negative form
// ("no-defer") finds the flag that it negates.
func LookupFlag(name string) (Flag, bool) {
	f, _, ok := flagByName(name)
	return f, ok
}

// Flags returns the flags that the command takes in any known version of dbt, in alphabetical
// order.
func (c Command) Flags() []Flag {
	var flags []Flag
	for _, f := range flagTable {
		if f.on(c.Name) {
			flags = append(flags, f)
		}
	}
	slices.SortFunc(flags, func(a, b Flag) int { return strings.Compare(a.Name, b.Name) })
	return flags
}

// flagByName is LookupFlag, and also reports whether name was the negative form.
func flagByName(name string) (f Flag, negated, ok bool) {
	form, ok := flagForms()[name]
	if !ok {
		return Flag{}, false, false
	}
	return *form.flag, form.negated, true
}

// A flagForm is a flag, or its negative form.
type flagForm struct {
	flag    *Flag
	negated bool
}

// flagForms are all flags by all of their long names.
var flagForms = sync.OnceValue(func() map[string]flagForm {
	forms := map[string]flagForm{}
	for i := range flagTable {
		f := &flagTable[i]
		for _, name := range append([]string{f.Name}, f.Aliases...) {
			forms[name] = flagForm{f, false}
		}
		if f.HasNo {
			forms[f.negative()] = flagForm{f, true}
		}
	}
	return forms
})

// flagByLetter finds a command's flag by its letter. The same letter may differ between commands
// (`dbt init -s` is no selection).
func flagByLetter(command string, letter byte) (Flag, bool) {
	for _, f := range flagTable {
		if strings.IndexByte(f.Short, letter) >= 0 && f.on(command) {
			return f, true
		}
	}
	return Flag{}, false
}

// NearestFlag returns the name of a flag that is similar to an unknown name; "" if there is none.
func NearestFlag(name string) string {
	best, distance := "", max(2, len(name)/3)+1
	for _, f := range flagTable {
		names := append([]string{f.Name}, f.Aliases...)
		if f.HasNo {
			names = append(names, f.negative())
		}
		for _, n := range names {
			if d := levenshtein.ComputeDistance(name, n); d < distance {
				best, distance = n, d
			}
		}
	}
	return best
}

// on reports whether the command takes the flag in any known version of dbt.
func (f Flag) on(command string) bool {
	return f.commands == nil || slices.Contains(f.commands, command)
}

// negative returns the form that switches the flag off, "" if there is none.
func (f Flag) negative() string {
	if rest, ok := strings.CutPrefix(f.Name, "deprecated-"); ok {
		return "deprecated-no-" + rest
	}
	return "no-" + f.Name
}

// variables returns the environment variables that set the flag, in the order of precedence.
func (f Flag) variables() []string {
	switch {
	case f.Env == "":
		return nil
	case strings.HasPrefix(f.Env, enginePrefix):
		return []string{f.Env}
	}
	return []string{enginePrefix + strings.TrimPrefix(f.Env, "DBT_"), f.Env}
}

// enginePrefix starts the form of a variable that wins over the plain one, since dbt 1.11.
const enginePrefix = "DBT_ENGINE_"
