package steps

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/dbt/run"
	"dot-for-dbt/internal/text"
	"dot-for-dbt/internal/warehouse"
	"dot-for-dbt/internal/workspace"
)

// checkOutputs are the outputs in the check's record: the nodes that the command may
// write, and those that it reads.
type checkOutputs struct {
	Nodes []checkedNode `json:"nodes"`
	// Others are the selected tests, by unique_id: no other node reads their
	// relations.
	Others []string `json:"others,omitempty"`
	// Reads are, for a job with a baseline, the nodes that it reads but doesn't
	// write, by unique_id, each with its readers.
	Reads map[string][]string `json:"reads,omitempty"`
	// Changed are the nodes with a relation that differ between the commit and the
	// baseline's. Modified has all such nodes, with the reasons.
	Changed  []string `json:"changed,omitempty"`
	Modified []Change `json:"modified,omitempty"`
	// Same are, with --modified=compiled, the nodes that would be in Modified, and that compile to the
	// baseline's code.
	Same []string `json:"same,omitempty"`
	// Reused are, with --reuse, the nodes that the command doesn't build and that lie below.
	Reused []checkedNode `json:"reused,omitempty"`
	// Drops are the relations in the ledgers that are dropped with a node's relation
	// when the job replaces it, by the node's unique_id.
	Drops map[string][]workspace.Relation `json:"drops,omitempty"`
	// Rows are about how many rows the relations have that the job clones as tables, by the node's
	// unique_id, if the warehouse was asked and knows.
	Rows map[string]int64 `json:"rows,omitempty"`
	// BaselineRun is the baseline's last run before the check.
	BaselineRun string `json:"run,omitempty"`
	// ServerPath are the environments' schemas of the server's search path that the user
	// was warned of.
	ServerPath []string `json:"server_path,omitempty"`
	// Outside are the files out of the worktree that the user was warned of.
	Outside []string `json:"outside,omitempty"`
	// Hooks is a digest of the hooks and grants that the user was warned of.
	Hooks string `json:"hooks_digest,omitempty"`
	// Marked is set if the check's dbt has marked the schemas, as far as that was needed.
	Marked bool `json:"marked,omitempty"`
	// Stale are, in the schema of a working tree, the nodes that a job without a selection
	// builds, with the reasons.
	Stale []Change `json:"stale,omitempty"`
	// Inputs and Over are, in the schema of a working tree, what the nodes are built from; see
	// [workspace.Basis].
	Inputs string            `json:"inputs,omitempty"`
	Over   map[string]string `json:"over,omitempty"`
}

// count returns the number of selected nodes.
func (c checkOutputs) count() int {
	n := len(c.Others)
	for _, node := range c.Nodes {
		if node.Type != "test" { // which is among Others, too
			n++
		}
	}
	return n
}

// refreshed returns the nodes that a run with --full-refresh builds from scratch.
func (o checkOutputs) refreshed() map[string]bool {
	ids := map[string]bool{}
	for _, n := range o.Nodes {
		if !n.Keeps {
			ids[n.ID] = true
		}
	}
	return ids
}

type checkedNode struct {
	ID   string             `json:"id"`
	Type string             `json:"type"`
	Name workspace.Spelling `json:"name"`
	// History is set for nodes that add to the existing relation: snapshots, and
	// incremental models without --full-refresh.
	History bool `json:"history,omitempty"`
	// Keeps is set for nodes whose relation --full-refresh does not build anew.
	Keeps bool `json:"keeps,omitempty"`
	// Replaces is set for nodes whose existing relation dbt drops.
	Replaces bool `json:"replaces,omitempty"`
	// View is set for views: they depend on the relations that they read.
	View bool `json:"view,omitempty"`
	// On are the relations of other builds that a view reads.
	On []workspace.Relation `json:"on,omitempty"`
}

// incremental reports whether the node is an incremental model that adds to the existing relation.
func (n checkedNode) incremental() bool { return n.History && n.Type == "model" }

// history reports whether any of the nodes adds to an existing relation.
func (o checkOutputs) history() bool {
	return slices.ContainsFunc(o.Nodes, func(n checkedNode) bool { return n.History })
}

// targets returns the nodes that the job may write, by unique_id, with the ledger's
// relations. Stored test failures are left out: no result depends on them.
func (o checkOutputs) targets(job *job) map[string]workspace.Target {
	out := make(map[string]workspace.Target, len(o.Nodes))
	partial := job.partial()
	for _, n := range o.Nodes {
		if n.Type != "test" {
			t := job.build.target(n.Name)
			t.Partial, t.On = partial, n.On
			out[n.ID] = t
		}
	}
	return out
}

