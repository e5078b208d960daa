package compare

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"

	"dot-for-dbt/compare/report"
	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/lazy"
	"dot-for-dbt/internal/text"
	"dot-for-dbt/spec"
	"dot-for-dbt/steps"
)

// An upgrade check: one commit is built by two dbts, each in a worktree and schemas of its own, and
// all relations are compared. The result has the new dbt's messages about the project's files, and
// the nodes that it can't build: so a failed build doesn't end the comparison.

// An Upgrade names the two dbts of an upgrade check.
type Upgrade struct{ From, To steps.DBTChoice }

// The names of the two builds: dev@24256d1.from and dev@24256d1.to.
const (
	variantFrom = "from"
	variantTo   = "to"
)

// CompileUpgrade compiles an upgrade check of the request's only candidate. It writes nothing.
func CompileUpgrade(ctx context.Context, world steps.World, req Request) (*Program, error) {
	p := &Program{Request: req, world: world}
	candidate := req.Candidates[0]
	p.Request.Baseline, p.Request.Build, p.Request.All = candidate, true, true
	if _, _, err := p.specPairs(ctx); err != nil {
		return nil, err
	}
	building := p.building([]spec.Spec{candidate})
	for _, option := range []string{
		"--no-fail-fast", // each node counts
		"--full-refresh", // what another dbt has left there must not show
	} {
		flag := strings.TrimPrefix(strings.TrimPrefix(option, "--"), "no-")
		if !slices.ContainsFunc(building.Args, func(arg string) bool { return strings.HasSuffix(arg, flag) }) {
			building.Args = append(slices.Clip(building.Args), option)
		}
	}
	building.Variants = []steps.Variant{{Name: variantFrom, DBT: req.Upgrade.From}, {Name: variantTo, DBT: req.Upgrade.To}}
	building.Extend = func(below *steps.Program) error { return p.extendUpgrade(below) }
	if _, err := steps.Compile(ctx, world, building); err != nil || building.Force {
		return p, err
	}
	// If one side has to be built, both are: they should read the same sources.
	plan, err := p.Program.Graph.Plan(ctx, graph.Env{Store: p.Program.Workspace, Locker: graph.NoLocks{}, Now: world.Now})
	if err != nil {
		return nil, err
	}
	runs := 0
	for _, s := range plan.Steps {
		if _, ok := p.Program.BuildOf(s.Step.Name); ok && s.Decision.Run {
			runs++
		}
	}
	if runs == 1 {
		building.Force = true
		_, err = steps.Compile(ctx, world, building)
	}
	return p, err
}

// extendUpgrade adds the comparison of the two builds.
func (p *Program) extendUpgrade(below *steps.Program) error {
	from, to := below.Builds[0], below.Builds[1]
	if slices.Equal(from.Tool.Argv, to.Tool.Argv) {
		return hint.New(fmt.Sprintf("both builds would be made by the same dbt: %s at %s", named(from), text.ShellQuote(from.Tool.Argv)),
			"name the other one: --to \"dbt 1.12.6\"", "--from is the environment's own dbt if it isn't given")
	}
	if named(from) == named(to) && from.Tool.Version != "" {
		below.Warnings = append(below.Warnings, "both builds are made by "+named(from))
	}
	one := &comparison{Program: p, a: from, b: to}
	if err := one.check(); err != nil {
		return err
	}
	p.Program, p.comparisons, p.ended = below, []*comparison{one}, &endings{results: map[string]graph.StepResult{}, said: map[string][]message{}}
	step := one.step()
	// The report is about what fails, too.
	step.Deps = slices.DeleteFunc(step.Deps, func(name string) bool {
		i := slices.IndexFunc(below.Graph.Steps(), func(s *graph.Step) bool { return s.Name == name })
		reported := p.Reported(below.Graph.Steps()[i])
		if reported {
			step.After = append(step.After, name)
		}
		return reported
	})
	if from.Place.Adapter == "duckdb" && to.Tool.V2() && !from.Tool.V2() {
		below.Follow(from.Step, to.Step) // dbt 2's DuckDB can't read a file that a newer one has made
	}
	return below.Add(step)
}

// named names a build's dbt and its adapter: dbt 1.11.16, dbt-duckdb 1.11.1.
func named(b *steps.Built) string {
	name := "dbt " + cmp.Or(b.Tool.Version, "(version not known yet)")
	if adapter := b.Tool.Adapters[b.Place.Adapter]; adapter != "" {
		name += ", dbt-" + b.Place.Adapter + " " + adapter
	}
	return name
}

