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

// A pair is one baseline and one candidate.
type pair struct {
	*Comparison
	a, b   *steps.Built
	done   bool
	result report.Comparison
}

// check makes sure that the two can be read by one query.
func (p *pair) check(specs asked) error {
	a, b := p.a, p.b
	if a == b {
		return hint.New(fmt.Sprintf("%s and %s are the same build, %s: there is nothing to compare", specs.baseline, specs.candidate, a.Name),
			"name another commit or environment")
	}
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

// step compares the two, after the steps below that it needs.
func (p *pair) step() *graph.Step {
	step := p.a.CompareStep(p.b, p.selects())
	step.Action = p
	return step
}

func (p *pair) dir() string { return p.a.ComparisonDir(p.b) }

// Describe lists the dbt commands that it runs.
func (p *pair) Describe(graph.Planned) []string {
	var lines []string
	for _, call := range p.DBTCalls() {
		lines = append(lines, text.ShellQuote(call.Argv))
	}
	return lines
}

// DBTCalls are the dbt commands that it runs where all goes well.
func (p *pair) DBTCalls() []run.Call {
	var calls []run.Call
	if p.selects() {
		calls = p.listCalls("")
	}
	return append(calls, p.b.ReadCall(p.dir(), ladder.Options(ladder.Job{Threads: threads})...))
}

// Run compares. A relation that can't be compared is no error.
func (p *pair) Run(ctx context.Context, attempt *graph.Attempt) (any, error) {
	start := p.world.Now()
	a, err := p.a.Side()
	if err != nil {
		return nil, err
	}
	b, err := p.b.Side()
	if err != nil {
		return nil, err
	}
	nodes, err := code.Compare(asCode(ctx, a), asCode(ctx, b))
	if err != nil {
		return nil, err
	}
	how, err := p.how(nodes)
	if err != nil {
		return nil, err
	}
	chosen, err := p.choose(ctx, attempt, a, nodes)
	if err != nil {
		return nil, err
	}
	v := newVerdicts(a, b, how, nodes)
	v.settle(chosen)
	findings, err := p.climb(ctx, attempt, v)
	if err != nil {
		return nil, err
	}
	p.result = v.comparison(findings)
	p.result.Options = p.options(how)
	p.result.Seconds = p.world.Now().Sub(start).Seconds()
	p.done = true
	return nil, nil
}

func asCode(ctx context.Context, s steps.Side) code.Build {
	return code.Build{
		Manifest: s.Manifest, Suffix: s.Suffix,
		ReadFile: func(name string) ([]byte, error) { return s.ReadFile(ctx, name) },
	}
}

// climb asks the warehouse. What dbt did not get through because of a neighbour
// is tried again alone.
func (p *pair) climb(ctx context.Context, attempt *graph.Attempt, v *verdicts) ([]ladder.Finding, error) {
	job := v.job()
	if len(job.Pairs) == 0 {
		return nil, nil
	}
	findings, err := p.attempt(ctx, attempt, job, v)
	if err != nil {
		return nil, err
	}
	again, ok := ladder.Retry(job, findings)
	if !ok {
		return findings, nil
	}
	alone, err := p.attempt(ctx, attempt, again, v)
	if err != nil {
		return nil, err
	}
	for _, f := range alone {
		i := slices.IndexFunc(findings, func(had ladder.Finding) bool { return had.ID == f.ID })
		findings[i] = f
	}
	return findings, nil
}

// attempt runs one dbt command that compares, in a directory that is gone
// afterwards: it holds rows of a sample.
func (p *pair) attempt(ctx context.Context, attempt *graph.Attempt, job ladder.Job, v *verdicts) (findings []ladder.Finding, err error) {
	dir := p.dir()
	if err := os.RemoveAll(dir); err != nil {
		return nil, err
	}
	defer func() {
		if err == nil || ctx.Err() != nil { // else somebody may want to look
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}()
	if err := ladder.Write(dir, job); err != nil {
		return nil, err
	}
	// What dbt has parsed is mostly its own macros, the same in each comparison.
	parsed, kept := filepath.Join(dir, "target", "partial_parse.msgpack"), filepath.Join(filepath.Dir(dir), "partial_parse.msgpack")
	if err := durable.Copy(parsed, kept); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var said bytes.Buffer
	call := p.b.ReadCall(dir, ladder.Options(job)...)
	follow := ladder.Follow(job, func(done int, running []string) {
		for i, id := range running {
			running[i] = v.byID[id].Name
		}
		attempt.Report(steps.Progress{Done: done, Total: len(job.Pairs), Running: running})
	})
	call.Events = func(e artifact.Event) {
		if text, ok := e.Console(); ok {
			fmt.Fprintln(&said, text)
		}
		follow(e)
	}
	exit, err := p.b.RunDBT(ctx, attempt, call)
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
	return ladder.Read(dir, job)
}

// lastLines is the end of what a program said.
func lastLines(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-12):], "\n")
}