// checkStep checks that the command writes to the build's place only and reads no
// missing node. It runs dbt list with the command's selection. The check runs
// whenever the command does, since macros may depend on more than its inputs.
func (rt *runtime) checkStep(job *job, inputs []graph.Input, below []string) *graph.Step {
	b := job.build
	return &graph.Step{
		Name: "check " + b.String(), Kind: "check", Version: 3, With: job.step(),
		Deps: below, Inputs: slices.Concat(inputs, []graph.Input{sharedInput(job)}),
		Late: func(context.Context) ([]graph.Input, error) {
			in := rt.lateCheckInputs(job)
			if job.baseline != nil {
				in = append(in, checkedBaseline(job))
			}
			return in, nil
		},
		Record: b.CheckRecord(job.slot),
		Summary: func(r graph.Record) string {
			var out checkOutputs
			if r.Decode(&out) != nil {
				return ""
			}
			if len(job.Command.Builds) == 0 {
				return text.Plural(len(out.Modified), "node") + " modified"
			}
			found := text.Plural(len(out.Nodes), "node") + " to write, isolated"
			if len(out.Reads) > 0 {
				found += ", " + text.Plural(len(out.Reads), "node") + " to read"
			}
			if len(job.env.Dot.SharedSchemas) > 0 {
				found += " or in shared-schemas"
			}
			return found
		},
		Locks: rt.checkLocks(job),
		Pools: []string{jobsPool},
		Action: &checkIsolation{
			runtime: rt, job: job,
		},
	}
}

// checkLocks are the locks of a job's check. dbt may open the warehouse to compile.
func (rt *runtime) checkLocks(job *job) []graph.Lock {
	locks := []graph.Lock{job.build.buildLock()}
	if job.byCompiled {
		locks = append(locks, job.build.warehouseLocks(true)...)
	}
	return locks
}

// CheckName names the record of a check that no command follows.
const CheckName = "check"

// onlyCheckStep is a check that no command follows. It has a record of its own, so that the check of
// a command never reads what this one hasn't asked the warehouse.
func (rt *runtime) onlyCheckStep(job *job, inputs []graph.Input, below []string) *graph.Step {
	step := rt.checkStep(job, inputs, below)
	step.With, step.Always = "", "dot check always runs"
	step.Record = job.build.Record(CheckName)
	step.Action = &checkIsolation{runtime: rt, job: job, only: true}
	return step
}

// checked returns the outputs of the job's check.
func (rt *runtime) checked(job *job) (checkOutputs, error) {
	var out checkOutputs
	record, err := rt.ws.Load(job.build.CheckRecord(job.slot))
	if err == nil {
		err = record.Decode(&out)
	}
	out = out.mapNames(rt.ws.Reveal)
	return out, err
}

// sharedInput is an input of the check only.
func sharedInput(job *job) graph.Input {
	return graph.Input{Label: "shared-schemas", Value: fmt.Sprintf("%q", job.env.Dot.SharedSchemas)}
}

// checkIsolation runs dbt list and checks each node.
type checkIsolation struct {
	*runtime
	job *job
	// only means that no command follows, and that the warehouse isn't asked.
	only bool
}

func (a *checkIsolation) Describe(graph.Planned) []string {
	var lines []string
	for _, call := range a.DBTCalls() {
		lines = append(lines, text.ShellQuote(call.Argv))
	}
	return lines
}

func (a *checkIsolation) DBTCalls() []run.Call {
	var calls []run.Call
	if a.job.findsChanges() {
		calls = append(calls, a.changedCall())
	}
	if a.job.byCompiled {
		calls = append(calls, a.compileCall())
	}
	if len(a.job.Command.Builds) == 0 {
		return calls
	}
	if a.job.inPlace() {
		_, state, _ := a.stateBefore()
		calls = append(calls, a.modifiedCall(state))
	}
	calls = append(calls, a.nodesCall())
	if a.asks() {
		calls = append(calls, a.questionCall(a.job, a.job.build.Question()))
	}
	return calls
}

// changedCall is the dbt list of the nodes that differ from the baseline, as dbt sees it.
func (a *checkIsolation) changedCall() run.Call { return a.modifiedCall(a.job.baseline.state) }

