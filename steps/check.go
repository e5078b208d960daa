package steps

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/dbt/run"
	"dot-for-dbt/internal/text"
	"dot-for-dbt/internal/warehouse"
	"dot-for-dbt/internal/workspace"
)

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
		Locks: job.checkLocks(),
		Pools: []string{jobsPool},
		Action: &checkIsolation{
			runtime: rt, job: job,
		},
	}
}

// checkLocks are the locks of its check. dbt may open the warehouse to compile.
func (job *job) checkLocks() []graph.Lock {
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

func (a *checkIsolation) Run(ctx context.Context, attempt *graph.Attempt) (any, error) {
	b := a.job.build
	if err := a.pristine(ctx, b); err != nil {
		return nil, err
	}
	if err := a.checkBaseline(); err != nil {
		return nil, err
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
	writes := out.add(a.job, listed)
	if err := a.checkWrites(writes, out); err != nil {
		return nil, err
	}
	if err := a.findLeftOut(attempt, &out, listed); err != nil {
		return nil, err
	}
	var before checkOutputs
	_ = attempt.Previous.Decode(&before) // without outputs, all is new
	if err := a.checkFiles(attempt, writes, before, &out); err != nil {
		return nil, err
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

// checkBaseline returns an error if the baseline can't be compared with. dbt would fail on a damaged
// manifest with a traceback.
func (a *checkIsolation) checkBaseline() error {
	if !a.job.findsChanges() {
		return nil
	}
	below, err := a.deferredTo(a.job)
	if err == nil {
		_, err = a.baseOf(a.job, below)
	}
	return err
}

// checkWrites returns an error if a node would be written outside of the build's place, or where
// another build of the invocation writes.
func (a *checkIsolation) checkWrites(writes []artifact.Node, out checkOutputs) error {
	b := a.job.build
	if found := leaks(writes, b.output.Adapter, b.suffix, a.job.env.Dot.SharedSchemas); len(found) > 0 {
		return &IsolationError{build: b.String(), suffix: b.suffix, target: b.targetName(), leaks: b.secret.hideLeaks(found)}
	}
	return a.writers.claim(b, out.targets(a.job))
}

// checkFiles checks what the nodes read from files, and warns of what dot can't see: SQL in hooks, and
// files out of the worktree. It repeats no warning of the check before.
func (a *checkIsolation) checkFiles(attempt *graph.Attempt, writes []artifact.Node, before checkOutputs, out *checkOutputs) error {
	b := a.job.build
	unseen, err := findUnseen(b, writes)
	if err != nil {
		return fmt.Errorf("look for hooks: %w", err)
	}
	reads, err := findDataReads(b, writes)
	if err != nil {
		return err
	}
	a.keepNames(b, reads.names)
	if err := a.checkDataReads(a.job, reads); err != nil {
		return err
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
	return nil
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
