package compare

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"dot-for-dbt/compare/code"
	"dot-for-dbt/compare/ladder"
	"dot-for-dbt/compare/report"
	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/dbt/run"
	"dot-for-dbt/internal/durable"
	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/text"
	"dot-for-dbt/steps"
)

// A comparison compares one candidate with one baseline. It is its step's action.
type comparison struct {
	*Program
	a, b   *steps.Built
	done   bool
	result report.Comparison
	// columns are those of the compared relations.
	columns knownColumns
}

// check returns an error if no query can read both builds.
func (c *comparison) check() error {
	a, b := c.a, c.b
	differ := func(what, of, other string) error {
		return hint.New(fmt.Sprintf("%s and %s lie in different databases (%s %s and %s): no query can read both", a.Name, b.Name, what, of, other),
			"build both with one target: dot compare prod@main prod@HEAD --build")
	}
	support, err := ladder.SupportOf(a.Place.Adapter)
	switch {
	case a.Place.Adapter != b.Place.Adapter:
		return differ("adapter", a.Place.Adapter, b.Place.Adapter)
	case err != nil:
		return err
	case a.Place.Host != b.Place.Host:
		return differ("at", a.Place.Host, b.Place.Host)
	case a.Place.Database != b.Place.Database && !support.Across:
		return differ("database", a.Place.Database, b.Place.Database)
	}
	return nil
}

// step returns the step that compares, above the steps that it depends on.
func (c *comparison) step() *graph.Step {
	step := c.a.CompareStep(c.b, c.selects())
	step.Action = c
	return step
}

func (c *comparison) dir() string { return c.a.ComparisonDir(c.b) }

// Describe lists the dbt commands of the comparison.
func (c *comparison) Describe(graph.Planned) []string {
	var lines []string
	for _, call := range c.DBTCalls() {
		lines = append(lines, text.ShellQuote(call.Argv))
	}
	return lines
}

// DBTCalls returns the dbt commands of the comparison if nothing fails.
func (c *comparison) DBTCalls() []run.Call {
	var calls []run.Call
	if c.Request.Upgrade != nil {
		dir := c.dir() + ".parse"
		calls = append(calls, c.a.ParseCall(dir), c.b.ParseCall(dir))
	}
	if c.selects() {
		calls = append(calls, c.listCalls()...)
	}
	return append(calls, c.b.ReadCall(c.dir(), ladder.Options(ladder.Batch{Threads: threads})...))
}

// Run compares. A relation that can't be compared is not an error.
func (c *comparison) Run(ctx context.Context, attempt *graph.Attempt) (any, error) {
	if c.Request.Upgrade != nil {
		return nil, c.runUpgrade(ctx, attempt)
	}
	return nil, c.compare(ctx, attempt)
}

// compare compares the two builds.
func (c *comparison) compare(ctx context.Context, attempt *graph.Attempt) error {
	start := c.world.Now()
	a, err := c.a.Side()
	if err != nil {
		return err
	}
	b, err := c.b.Side()
	if err != nil {
		return err
	}
	if c.Request.Upgrade != nil {
		lastRun(a)
		lastRun(b)
	}
	change, unsure := c.change(ctx)
	sides := code.Compiled{Baseline: a.Code(ctx), Candidate: b.Code(ctx)}
	nodes, err := code.Compare(sides.Baseline, sides.Candidate, c.Request.Renames...)
	if err != nil {
		return err
	}
	for _, n := range nodes { // from here on a node has one ID
		if state, ok := a.Nodes[n.OldID]; ok {
			delete(a.Nodes, n.OldID)
			a.Nodes[n.ID] = state
		}
	}
	how, err := c.how(nodes)
	if err != nil {
		return err
	}
	chosen, err := c.choose(ctx, attempt, a, b, sides, nodes)
	if err != nil {
		return err
	}
	v := newVerdicts(a, b, how, nodes)
	v.upgrade = c.Request.Upgrade != nil
	v.settle(chosen)
	answers, err := c.climb(ctx, attempt, v)
	if err != nil {
		return err
	}
	if err := c.learnColumns(ctx, attempt, v, answers); err != nil {
		return err
	}
	c.result = v.comparison(answers)
	c.result.Project, c.result.Change = c.b.Project(), change
	c.result.Warnings = append(c.result.Warnings, unsure...)
	c.result.Options = c.options(how)
	c.result.Seconds = c.world.Now().Sub(start).Seconds()
	c.done = true
	return nil
}

// climb asks the warehouse. A pair that failed together with others is tried again
// alone.
func (c *comparison) climb(ctx context.Context, attempt *graph.Attempt, v *verdicts) ([]ladder.Answer, error) {
	batch := v.batch()
	if len(batch.Pairs) == 0 {
		return nil, nil
	}
	answers, err := c.attempt(ctx, attempt, batch, v)
	if err != nil {
		return nil, err
	}
	if again, ok := ladder.Retry(batch, answers); ok {
		alone, err := c.attempt(ctx, attempt, again, v)
		if err != nil {
			return nil, err
		}
		for _, one := range alone {
			answers[answerOf(answers, one.ID)] = one
		}
	}
	// A condition may name a column that there isn't, and databases name only some of those that there are.
	if plain, ok := ladder.OnlyColumns(batch, answers); ok {
		known, err := c.attempt(ctx, attempt, plain, v)
		if err != nil {
			return nil, err
		}
		for _, one := range known {
			answers[answerOf(answers, one.ID)].Columns = one.Columns
		}
	}
	return answers, nil
}

func answerOf(answers []ladder.Answer, id string) int {
	return slices.IndexFunc(answers, func(a ladder.Answer) bool { return a.ID == id })
}

// attempt runs one dbt command that compares. It removes the directory afterwards,
// since that may hold a sample's rows.
func (c *comparison) attempt(ctx context.Context, attempt *graph.Attempt, batch ladder.Batch, v *verdicts) (answers []ladder.Answer, err error) {
	dir := c.dir()
	if err := os.RemoveAll(dir); err != nil {
		return nil, err
	}
	defer func() {
		if err == nil || ctx.Err() != nil { // after a failure the directory helps to find the cause
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}()
	if err := ladder.Write(dir, batch); err != nil {
		return nil, err
	}
	// dbt parses mostly its own macros, which are the same in every comparison.
	parsed, kept := filepath.Join(dir, "target", "partial_parse.msgpack"), filepath.Join(filepath.Dir(dir), "partial_parse.msgpack")
	if err := durable.Copy(parsed, kept); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var said bytes.Buffer
	call := c.b.ReadCall(dir, ladder.Options(batch)...)
	follow := ladder.Follow(batch, func(done int, running []string) {
		for i, id := range running {
			running[i] = v.byID[id].Name
		}
		attempt.Report(steps.Progress{Done: done, Total: len(batch.Pairs), Running: running})
	})
	call.Events = func(e artifact.Event) {
		if text, ok := e.Console(); ok {
			fmt.Fprintln(&said, text)
		}
		follow(e)
	}
	exit, err := c.b.RunDBT(ctx, attempt, call)
	if err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	results := filepath.Join(dir, "target", "run_results.json")
	if _, err := os.Stat(results); errors.Is(err, fs.ErrNotExist) {
		return nil, hint.New(fmt.Sprintf("dbt could not compare: %s\n%s", exit, lastLines(said.String())), "dbt's log is in "+filepath.Join(dir, "logs"))
	}
	if err := durable.Copy(kept, parsed); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return ladder.Read(dir, batch)
}

// lastLines returns the end of a program's output.
func lastLines(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-12):], "\n")
}
