package compare

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
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

// Which relations are compared, and how. The command line decides, then the
// candidate's environment.

// excluded returns dbt's selectors of the nodes that are not compared.
func (c *comparison) excluded() []string {
	return slices.Concat(c.Request.Exclude, c.b.Settings().Compare.Exclude)
}

// selects reports whether dbt has to select the nodes to compare.
func (c *comparison) selects() bool {
	return len(c.Request.Select)+len(c.excluded()) > 0 || c.Request.Selector != ""
}

// selection returns dbt's options that select the nodes to compare.
func (c *comparison) selection() []dbt.Option {
	options := []dbt.Option{dbt.NewOption("resource-types", "model", "seed", "snapshot")}
	for _, s := range c.Request.Select {
		options = append(options, dbt.NewOption("select", s))
	}
	for _, s := range c.excluded() {
		options = append(options, dbt.NewOption("exclude", s))
	}
	if c.Request.Selector != "" {
		options = append(options, dbt.NewOption("selector", c.Request.Selector))
	}
	return options
}

// modified reports whether the selection is that of --modified.
func (c *comparison) modified() bool {
	return slices.Equal(c.Request.Select, []string{steps.SelectModified}) && c.Request.Selector == ""
}

// listCalls returns the dbt commands that list the selected nodes: in the candidate's
// project and, for nodes that only the baseline has, in the baseline's. A state:
// selector applies to the candidate alone; of the baseline's nodes, --modified selects
// all that the candidate lacks.
func (c *comparison) listCalls() []run.Call {
	inBaseline := c.selection()
	if c.modified() {
		inBaseline = slices.DeleteFunc(inBaseline, func(o dbt.Option) bool { return o.Flag == "select" })
	}
	calls := []run.Call{c.b.ListCall(c.state(), c.selection()...)}
	if c.a.IsElsewhere() { // then there is no project that could be asked
		return calls
	}
	if c.modified() || !strings.Contains(strings.Join(c.Request.Select, " ")+" "+c.Request.Selector, "state:") {
		calls = append(calls, c.a.ListCall(c.state(), inBaseline...))
	}
	return calls
}

// comparesState reports whether the selection compares the candidate with the baseline.
func (c *comparison) comparesState() bool {
	words := slices.Concat(c.Request.Select, c.excluded())
	return c.Request.Selector != "" || slices.ContainsFunc(words, func(s string) bool { return strings.Contains(s, "state:") })
}

// state returns the directory for state: selectors. It is a copy of the baseline's
// artifacts in which the nodes that the candidate's commit changes are marked.
func (c *comparison) state() string { return filepath.Join(c.dir(), "state") }

// choose returns the selected nodes by unique_id; nil means all. If the candidate's
// commit changes no node, choose returns none.
func (c *comparison) choose(ctx context.Context, attempt *graph.Attempt, a, b steps.Side, sides code.Compiled, nodes []code.Node) (map[string]bool, error) {
	if !c.selects() {
		return nil, nil
	}
	var changes map[string][]string
	if c.comparesState() {
		var err error
		if changes, err = steps.Changes(ctx, a.Own, b.Own, c.b.Vars(), &sides); err != nil {
			return nil, err
		}
	}
	if err := steps.MarkChanged(c.state(), a.State, changes); err != nil {
		return nil, err
	}
	inCandidate, ids := map[string]bool{}, map[string]string{}
	for _, n := range nodes {
		inCandidate[n.ID] = n.B.In
		ids[n.OldID] = n.ID
	}
	chosen := map[string]bool{}
	for i, call := range c.listCalls() {
		listed, err := c.list(ctx, attempt, call)
		if err != nil {
			return nil, err
		}
		for _, n := range listed {
			id := cmp.Or(ids[n.UniqueID], n.UniqueID)
			if i == 0 || !c.modified() || !inCandidate[id] {
				chosen[id] = true
			}
		}
	}
	if c.modified() { // nothing modified is an answer
		return chosen, nil
	}
	if !slices.ContainsFunc(nodes, func(n code.Node) bool { return chosen[n.ID] }) {
		return nil, hint.New("the selection matches no relation of either build", "list what it selects: dot ls "+c.b.Specs[0]+" -s …")
	}
	return chosen, nil
}

