package dbt

import (
	"os"
	"slices"
	"strings"
	"sync"

	"dot-for-dbt/internal/proc"
)

// listen has a call with Events write structured ones to its stdout, and hands them on, together with what it
// writes to stderr. done is to be called when the command has ended.
//
// It asks for them with environment variables: flags on the command line win over these, so that it is
// still the user's, and needs no place in it to be found. Where the user has a wish for what dbt says, dbt
// is left to it, and each line is handed on as a plain one.
func (c *Call) listen() (done func()) {
	emit := c.Events
	if emit == nil {
		return func() {}
	}
	c.Events = nil
	var mu sync.Mutex // stdout and stderr are read by a goroutine each
	one := func(e Event) {
		mu.Lock()
		defer mu.Unlock()
		emit(e)
	}
	plain := func(text []byte) { one(plainLine(text)) }
	errors := &tracebacks{emit: func(line string) { one(Event{Message: line}) }}
	stdout, stderr := proc.NewLines(plain), proc.NewLines(func(text []byte) { errors.line(plainLine(text).Message) })
	env := c.Env
	if env == nil {
		env = os.Environ()
	}
	if !choosesLog(c.Argv, env) {
		c.Env = slices.Concat(env, structured(env))
		stdout = proc.NewLines(func(text []byte) { decodeEvent(text, one) })
	}
	c.Stdout, c.Stderr = stdout, stderr
	return func() {
		stdout.End()
		stderr.End()
		errors.end()
	}
}

// structured are the variables that make dbt write events to stdout. Its log file would follow (dbt/cli/flags.py,
// _override_if_set), which is to stay what people read.
func structured(env []string) []string {
	variables := []string{"DBT_LOG_FORMAT=json", "DBT_LOG_LEVEL=debug"}
	for _, flag := range []string{"log-format-file", "log-level-file"} {
		if f, _ := LookupFlag(flag); inherited(env, f) == "" {
			variables = append(variables, f.Env+"=debug")
		}
	}
	return variables
}

// choosesLog reports whether a command line or its environment says what dbt is to write to stdout.
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
			if on, err := pyBool(inherited(env, f)); err == nil && on {
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

// inherited is the value of the variable that sets a flag, "" without one.
func inherited(env []string, f Flag) string {
	v := newVariables(env)
	for _, name := range f.variables() {
		if value := v.values[envKey(name)]; value != "" {
			return value
		}
	}
	return ""
}
