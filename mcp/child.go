package mcp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/proc"
)

// command returns the command that runs dot with some arguments, in the server's project.
func (s *server) command(args ...string) proc.Command {
	return proc.Command{
		Argv: append([]string{s.Program}, args...),
		Dir:  s.Dir, Env: s.Env,
		// dot takes a second SIGINT as the wish to kill dbt.
		OnceOnly: true,
	}
}

// quiet are the flags of every child: nobody is asked, and nothing is coloured.
var quiet = []string{"--disable-prompts", "--color=never"}

// read runs a command of dot that prints JSON, and decodes it into out. A command that prints JSON and
// fails gives both, the JSON and the error.
func (s *server) read(ctx context.Context, out any, args ...string) error {
	ctx, done, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer done()
	stdout, err := proc.Output(ctx, s.command(args...))
	if len(stdout) > 0 && out != nil && ctx.Err() == nil {
		if jsonErr := json.Unmarshal(stdout, out); jsonErr != nil {
			return errors.Join(saidBy(err), fmt.Errorf("dot %s printed no JSON: %w", args[0], jsonErr))
		}
	}
	return saidBy(err)
}

// begin waits until one more short command may run. Its context ends with the call and with the server.
func (s *server) begin(call context.Context) (ctx context.Context, done func(), err error) {
	select {
	case s.short <- struct{}{}:
	case <-call.Done():
		return nil, nil, context.Cause(call)
	case <-s.ctx.Done():
		return nil, nil, context.Cause(s.ctx)
	}
	ctx, cancel := context.WithCancelCause(s.ctx)
	stop := context.AfterFunc(call, func() { cancel(context.Cause(call)) })
	return ctx, func() { stop(); cancel(nil); <-s.short }, nil
}

// saidBy is the error of a child without the part that only says that it failed.
func saidBy(err error) error {
	var failed *proc.ExitError
	if errors.As(err, &failed) && failed.Stderr != "" {
		return &childError{said: failed.Stderr}
	}
	return err
}

// childError is what dot printed before it failed: errors and hints.
type childError struct{ said string }

func (e *childError) Error() string { return e.said }

// tell returns an error's text for an agent, with its hints.
func tell(err error) error {
	if said := (*childError)(nil); errors.As(err, &said) {
		return errors.New(clip(said.said, errorRoom))
	}
	lines := []string{clip(err.Error(), errorRoom)}
	for _, how := range hint.Of(err) {
		lines = append(lines, "hint: "+clip(how, nameRoom))
	}
	return errors.New(strings.Join(lines, "\n"))
}
