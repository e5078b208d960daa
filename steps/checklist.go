package steps

import (
	"bytes"
	"context"
	"io"
	"path/filepath"
	"slices"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/dbt/run"
)

// The dbt list commands of the check.

// selections are the flags of dbt that select nodes.
var selections = []string{"select", "selector", "exclude", "resource-types", "exclude-resource-types", "indirect-selection"}

// warning are the flags of dbt that decide how it treats a parse's warnings.
var warning = []string{"warn-error", "warn-error-options", "show-all-deprecations", "partial-parse"}

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
	if state != "" || a.job.byCompiled { // otherwise the tests of what is modified are listed, too
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