// how returns how relations are compared. The command line's settings override the
// candidate's environment.
func (c *comparison) how(nodes []code.Node) (How, error) {
	how, settings := c.Request.How, c.b.Settings().Compare
	how.configured, how.building = settings.Keys, c.Request.Building.Args
	for _, name := range slices.Sorted(maps.Keys(how.Keys)) {
		switch names := called(nodes, name); {
		case len(names) == 0:
			return how, hint.New(fmt.Sprintf("--key: neither build has a relation %q", name), "use the model's name in dbt: --key orders=order_id")
		case len(names) > 1:
			return how, hint.New(fmt.Sprintf("--key: %s means several relations: %s", name, strings.Join(names, ", ")), "name one of them: --key "+names[0]+"="+strings.Join(how.Keys[name], ","))
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

// called returns the names of the nodes that a name may mean. All versions of a model
// have one name, without the version.
func called(nodes []code.Node, name string) []string {
	var exact, plain []string
	for _, n := range nodes {
		model := modelName(n)
		switch {
		case n.Name == name || n.ID == name:
			exact = append(exact, n.Name)
		case (model == name || strings.HasSuffix(model, "."+name)) && !slices.Contains(plain, model):
			plain = append(plain, model)
		}
	}
	if len(exact) > 0 {
		return exact[:1]
	}
	return plain
}

// modelName is a node's name with its package and without its version, as in its
// unique_id: model.shop.dim.v1 is shop.dim.
func modelName(n code.Node) string {
	parts := strings.SplitN(n.ID, ".", 4)
	if len(parts) < 3 {
		return n.Name
	}
	return parts[1] + "." + parts[2]
}

// key returns the columns that identify a node's rows, and where the key comes from.
func (v *verdicts) key(n code.Node) (columns []string, from string) {
	for _, given := range []struct {
		keys map[string][]string
		from string
	}{{v.how.Keys, "--key"}, {v.how.configured, "dot_environments.yml"}} {
		model := modelName(n)
		for _, name := range []string{n.ID, n.Name, model, model[strings.LastIndexByte(model, '.')+1:]} {
			if columns, ok := given.keys[name]; ok {
				return columns, given.from
			}
		}
	}
	return n.Key, n.KeyFrom
}

// options returns the options of the comparison for the report.
func (c *comparison) options(how How) report.Options {
	return report.Options{
		Select: c.Request.Select, Exclude: c.excluded(), Where: how.Where, Tolerance: how.Tolerance,
		Ignore: how.Ignore, Sample: how.Sample, All: how.All, ColumnsOnly: how.ColumnsOnly, CountsOnly: how.CountsOnly,
		MergeBase: c.Request.MergeBase, FreshlyBuilt: c.Request.Fresh,
	}
}

// list runs a dbt list and returns the nodes. A selection that one side lacks is expected,
// but the project or the user may make dbt fail on it. Then list asks again, so that
// dbt doesn't.
func (c *comparison) list(ctx context.Context, attempt *graph.Attempt, call run.Call) ([]artifact.Node, error) {
	for _, asked := range []run.Call{call, silenced(call), withoutWarnError(call)} {
		var stdout, stderr bytes.Buffer
		asked.Stdout, asked.Stderr = &stdout, &stderr
		exit, err := c.b.RunDBT(ctx, attempt, asked)
		switch {
		case err != nil:
			return nil, err
		case ctx.Err() != nil:
			return nil, context.Cause(ctx)
		case exit.OK():
			return c.b.ReadList(stdout.Bytes(), asked)
		}
		listing := run.ReadListing(stdout.Bytes())
		text := listing.Problems() + stderr.String()
		if !listing.Unmatched() && !strings.Contains(text, "not allowed with argument") {
			return nil, fmt.Errorf("dbt list could not select: %s\n%s", exit, lastLines(text))
		}
	}
	return nil, errors.New("dbt list could not select: a selection that matches nothing is an error, and dot could not change that")
}

// silenced returns the call with options that win over the project's warn_error_options.
// dbt 1.11 refuses them if warn_error is set, too.
func silenced(call run.Call) run.Call {
	call.Argv = append(withoutOption(call.Argv), "--warn-error-options", "{silence: [NoNodesForSelectionCriteria]}")
	return call
}

// withoutWarnError returns the call without the flag. The variable wins over the project's
// warn_error.
func withoutWarnError(call run.Call) run.Call {
	call.Argv = slices.DeleteFunc(withoutOption(call.Argv), func(word string) bool { return word == "--warn-error" })
	call.Env = append(slices.Clip(call.Env), "DBT_WARN_ERROR=false")
	return call
}

// withoutOption returns the words without --warn-error-options and its value.
func withoutOption(argv []string) []string {
	argv = slices.Clone(argv)
	if i := slices.Index(argv, "--warn-error-options"); i >= 0 && i+1 < len(argv) {
		argv = slices.Delete(argv, i, i+2)
	}
	return argv
}
