package compare

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"dot-for-dbt/compare/code"
	"dot-for-dbt/compare/report"
	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/dbt/run"
	"dot-for-dbt/internal/hint"
	"dot-for-dbt/steps"
)

// Which relations are compared, and how: what the command line says, else what
// the candidate's environment does.

// excluded is what isn't compared, in dbt's words.
func (p *pair) excluded() []string {
	return slices.Concat(p.Request.Exclude, p.b.Settings().Compare.Exclude)
}

// selects reports whether dbt has to be asked what is compared.
func (p *pair) selects() bool {
	return len(p.Request.Select)+len(p.excluded()) > 0 || p.Request.Selector != ""
}

// selection is what dbt is asked.
func (p *pair) selection() []dbt.Option {
	options := []dbt.Option{dbt.NewOption("resource-types", "model", "seed", "snapshot")}
	for _, s := range p.Request.Select {
		options = append(options, dbt.NewOption("select", s))
	}
	for _, s := range p.excluded() {
		options = append(options, dbt.NewOption("exclude", s))
	}
	if p.Request.Selector != "" {
		options = append(options, dbt.NewOption("selector", p.Request.Selector))
	}
	return options
}

// listCalls ask dbt what the selection means: in the candidate's project and, for
// what only that has, in the baseline's. A state: selector is about the candidate.
func (p *pair) listCalls(state string) []run.Call {
	calls := []run.Call{p.b.ListCall(state, p.selection()...)}
	if !strings.Contains(strings.Join(p.Request.Select, " ")+" "+p.Request.Selector, "state:") {
		calls = append(calls, p.a.ListCall(state, p.selection()...))
	}
	return calls
}

// choose returns the nodes that are selected, by unique_id; nil: all.
func (p *pair) choose(ctx context.Context, attempt *graph.Attempt, baseline steps.Side, nodes []code.Node) (map[string]bool, error) {
	if !p.selects() {
		return nil, nil
	}
	chosen := map[string]bool{}
	for _, call := range p.listCalls(baseline.State) {
		var stdout, stderr bytes.Buffer
		call.Stdout, call.Stderr = &stdout, &stderr
		exit, err := p.b.RunDBT(ctx, attempt, call)
		if err != nil {
			return nil, err
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if !exit.OK() {
			return nil, fmt.Errorf("dbt list could not select: %s\n%s", exit, lastLines(stdout.String()+stderr.String()))
		}
		listed, err := artifact.ReadList(&stdout)
		if err != nil {
			return nil, err
		}
		for _, n := range listed {
			chosen[n.UniqueID] = true
		}
	}
	if !slices.ContainsFunc(nodes, func(n code.Node) bool { return chosen[n.ID] }) {
		return nil, hint.New("the selection matches no relation of either build", "see what it means: dot ls "+p.b.Specs[0]+" -s …")
	}
	return chosen, nil
}

// how is how relations are compared: as the command line says, else as the
// candidate's environment does.
func (p *pair) how(nodes []code.Node) (How, error) {
	how, settings := p.Request.How, p.b.Settings().Compare
	how.configured = settings.Keys
	for name := range how.Keys {
		if !slices.ContainsFunc(nodes, func(n code.Node) bool { return named(n, name) }) {
			return how, hint.New(fmt.Sprintf("--key: neither build has a relation %q", name), "a model is named as in dbt: --key orders=order_id")
		}
	}
	if how.Tolerance == nil {
		how.Tolerance = settings.Tolerance
	}
	if how.Ignore == nil {
		how.Ignore = settings.IgnoreColumns
	}
	if how.Where == "" {
		how.Where = settings.Where
	}
	return how, nil
}

// named reports whether a node is called that, by its name or its unique_id.
func named(n code.Node, name string) bool { return n.Name == name || n.ID == name }

// key returns the columns that tell a node's rows apart, and who says so.
func (v *verdicts) key(n code.Node) (columns []string, from string) {
	for _, given := range []struct {
		keys map[string][]string
		from string
	}{{v.how.Keys, "--key"}, {v.how.configured, "dot_environments.yml"}} {
		for _, name := range []string{n.ID, n.Name} {
			if columns, ok := given.keys[name]; ok {
				return columns, given.from
			}
		}
	}
	return n.Key, n.KeyFrom
}

// options are how it was compared, for the report.
func (p *pair) options(how How) report.Options {
	return report.Options{
		Select: p.Request.Select, Exclude: p.excluded(), Where: how.Where, Tolerance: how.Tolerance,
		Ignore: how.Ignore, Sample: how.Sample, All: how.All, ColumnsOnly: how.ColumnsOnly, CountsOnly: how.CountsOnly,
		MergeBase: p.Request.MergeBase, FreshlyBuilt: p.Request.Fresh,
	}
}