// modifiedCall is the dbt list of the nodes that differ from a state, or of all nodes.
func (a *checkIsolation) modifiedCall(state string) run.Call {
	line := a.job.CommandLine
	line.Fixed = slices.DeleteFunc(slices.Clone(line.Fixed), func(o dbt.Option) bool { return o.Flag == "state" })
	line.Options = slices.DeleteFunc(slices.Clone(line.Options), func(o dbt.Option) bool { return !slices.Contains(warning, o.Flag) })
	if state != "" {
		line.Fixed = append(line.Fixed, dbt.NewOption("state", state))
		line.Options = append(line.Options, dbt.NewOption("select", "state:modified"))
	}
	if a.job.byCompiled { // otherwise the tests of what is modified are listed, too
		line.Options = append(line.Options, dbt.NewOption("indirect-selection", "empty"))
	}
	line.Environment = slices.DeleteFunc(slices.Clone(line.Environment), func(o dbt.Option) bool { return slices.Contains(selections, o.Flag) })
	build, _ := dbt.LookupCommand("build") // lists all types of nodes
	line.Command = build.In(a.job.tool.Version)
	line = line.List()
	if a.job.WarnsAsErrors() {
		line = line.ParsingAnew()
	}
	return a.listCall(a.job, line)
}

// nodesCall is the dbt list of the command's nodes.
func (a *checkIsolation) nodesCall() run.Call {
	line := a.job.List()
	if a.job.WarnsAsErrors() && !a.job.findsChanges() { // otherwise changedCall comes first
		line = line.ParsingAnew()
	}
	return a.listCall(a.job, line)
}

func (a *checkIsolation) Run(ctx context.Context, attempt *graph.Attempt) (any, error) {
	b := a.job.build
	if err := a.pristine(ctx, b); err != nil {
		return nil, err
	}
	if a.job.findsChanges() { // dbt would fail on a damaged manifest with a traceback
		below, err := a.deferredTo(a.job)
		if err == nil {
			_, err = a.baseOf(a.job, below)
		}
		if err != nil {
			return nil, err
		}
	}
	a.reuseParse(ctx)
	var out checkOutputs
	if a.job.findsChanges() {
		if err := a.findChanges(ctx, attempt, &out); err != nil {
			return nil, err
		}
	}
	if len(a.job.Command.Builds) == 0 {
		return out, nil
	}
	var taken *takeover
	if a.job.inPlace() {
		var err error
		if taken, err = a.takeOver(ctx, attempt, &out); err != nil {
			return nil, err
		}
	}
	listed, err := a.list(ctx, attempt, a.nodesCall(), false)
	if err != nil {
		return nil, err
	}
	_, refresh := a.job.Lookup("full-refresh")
	var writes []artifact.Node
	for _, n := range listed {
		if a.job.Command.Writes(n, a.job.AllOptions()) {
			writes = append(writes, n)
			out.Nodes = append(out.Nodes, newCheckedNode(n, refresh))
		}
		if n.ResourceType == "test" || n.ResourceType == "unit_test" {
			out.Others = append(out.Others, n.UniqueID)
		}
	}
	if found := leaks(writes, b.output.Adapter, b.suffix, a.job.env.Dot.SharedSchemas); len(found) > 0 {
		return nil, &IsolationError{build: b.String(), suffix: b.suffix, target: b.targetName(), leaks: b.secret.hideLeaks(found)}
	}
	if err := a.writers.claim(b, out.targets(a.job)); err != nil {
		return nil, err
	}
	unseen, err := findUnseen(b, writes)
	if err != nil {
		return nil, fmt.Errorf("look for hooks: %w", err)
	}
	var before checkOutputs
	_ = attempt.Previous.Decode(&before) // without outputs, all is new
	reads, err := findDataReads(b, writes)
	if err == nil {
		a.keepNames(b, reads.names)
		err = a.checkDataReads(a.job, reads)
	}
	if err != nil {
		return nil, err
	}
	if unseen.sql != "" {
		out.Hooks = a.ws.Digest(unseen.sql)
	}
	warnings := unseen.warnings(out.Hooks == before.Hooks)
	if out.Outside = reads.outside; !slices.Equal(out.Outside, before.Outside) {
		warnings = append(warnings, reads.warnings()...)
	}
	for _, warning := range warnings {
		attempt.Notef("%s", warning)
	}
	if taken != nil {
		out.Inputs, out.Over = taken.inputs, taken.overOf(a.job, out.Nodes)
	}
	if taken != nil && a.job.baseline == nil {
		if err := a.checkOwnReads(taken, listed); err != nil {
			return nil, err
		}
	}
	if a.job.reuse {
		if err := a.findReused(attempt, &out); err != nil {
			return nil, err
		}
	}
	if a.job.readsKnown() {
		if err := a.listReads(&out, listed); err != nil {
			return nil, err
		}
	}
	if err := a.askWarehouse(ctx, attempt, before, &out); err != nil {
		return nil, err
	}
	if a.job.readsKnown() {
		err := a.resolveListed(attempt, &out)
		if err != nil && !errors.As(err, new(*MissingError)) {
			return nil, err
		}
		return b.secret.hide(out), err // dot explain shows the missing nodes, too
	}
	return b.secret.hide(out), nil
}

