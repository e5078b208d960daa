package steps

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"dot-for-dbt/config"
	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/workspace"
)

// defaultMaxAge is the age at which a build that is up to date is made again.
const defaultMaxAge = 12 * time.Hour

// A Report is what a dbt step's record keeps of a run: what came of its nodes.
type Report struct {
	// Run names the run in the ledger; "" for a command that writes nothing.
	Run string `json:"run,omitempty"`
	// Written is how many nodes the run wrote whose results are the build's.
	Written int `json:"written"`
	// Counts are how many nodes ended with each of dbt's statuses.
	Counts map[dbt.Status]int `json:"counts"`
	Schema string             `json:"schema"`
	// History says what incremental models and snapshots were built on; ""
	// where there were none.
	History string `json:"history,omitempty"`
	// Manifest tells the manifest.json that a command which builds nothing
	// left in the target path from later ones.
	Manifest string `json:"manifest,omitempty"`
}

// ParseReport reads the report in the record of a dbt step.
func ParseReport(r graph.Record) (Report, error) {
	var report Report
	err := r.Decode(&report)
	return report, err
}

// String lists the counts in dbt's words: 27 ok, 1 warn.
func (r Report) String() string {
	ok := r.Counts[dbt.StatusSuccess] + r.Counts[dbt.StatusPass]
	var parts []string
	if ok > 0 {
		parts = append(parts, fmt.Sprintf("%d ok", ok))
	}
	for _, status := range slices.Sorted(maps.Keys(r.Counts)) {
		if status != dbt.StatusSuccess && status != dbt.StatusPass {
			parts = append(parts, fmt.Sprintf("%d %s", r.Counts[status], status))
		}
	}
	if r.History != "" {
		parts = append(parts, r.History)
	}
	return strings.Join(parts, ", ")
}

// commandStep runs the dbt command on a build.
func (c *compiler) commandStep(call *call, inputs []graph.Input, below []string) *graph.Step {
	b := call.build
	step := &graph.Step{
		Name: call.Command.Name + " " + b.String(), Kind: call.Command.Name, Version: 1,
		Deps: below, Inputs: inputs, Late: c.lateInputs(call),
		Record: b.Record(call.slot),
		Always: c.unskippable(call), MaxAge: c.maxAge(call.env), Force: c.req.Force,
		Overwritten: func(r graph.Record) string { return c.overwritten(call, r) },
		Missing: func(graph.Record) string {
			if b.duckdb != "" && len(call.Command.Builds) > 0 {
				if _, err := os.Stat(b.duckdb); errors.Is(err, fs.ErrNotExist) {
					return "the DuckDB file is gone"
				}
			}
			return ""
		},
		Summary: func(r graph.Record) string {
			report, err := ParseReport(r)
			if err != nil {
				return ""
			}
			done := "done"
			if len(call.Command.Builds) > 0 {
				done = "built"
			}
			done += " " + c.ago(r.Finished)
			if len(report.Counts) > 0 {
				done += fmt.Sprintf(" (%s)", report)
			}
			return fmt.Sprintf("same inputs, %s; warehouse and sources not looked at; --force reruns", done)
		},
		Detail: func(graph.Record) string { return c.history(call) },
		Locks:  []graph.Lock{b.buildLock()},
		Pools:  []string{"jobs"},
	}
	if call.Command.OpensAdapter {
		step.Locks = append(step.Locks, b.warehouseLocks(len(call.Command.Builds) == 0)...)
	}
	step.Action = &runCommand{compiler: c, call: call, argv: call.Argv()}
	return step
}

// unskippable says why a dbt step of the call is never skipped, "" if it may be.
func (c *compiler) unskippable(call *call) string {
	_, selected := dbt.Lookup(call.Options, "select")
	_, selector := dbt.Lookup(call.Options, "selector")
	switch reuse := call.Command.Reuse; {
	case reuse == dbt.ReuseNever, reuse == dbt.ReuseUnselected && (selected || selector):
		return "dbt " + call.Command.Name + " always runs"
	}
	if age := c.age(call.env); !age.Never && age.Limit == 0 {
		return "max-age is 0"
	}
	return undeclared(call)
}

// undeclared says where the project reads an environment variable whose name
// only dbt can tell, unless the environment declares what is read.
func undeclared(call *call) string {
	if at := call.keyVars.Computed; len(at) > 0 && call.env.Dot.Env == nil {
		return "env_var with a computed name at " + at[0] + ": declare what it reads with dot: {env: […]}"
	}
	return ""
}

