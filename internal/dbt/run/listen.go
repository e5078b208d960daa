package run

import (
	"os"
	"slices"
	"sync"

	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/dbt/artifact"
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
	if variables, ok := dbt.StructuredLog(c.Argv, env); ok {
		c.Env = slices.Concat(env, variables)
		stdout = proc.NewLines(func(text []byte) { decodeEvent(text, one) })
	}
	c.Stdout, c.Stderr = stdout, stderr
	return func() {
		stdout.End()
		stderr.End()
		errors.end()
	}
}