// endings are how a run's steps ended, by name.
type endings struct {
	mu      sync.Mutex
	results map[string]graph.StepResult
	failed  []string             // in the order in which they failed
	said    map[string][]message // the errors of steps that build
}

// Observe takes note of the events of a run.
func (p *Program) Observe(e graph.Event) {
	if p.ended == nil {
		return
	}
	p.ended.mu.Lock()
	defer p.ended.mu.Unlock()
	step := e.Planned.Step
	switch {
	case e.Kind == graph.Decided && !e.Planned.Decision.Run:
		p.ended.results[step.Name] = graph.StepResult{Outcome: graph.Skipped, Record: e.Planned.Record}
	case e.Kind == graph.Ended:
		p.ended.results[step.Name] = e.Result
		if e.Result.Outcome == graph.Broken {
			p.ended.failed = append(p.ended.failed, step.Name)
		}
	case e.Kind == graph.Progress && step.Kind == "build":
		if said, ok := e.Value.(artifact.Event); ok && said.Level == artifact.LevelError {
			if m, ok := messageOf(said); ok {
				p.ended.said[step.Name] = append(p.ended.said[step.Name], m)
			}
		}
	}
}

// Reported reports whether a failure of a step is part of the report.
func (p *Program) Reported(step *graph.Step) bool {
	return p.Request.Upgrade != nil && slices.Contains([]string{"deps", "check", "build"}, step.Kind)
}

// stopped says why a build has nothing of this run, "" if it has, and what dbt said then.
func (p *Program) stopped(b *steps.Built) (why, said string) {
	p.ended.mu.Lock()
	defer p.ended.mu.Unlock()
	ended := p.ended.results[b.Step]
	dbt := "dbt " + b.Tool.Version
	if ended.Outcome == graph.NotRun || ended.Outcome == "" {
		why := dbt + " built nothing"
		if i := slices.IndexFunc(p.ended.failed, b.Needs); i >= 0 {
			reason, _, _ := strings.Cut(p.ended.results[p.ended.failed[i]].Err.Error(), "\n")
			why += ", since " + strings.TrimSuffix(reason, ":")
		}
		return why, ""
	}
	run, err := steps.ParseReport(ended.Record)
	side, missing := b.Side()
	if err == nil && missing == nil && run.Run != "" && side.Run == run.Run {
		return "", ""
	}
	var texts []string
	for _, m := range p.ended.said[b.Step] {
		if m.text = m.kind + ": " + m.text; !slices.Contains(texts, m.text) && len(texts) < report.SaidLimit {
			texts = append(texts, m.text)
		}
	}
	return dbt + " failed before it had built anything", strings.Join(texts, "; ")
}

// runUpgrade lets both dbts read the project, and compares what they have built.
func (c *comparison) runUpgrade(ctx context.Context, attempt *graph.Attempt) error {
	start := c.world.Now()
	found := &report.Upgrade{From: named(c.a), To: named(c.b)}
	var said [2][]message
	for i, side := range []*steps.Built{c.a, c.b} {
		var err error
		if said[i], err = c.parse(ctx, attempt, side); err != nil {
			return err
		}
		if why, words := c.stopped(side); found.Stopped == "" {
			found.Stopped, found.Reason = why, side.WithoutSecrets(words)
		}
	}
	found.Said, found.Both, found.Gone = news(said[0], said[1])
	if found.Stopped == "" {
		if err := c.compare(ctx, attempt); err != nil {
			return err
		}
	} else {
		c.result = report.Comparison{Baseline: side(c.a.Bare()), Candidate: side(c.b.Bare()), Project: c.b.Project(), Relations: []report.Relation{}}
		c.result.Options = c.options(c.Request.How)
		c.result.Seconds = c.world.Now().Sub(start).Seconds()
	}
	c.result.Options.All, c.result.Options.FreshlyBuilt = false, false // it always compares all
	c.result.Baseline.DBT, c.result.Candidate.DBT = c.a.Tool.Version, c.b.Tool.Version
	c.result.Upgrade, c.done = found, true
	return nil
}

// A message is what dbt says about a project's files.
type message struct{ level, kind, text string }

