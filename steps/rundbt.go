package steps

import (
	"bytes"
	"context"
	"io"
	"sync"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/proc"
)

// How a step's program is run, and where what it says goes.

// runDBT runs dbt in the project, under the locks of the step.
func (c *compiler) runDBT(ctx context.Context, attempt *graph.Attempt, call dbt.Call) (proc.Exit, error) {
	call.Dir, call.Inherit = c.project, attempt.Held
	return dbt.Exec{}.Run(ctx, call)
}

// A Line is what a program said while one of several builds ran. It is reported
// with the step.
type Line struct {
	Text string // without its end
	// Data is set for dbt's stdout: for some commands, that is what was asked
	// for.
	Data bool
}

// streams are what a step's program writes to. It has to be closed when the
// program has ended.
type streams struct {
	stdout, stderr io.Writer
	close          func()
}

// streams returns those of a step: with one build dot's own, so that dbt's
// output is as if dot weren't there. With several, each line is reported, so
// that whoever watches can tell whose it is.
func (c *compiler) streams(attempt *graph.Attempt) streams {
	if !c.several {
		return streams{c.world.Stdout, c.world.Stderr, func() {}}
	}
	stdout := &lineWriter{say: func(text string) { attempt.Report(Line{Text: text, Data: true}) }}
	stderr := &lineWriter{say: func(text string) { attempt.Report(Line{Text: text}) }}
	return streams{stdout, stderr, func() { stdout.end(); stderr.end() }}
}

// longestLine is the number of bytes after which a line is cut in two: a
// program that never ends one must not fill the memory.
const longestLine = 1 << 20

// A lineWriter says each line that is written to it. It is safe for concurrent
// use.
type lineWriter struct {
	say func(line string)

	mu   sync.Mutex
	rest []byte // of a line that has not ended yet
}

func (w *lineWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.rest = append(w.rest, p...)
	for {
		i := bytes.IndexByte(w.rest, '\n')
		if i < 0 {
			break
		}
		w.say(string(bytes.TrimSuffix(w.rest[:i], []byte("\r"))))
		w.rest = w.rest[i+1:]
	}
	for len(w.rest) >= longestLine {
		w.say(string(w.rest[:longestLine]))
		w.rest = w.rest[longestLine:]
	}
	return len(p), nil
}

// end says what is left when nothing more will be written.
func (w *lineWriter) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.rest) > 0 {
		w.say(string(w.rest))
	}
	w.rest = nil
}