// age is the max-age that holds: the command line's, else the environment's.
func (c *compiler) age(env config.Environment) config.Age {
	switch {
	case c.req.MaxAge != nil:
		return *c.req.MaxAge
	case env.Dot.MaxAge != nil:
		return *env.Dot.MaxAge
	}
	return config.Age{Limit: defaultMaxAge}
}

// overwritten says who has written since over what a run wrote.
func (c *compiler) overwritten(call *call, r graph.Record) string {
	report, err := ParseReport(r)
	if err != nil {
		return "record is not whole"
	}
	if report.Run == "" {
		if report.Manifest != manifestMark(call.build) {
			return "the target path was written since"
		}
		return ""
	}
	if report.Written == 0 {
		return "the last run wrote nothing"
	}
	ledger, err := c.ws.Ledger(call.build.place)
	if err != nil {
		return "what is in the schema is not known: " + err.Error()
	}
	return ledger.OverwrittenBy(call.build.ID(), report.Run, report.Written)
}

// history says what incremental models and snapshots of the call are built on:
// from scratch in a schema that the build has nothing in yet, else on top of
// what is there.
func (c *compiler) history(call *call) string {
	if !slices.ContainsFunc(call.Command.Builds, func(kind string) bool { return kind == "model" || kind == "snapshot" }) {
		return ""
	}
	ledger, err := c.ws.Ledger(call.build.place)
	if err != nil {
		return ""
	}
	standing, ok := ledger.Standing(call.build.ID())
	if !ok {
		return "from scratch"
	}
	checked, err := c.checked(call)
	if err == nil && slices.ContainsFunc(checked.Nodes, func(n checkedNode) bool { return n.History }) {
		return "on top of the build of " + c.ago(standing.Run.Time)
	}
	return ""
}

// manifestMark tells one manifest.json in a build's target path from the next;
// "" is none.
func manifestMark(b *build) string {
	info, err := os.Stat(filepath.Join(b.Target(), "manifest.json"))
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%d %s", info.Size(), info.ModTime().UTC().Format(time.RFC3339Nano))
}

// lateInputs are the inputs that the steps below make: which packages were
// resolved and what they read from the environment, and what the baseline is.
func (c *compiler) lateInputs(call *call) func(context.Context) ([]graph.Input, error) {
	return func(ctx context.Context) ([]graph.Input, error) {
		var in []graph.Input
		var installed depsOutputs
		record, err := c.ws.Load(call.build.Commit.ProjectRecord(call.build.Project, "deps"))
		if err == nil && record.Decode(&installed) == nil {
			in = append(in, graph.Input{Label: "packages", Value: installed.Lock})
			names := slices.DeleteFunc(installed.EnvVars, func(name string) bool {
				return slices.Contains(call.keyVars.Names, name) || slices.Contains(call.env.Dot.Env, name)
			})
			in = append(in, c.envInputs(config.Environment{}, names)...)
		}
		if call.Command.Name == "docs generate" { // its catalog is of what was built
			ledger, err := c.ws.Ledger(call.build.place)
			if err != nil {
				return nil, err
			}
			standing, _ := ledger.Standing(call.build.ID())
			in = append(in, graph.Input{Label: "what was built", Value: standing.Identity()})
		}
		if call.baseline != nil {
			input, err := c.baselineInput(ctx, call.baseline)
			if err != nil {
				return nil, err
			}
			in = append(in, input)
		}
		return in, nil
	}
}

// runCommand runs the command itself and keeps the books about it.
type runCommand struct {
	*compiler
	call *call
	argv []string
}

func (a *runCommand) Describe() []string { return []string{dbt.ShellQuote(a.argv)} }