// newCheckedNode returns a node that the job writes, with --full-refresh or without. As in dbt's macro
// should_full_refresh, the node's own configuration goes before the flag.
func newCheckedNode(n artifact.Node, refresh bool) checkedNode {
	c := checkedNode{ID: n.UniqueID, Type: n.ResourceType, Name: spelling(n), View: n.Config.Materialized == "view"}
	if own := n.Config.FullRefresh; own.Set {
		refresh, c.Keeps = own.On, !own.On
	}
	switch {
	case n.ResourceType == "snapshot":
		c.History, c.Keeps = true, true
	case n.ResourceType == "function": // dbt changes it in place
	case n.ResourceType == "seed", n.Config.Materialized == "materialized_view":
		c.Replaces = refresh // otherwise dbt loads or refreshes the existing relation
	case n.Config.Materialized == "incremental":
		c.History, c.Replaces = !refresh, refresh
	default:
		c.Replaces = true
	}
	return c
}

// asks reports whether the check asks the warehouse.
func (a *checkIsolation) asks() bool {
	return !a.only && (a.job.checkWarehouse || a.job.Command.WritesNodes() && warehouse.SupportOf(a.job.build.output.Adapter).Cascades)
}

// askWarehouse asks whether the relations that the command reads are there, and what
// is dropped with the relations that it replaces.
func (a *checkIsolation) askWarehouse(ctx context.Context, attempt *graph.Attempt, before checkOutputs, out *checkOutputs) error {
	if a.only {
		return nil
	}
	q := warehouse.Question{Adapter: a.job.build.output.Adapter}
	var claims []claim
	if a.job.checkWarehouse && a.job.build.fileGone() == "" { // otherwise dbt would create the file
		claims = a.claims(a.job)
		for _, c := range claims {
			q.Exist = append(q.Exist, c.in)
		}
	}
	support := warehouse.SupportOf(q.Adapter)
	if support.Cascades {
		q.Dependents = a.replaced(a.job, *out)
	}
	if len(q.Exist)+len(q.Dependents) == 0 {
		return nil
	}
	copied := a.copied(*out)
	for _, c := range copied {
		q.Exist = append(q.Exist, inWarehouse(c.from.Name))
	}
	answer, err := a.askAndMark(ctx, attempt, q, out)
	var silent *unanswered
	switch {
	case errors.As(err, &silent) && len(claims) == 0 && !support.Run:
		attempt.Notef("dot can't tell what dbt drops with the relations that it replaces: %v", err)
		return nil
	case errors.As(err, &silent) && !silent.exit.OK():
		aside, end := a.aside(attempt)
		defer end()
		_, _ = silent.said.WriteTo(aside)
		return &DBTError{Command: "run", On: a.job.build.String(), Code: a.job.command("run").ExitCode(silent.exit.Code, false), How: silent.exit.String() + ", " + silent.Error()}
	case err != nil:
		return err
	}
	for _, c := range copied {
		if rows, ok := answer.Rows(inWarehouse(c.from.Name)); ok {
			if out.Rows == nil {
				out.Rows = map[string]int64{}
			}
			out.Rows[c.node.ID] = rows
		}
	}
	if err := a.strike(answer, claims); err != nil {
		return err
	}
	if err := a.checkServerPath(attempt, answer, before, out); err != nil {
		return err
	}
	return a.findLosses(attempt, answer, out)
}

