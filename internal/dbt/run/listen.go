package run

import (
	"os"
	"slices"
	"sync"

	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/proc"
)

// listen makes a call with Events write structured events to its stdout. It passes those on to
// Events, and the lines from stderr, too. Call done when the command has ended.
//
// It uses environment variables, because flags on the command line override them: the user's own
// wishes win, without parsing. If the user chose a log format, dbt keeps it, and each line is
// passed on as a plain one.
func (c *Call) listen() (done func()) {
	emit := c.Events
	if emit == nil {
		return func() {}
	}
	c.Events = nil
	var mu sync.Mutex // one goroutine each reads stdout and stderr
	one := func(e artifact.Event) {
		mu.Lock()
		defer mu.Unlock()
		emit(e)
	}
	plain := func(text []byte) { one(plainLine(text)) }
	errors := &tracebacks{emit: func(line string) { one(artifact.Event{Message: line}) }}
	stdout, stderr := proc.NewLines(plain), proc.NewLines(func(text []byte) { errors.line(plainLine(text).Message) })
	env := c.Env
	if env == nil {
		env = os.Environ()
	}
	if variables, ok := dbt.StructuredLog(c.Argv, env, c.V2); ok {
		c.Env = slices.Concat(env, variables)
		stdout = proc.NewLines((&eventReader{emit: one}).line)
	}
	c.Stdout, c.Stderr = stdout, stderr
	return func() {
		stdout.End()
		stderr.End()
		errors.end()
	}
}