// parse lets a build's dbt read the project, and returns its warnings and errors.
func (c *comparison) parse(ctx context.Context, attempt *graph.Attempt, side *steps.Built) (said []message, err error) {
	dir := c.dir() + ".parse"
	if err := os.RemoveAll(dir); err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir) // a copy of what the build has
	var plain []string
	call := side.ParseCall(dir)
	call.Events = func(e artifact.Event) {
		if m, ok := messageOf(e); ok {
			said = append(said, m)
		} else if e.Level == "" && strings.TrimSpace(e.Message) != "" {
			plain = append(plain, e.Message)
		}
	}
	exit, err := side.RunDBT(ctx, attempt, call)
	if err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if !exit.OK() && !slices.ContainsFunc(said, func(m message) bool { return m.level == "error" }) {
		said = append(said, message{"error", "dbt parse", oneLine(lastLines(strings.Join(plain, "\n")))})
	}
	for i := range said {
		said[i].text = side.WithoutSecrets(said[i].text)
	}
	return said, nil
}

var (
	// v2Kind matches the label of dbt 2's messages: [error] [DbtYamlValidationError (dbt1159)]: text.
	v2Kind = lazy.Regexp(`^\[\w+\] \[([^\]]+)\]: `)
	// v1Kind matches the name that dbt 1 puts before a deprecation's text.
	v1Kind  = lazy.Regexp(`^\[(\w+)\]: (?:Deprecated\s+functionality\s+)?`)
	colours = lazy.Regexp("\x1b\\[[0-9;]*m")
)

// messageOf reads a warning or an error. dbt's summary of deprecations repeats them.
func messageOf(e artifact.Event) (message, bool) {
	level := map[artifact.Level]string{artifact.LevelWarn: "warning", artifact.LevelError: "error"}[e.Level]
	if level == "" || e.Name == "DeprecationsSummary" {
		return message{}, false
	}
	m := message{level: level, kind: e.Name, text: artifact.Unlabelled(colours().ReplaceAllString(e.Message, ""))}
	if kind := v2Kind().FindStringSubmatch(m.text); kind != nil {
		m.kind, m.text = kind[1], m.text[len(kind[0]):]
	} else if kind := v1Kind().FindStringSubmatch(m.text); kind != nil {
		m.kind, m.text = kind[1], m.text[len(kind[0]):]
	}
	if rest, ok := strings.CutPrefix(m.text, "Encountered an error:\n"); ok { // its first line is the kind
		m.text = rest
		if first, more, ok := strings.Cut(rest, "\n"); ok {
			m.kind, m.text = strings.TrimSpace(first), more
		}
	}
	m.text = oneLine(m.text)
	return m, m.text != ""
}

// oneLine writes a message on one line.
func oneLine(said string) string { return strings.Join(strings.Fields(said), " ") }

// news returns what the second dbt alone says, by kind, and how many messages both and the first
// alone say. Releases may word a message differently: a kind that both say as often is no news.
func news(before, after []message) (said []report.Said, both, gone int) {
	unique := func(all []message) []message {
		seen := map[message]bool{}
		var kept []message
		for _, m := range all {
			if !seen[m] {
				seen[m] = true
				kept = append(kept, m)
			}
		}
		return kept
	}
	before, after = unique(before), unique(after)
	often := func(all []message, like message) (n int) {
		for _, m := range all {
			if m.level == like.level && plainKind(m.kind) == plainKind(like.kind) {
				n++
			}
		}
		return n
	}
	known := func(m message, in, other []message) bool {
		return slices.Contains(in, m) || often(in, m) == often(other, m)
	}
	for _, m := range after {
		if known(m, before, after) {
			both++
			continue
		}
		i := slices.IndexFunc(said, func(s report.Said) bool { return s.Kind == m.kind && s.Level == m.level })
		if i < 0 {
			i = len(said)
			said = append(said, report.Said{Level: m.level, Kind: m.kind, Texts: []string{}})
		}
		if said[i].Count++; len(said[i].Texts) < report.SaidLimit {
			said[i].Texts = append(said[i].Texts, m.text)
		}
	}
	for _, m := range before {
		if !known(m, after, before) {
			gone++
		}
	}
	slices.SortStableFunc(said, func(a, b report.Said) int {
		return cmp.Or(cmp.Compare(a.Level, b.Level), cmp.Compare(b.Count, a.Count), cmp.Compare(a.Kind, b.Kind)) // error before warning
	})
	return said, both, gone
}

// plainKind is a kind without dbt 2's number: NoNodeForYamlKey (dbt1089) is dbt 1's NoNodeForYamlKey.
func plainKind(kind string) string {
	name, _, _ := strings.Cut(kind, " (dbt")
	return name
}

// lastRun makes nodes unknown that another run than the side's last one wrote: another dbt may have
// been at work.
func lastRun(s steps.Side) {
	for id, state := range s.Nodes {
		if state.Problem == "" && state.Layer == s.Own && state.Run != s.Run {
			state.Problem = "was built by an earlier run, not by this one"
			s.Nodes[id] = state
		}
	}
}