// askAndMark asks the warehouse. Where dbt is started for that anyway, it also marks the schemas of the
// coming run: that saves the run a dbt. In DuckDB only the run has the locks that this needs.
func (a *checkIsolation) askAndMark(ctx context.Context, attempt *graph.Attempt, q warehouse.Question, out *checkOutputs) (warehouse.Answer, error) {
	b := a.job.build
	if a.job.Command.WritesNodes() && warehouse.SupportOf(q.Adapter).Cascades {
		due, err := a.dueMarks(a.job, out.targets(a.job))
		if err != nil {
			return warehouse.Answer{}, err
		}
		out.Marked = true // or the check fails
		if len(due.places) > 0 {
			due.task.Ask = &q
			done, err := a.manageSchemas(ctx, a.job, due.dir, b.Dir(), due.task, attempt.LockFiles())
			if err = errors.Join(err, os.RemoveAll(due.dir)); err != nil {
				return warehouse.Answer{}, err
			}
			return done.Answer, a.noteMarks(attempt, b, due, done.Marked)
		}
	}
	return a.ask(ctx, a.job, b.Question(), q, attempt.LockFiles())
}

// listReads finds the nodes that the command reads.
func (a *checkIsolation) listReads(out *checkOutputs, listed []artifact.Node) error {
	project, err := readGraph(filepath.Join(a.job.build.Target(), "manifest.json"))
	if err != nil {
		return err
	}
	selected := project.Hooks()
	for _, n := range listed {
		selected = append(selected, n.UniqueID)
	}
	out.Reads = project.Reads(selected)
	return nil
}

// resolveListed resolves the nodes that the command reads. Missing nodes are an error.
func (a *checkIsolation) resolveListed(attempt *graph.Attempt, out *checkOutputs) error {
	res, err := a.resolveReads(a.job, *out)
	if err != nil {
		return err
	}
	if missing := res.missing(); len(missing) > 0 {
		return &MissingError{job: a.job, resolution: res, missing: missing}
	}
	if res.ownProblem != "" {
		attempt.Notef("%s: nodes that it does not write now are read from %s", res.ownProblem, a.job.baseline.build)
	}
	res.standOn(out)
	for _, read := range res.reads {
		if read.Changed {
			reader := workspace.NodeName(read.readers[0])
			attempt.Notef("%s reads the %s of %s, which this commit changes (-s '%s %s' builds both)",
				reader, workspace.NodeName(read.ID), read.Layer.Name, workspace.NodeName(read.ID), reader)
		}
	}
	return nil
}

// selections are the flags of dbt that select nodes.
var selections = []string{"select", "selector", "exclude", "resource-types", "exclude-resource-types", "indirect-selection"}

// warning are the flags of dbt that decide what becomes of a parse's warnings.
var warning = []string{"warn-error", "warn-error-options", "show-all-deprecations", "partial-parse"}

// list runs a dbt list and returns the nodes. It passes on the warnings that the
// command itself won't repeat. unasked: dot has made the selection, so nothing may match.
func (a *checkIsolation) list(ctx context.Context, attempt *graph.Attempt, call run.Call, unasked bool) ([]artifact.Node, error) {
	b := a.job.build
	var stdout bytes.Buffer
	aside, end := a.aside(attempt)
	defer end()
	call.Stdout, call.Stderr = &stdout, aside
	exit, err := a.runDBT(ctx, attempt, call)
	if err != nil {
		return nil, err
	}
	listing := run.ReadListing(stdout.Bytes())
	if ctx.Err() == nil { // after Ctrl-C, dbt prints a traceback
		a.passOn(attempt, listing, exit.OK() && !a.only)
	}
	switch {
	case exit.OK():
		return artifact.ReadList(&listing.Nodes, artifact.RevealFrom(filepath.Join(b.Target(), "manifest.json"), call.Env))
	case listing.SelectedNothing(), unasked && listing.Unmatched():
		return nil, nil // with --warn-error; the command itself decides whether that is an error
	case ctx.Err() == nil:
		_, _ = io.WriteString(aside, listing.Problems())
	}
	return nil, &DBTError{Command: "list", On: b.String(), Code: a.job.command("list").ExitCode(exit.Code, false), How: exit.String(), Advice: []string{"dbt's log is " + b.logFile()}}
}

// passOn passes on dbt's warnings, or only those that the command itself won't repeat.
func (a *checkIsolation) passOn(attempt *graph.Attempt, listing *run.Listing, commandFollows bool) {
	if !a.job.ShowsWarnings() || commandFollows && a.job.warnsItself(a.job.build.world.Getenv) {
		return
	}
	for _, e := range listing.Warnings(commandFollows) {
		said, _ := e.Warning()
		attempt.Notef("%s", said)
	}
}
