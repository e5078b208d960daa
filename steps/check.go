package steps

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/dbt/run"
	"dot-for-dbt/internal/text"
)

// checkOutputs are what the check's record keeps: what the command may write.
type checkOutputs struct {
	Nodes []checkedNode `json:"nodes"`
	// Hooks are the hooks and grants that a person was told of.
	Hooks []string `json:"hooks,omitempty"`
}

type checkedNode struct {
	ID       string `json:"id"`
	Type     string `json:"type"`
	Relation string `json:"relation,omitempty"`
	// History is set for what is built on top of what is there: snapshots,
	// and incremental models without --full-refresh.
	History bool `json:"history,omitempty"`
}

// history reports whether any of the nodes is built on top of what is there.
func (o checkOutputs) history() bool {
	return slices.ContainsFunc(o.Nodes, func(n checkedNode) bool { return n.History })
}

// relations maps the nodes that hold a build's results to their relations.
// Stored test failures are written too, but no result depends on them.
func (o checkOutputs) relations() map[string]string {
	out := make(map[string]string, len(o.Nodes))
	for _, n := range o.Nodes {
		if n.Type != "test" {
			out[n.ID] = n.Relation
		}
	}
	return out
}

// checkStep makes sure that the command writes nowhere but to the build's
// place. It asks dbt which nodes the command works on, with the command's own
// selection.
func (rt *runtime) checkStep(job *job, inputs []graph.Input, below []string) *graph.Step {
	b := job.build
	line := job.List()
	isolated := rt.isolate(job, line)
	line.Environment = append(line.Environment, isolated.Overrule...)
	return &graph.Step{
		Name: "check " + b.String(), Kind: "check", Version: 1,
		Deps: below, Inputs: append(inputs[:len(inputs):len(inputs)], rt.sharedInput(job)),
		Late:   rt.lateInputs(job),
		Record: b.Record("check-" + job.slot),
		Always: rt.undeclared(job),
		Summary: func(r graph.Record) string {
			var out checkOutputs
			if r.Decode(&out) != nil {
				return ""
			}
			text := text.Plural(len(out.Nodes), "node") + " to write, isolated"
			if len(job.env.Dot.SharedSchemas) > 0 {
				text += " or in shared-schemas"
			}
			return text
		},
		Missing: func(_ context.Context, r graph.Record) string {
			var out checkOutputs
			if r.Decode(&out) != nil {
				return "record is not whole"
			}
			return ""
		},
		Locks: []graph.Lock{b.buildLock()},
		Pools: []string{jobsPool},
		Action: &checkIsolation{
			runtime: rt, job: job, argv: line.Argv(),
			environ: job.exported(isolated.Env),
		},
	}
}

// checked returns what the check found that the job may write.
func (rt *runtime) checked(job *job) (checkOutputs, error) {
	var out checkOutputs
	record, err := rt.ws.Load(job.build.Record("check-" + job.slot))
	if err == nil {
		err = record.Decode(&out)
	}
	return out, err
}

// sharedInput is what the check alone depends on.
func (rt *runtime) sharedInput(job *job) graph.Input {
	return graph.Input{Label: "shared-schemas", Value: fmt.Sprintf("%q", job.env.Dot.SharedSchemas)}
}

// checkIsolation runs dbt list and looks at each node.
type checkIsolation struct {
	*runtime
	job     *job
	argv    []string
	environ []string
}

func (a *checkIsolation) Describe(graph.Planned) []string { return []string{text.ShellQuote(a.argv)} }

func (a *checkIsolation) DBTCalls() []run.Call { return []run.Call{a.dbtCall()} }

func (a *checkIsolation) dbtCall() run.Call {
	return a.runtime.dbtCall(a.job, a.argv, a.environ)
}

func (a *checkIsolation) Run(ctx context.Context, attempt *graph.Attempt) (any, error) {
	b := a.job.build
	if err := a.pristine(ctx, b); err != nil {
		return nil, err
	}
	var stdout bytes.Buffer
	aside, end := a.aside(attempt)
	defer end()
	list := a.dbtCall()
	list.Stdout, list.Stderr = &stdout, aside
	exit, err := a.runDBT(ctx, attempt, list)
	if err != nil {
		return nil, err
	}
	if !exit.OK() {
		if ctx.Err() == nil { // else it is where in its code Ctrl-C met it
			// dbt says what is wrong with the project on stdout.
			_, _ = stdout.WriteTo(aside)
		}
		return nil, &DBTError{Command: "list", On: b.String(), Code: exit.Code, How: exit.String(), Hint: "dbt's log is " + b.logFile()}
	}
	listed, err := artifact.ReadList(&stdout)
	if err != nil {
		return nil, err
	}
	_, refresh := dbt.Lookup(a.job.AllOptions(), "full-refresh")
	var out checkOutputs
	var writes []artifact.Node
	for _, n := range listed {
		if a.job.Command.Writes(n, a.job.AllOptions()) {
			writes = append(writes, n)
			out.Nodes = append(out.Nodes, checkedNode{
				ID: n.UniqueID, Type: n.ResourceType, Relation: n.RelationName,
				History: n.ResourceType == "snapshot" || n.Config.Materialized == "incremental" && !refresh,
			})
		}
	}
	if found := leaks(writes, b.output.Adapter, b.suffix, a.job.env.Dot.SharedSchemas); len(found) > 0 {
		return nil, &IsolationError{build: b.String(), suffix: b.suffix, target: b.targetName(), leaks: found}
	}
	unseen, err := findUnseen(b, writes)
	if err != nil {
		return nil, fmt.Errorf("look for hooks: %w", err)
	}
	var before checkOutputs
	_ = attempt.Previous.Decode(&before) // without any, all hooks are news
	for _, warning := range unseen.warnings(before.Hooks) {
		attempt.Notef("%s", warning)
	}
	out.Hooks = unseen.hooks
	return out, nil
}