func (a *runCommand) Run(ctx context.Context, attempt *graph.Attempt) (any, error) {
	b := a.call.build
	if err := a.pristine(ctx, b); err != nil {
		return nil, err
	}
	if err := a.clearResults(); err != nil {
		return nil, err
	}
	report := Report{Counts: map[dbt.Status]int{}, Schema: b.schema}
	var run workspace.Run
	var may map[string]string // what it may write, to the relations
	if a.writes() {
		var err error
		if run, may, err = a.begin(); err != nil {
			return nil, err
		}
		report.Run = run.ID
	}
	if a.call.Command.Name == "run-operation" && attempt.Previous.Key == "" {
		attempt.Notef("a macro writes where no check can see: make sure that it stays in schema %s (said once)", b.schema)
	}
	if checked, err := a.checked(a.call); err == nil && slices.ContainsFunc(checked.Nodes, func(n checkedNode) bool { return n.History }) {
		report.History = attempt.Reason.Detail
	}
	exit, err := a.run(ctx, a.argv, a.call.environ, attempt, a.call.Command, a.world.Stdout, a.world.Stderr)
	if err != nil {
		return nil, err
	}
	if a.call.Command.RunResults {
		if err := a.settle(run, may, &report, ctx.Err() == nil && exit.Signal == ""); err != nil {
			return report, errors.Join(a.failure(exit.Code, exit.String(), report), err)
		}
	}
	if !exit.OK() {
		return report, a.failure(exit.Code, exit.String(), report)
	}
	if report.Run == "" {
		report.Manifest = manifestMark(b)
	}
	return report, nil
}

// clearResults removes run results of earlier commands, so that what is there
// afterwards is this run's for sure. A retry reads those of the last run that
// built, which a compile may have overwritten.
func (a *runCommand) clearResults() error {
	b := a.call.build
	results := filepath.Join(b.Target(), "run_results.json")
	if a.call.Command.Name != "retry" {
		if err := os.Remove(results); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	if last, err := readResults(b.Target()); err == nil && last.Built() {
		return nil
	}
	err := workspace.CopyFile(results, filepath.Join(b.State(), "run_results.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return &hintError{
			msg:   fmt.Sprintf("there is no run of %s to retry: dbt left no results of one", b),
			hints: []string{"run it whole: dot build " + b.String()},
		}
	}
	return err
}

// writes reports whether the command writes nodes that the ledger keeps.
func (a *runCommand) writes() bool {
	return slices.ContainsFunc(a.call.Command.Builds, func(kind string) bool { return kind != "test" })
}

// begin marks in the ledger what the command may write, as the check found.
func (a *runCommand) begin() (workspace.Run, map[string]string, error) {
	b := a.call.build
	run := workspace.Run{ID: rand.Text()[:12], Build: b.ID(), Command: a.call.Command.Name, Time: a.world.Now()}
	checked, err := a.checked(a.call)
	if err != nil {
		return run, nil, fmt.Errorf("read what %s may write: %w", a.call.Command.Name, err)
	}
	may := checked.relations()
	return run, may, a.ws.BeginRun(b.place, run, may)
}

// settle reads what dbt says of the run, fills the report and settles the
// ledger. Without run results nothing is known but that dbt failed early: the
// ledger keeps what it may have touched as unknown, unless dbt ended by itself.
func (a *runCommand) settle(run workspace.Run, may map[string]string, report *Report, complete bool) error {
	b := a.call.build
	results, err := readResults(b.Target())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	written, failed := map[string]string{}, map[string]string{}
	for _, r := range results.Results {
		report.Counts[r.Status]++
		if !r.Builds() {
			continue
		}
		switch {
		case r.Status.Wrote():
			written[r.UniqueID] = may[r.UniqueID]
		case !r.Status.Untouched():
			failed[r.UniqueID] = may[r.UniqueID]
		}
	}
	report.Written = len(written)
	if run.ID == "" {
		return nil
	}
	if err == nil && len(written)+len(failed) > 0 {
		if err := a.keepState(&run); err != nil {
			return err
		}
	}
	return a.ws.EndRun(b.place, run, written, failed, complete)
}

// keepState copies the artifacts to where those who defer to the build read
// them.
func (a *runCommand) keepState(run *workspace.Run) error {
	b := a.call.build
	manifest := filepath.Join(b.State(), "manifest.json")
	for _, name := range []string{"run_results.json", "manifest.json"} {
		if err := workspace.CopyFile(filepath.Join(b.State(), name), filepath.Join(b.Target(), name)); err != nil {
			return fmt.Errorf("keep dbt's %s: %w", name, err)
		}
	}
	f, err := os.Open(manifest)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := dbt.ReadManifest(manifest, f, countWritable(&run.Nodes)); err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	run.Manifest = info.Size()
	return nil
}

// failure is the error of a command that failed.
func (a *runCommand) failure(code int, how string, report Report) error {
	if code == 0 {
		return nil
	}
	e := &DBTError{Command: a.call.Command.Name, On: a.call.build.String(), Code: code, How: how}
	if len(report.Counts) > 0 {
		e.How += ": " + report.String()
	}
	e.Hint = "dbt's log is " + filepath.Join(a.call.build.Logs(), "dbt.log")
	return e
}
