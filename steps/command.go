package steps

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"dot-for-dbt/config"
	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt"
)

// defaultMaxAge is the age at which a build that is up to date is made again.
const defaultMaxAge = 12 * time.Hour

// commandStep runs the dbt command on a build.
func (c *compiler) commandStep(job *job, inputs []graph.Input, below []string) *graph.Step {
	b, always := job.build, c.unskippable(job)
	step := &graph.Step{
		Name: job.step(), Kind: job.Command.Name, Version: 1,
		Deps: below, Inputs: inputs, Late: c.lateInputs(job),
		Record: b.Record(job.slot),
		Always: always, MaxAge: c.maxAge(job.env), Force: c.req.Force,
		Overwritten: func(r graph.Record) string { return c.overwritten(job, r) },
		Missing: func(context.Context, graph.Record) string {
			if b.duckdb != "" && len(job.Command.Builds) > 0 {
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
			if len(job.Command.Builds) > 0 {
				done = "built"
			}
			done += " " + c.ago(r.Finished)
			if len(report.Counts) > 0 {
				done += fmt.Sprintf(" (%s)", report)
			}
			return fmt.Sprintf("same inputs, %s; warehouse and sources not looked at; --force reruns", done)
		},
		Detail: func(r graph.Record) string {
			detail := c.history(job)
			if r.Key == "" && detail == "" && always == "" && job.slot != slot(job.Command, arguments{}) {
				return "with this selection"
			}
			return detail
		},
		Locks: []graph.Lock{b.buildLock()},
		Pools: c.pools(job),
	}
	if job.Command.OpensAdapter {
		step.Locks = append(step.Locks, b.warehouseLocks(len(job.Command.Builds) == 0)...)
	}
	step.Action = &runCommand{compiler: c, job: job, argv: job.Argv(), retry: c.retryLine(job)}
	return step
}

// unskippable says why a dbt step of the job is never skipped, "" if it may be.
func (c *compiler) unskippable(job *job) string {
	_, selected := dbt.Lookup(job.Options, "select")
	_, selector := dbt.Lookup(job.Options, "selector")
	switch reuse := job.Command.Reuse; {
	case reuse == dbt.ReuseNever, reuse == dbt.ReuseUnselected && (selected || selector):
		return "dbt " + job.Command.Name + " always runs"
	}
	if age := c.age(job.env); !age.Never && age.Limit == 0 {
		return "max-age is 0"
	}
	return c.undeclared(job)
}

// undeclared says where the project, its packages and submodules or the output
// reads an environment variable whose name only dbt can tell, unless the environment
// declares what is read.
func (c *compiler) undeclared(job *job) string {
	installed, _ := c.installed(job.build)
	if at := slices.Concat(job.keyVars.Computed, installed.Computed, c.submoduleReads(job.build).Computed); len(at) > 0 && job.env.Dot.Env == nil {
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
func (c *compiler) overwritten(job *job, r graph.Record) string {
	report, err := ParseReport(r)
	if err != nil {
		return "record is not whole"
	}
	if report.Run == "" {
		if report.Manifest != manifestMark(job.build) {
			return "the target path was written since"
		}
		return ""
	}
	if report.Written == 0 {
		return "the last run wrote nothing"
	}
	ledger, err := c.ws.Ledger(job.build.place)
	if err != nil {
		return "what is in the schema is not known: " + err.Error()
	}
	return ledger.OverwrittenBy(job.build.ID(), report.Run, report.Written)
}

// history says what incremental models and snapshots of the job are built on:
// from scratch in a schema that nobody has written to yet, else on top of what
// is there.
func (c *compiler) history(job *job) string {
	if !slices.ContainsFunc(job.Command.Builds, func(kind string) bool { return kind == "model" || kind == "snapshot" }) {
		return ""
	}
	ledger, err := c.ws.Ledger(job.build.place)
	if err != nil {
		return ""
	}
	last := ledger.LastRun()
	if last.ID == "" {
		adopted, ok := c.adoptable(job.build)
		if !ok {
			return "from scratch"
		}
		last = adopted.Run
	}
	checked, err := c.checked(job)
	switch {
	case err == nil && !checked.history():
		return ""
	case last.Build != job.build.ID():
		return "on top of what " + last.Build + " built " + c.ago(last.Time)
	}
	return "on top of the build of " + c.ago(last.Time)
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

// lateInputs are the inputs that the steps below make: the versions in a
// toolchain, which packages were resolved, what they and submodules read from
// the environment, and what the baseline is.
func (c *compiler) lateInputs(job *job) func(context.Context) ([]graph.Input, error) {
	return func(ctx context.Context) ([]graph.Input, error) {
		in := c.lateVersions(job.build, job.build.output.Adapter)
		installed, ok := c.installed(job.build)
		if ok {
			in = append(in, graph.Input{Label: "packages", Value: installed.Lock})
		}
		names := slices.Concat(installed.EnvVars, c.submoduleReads(job.build).Names)
		names = slices.DeleteFunc(names, func(name string) bool {
			return slices.Contains(job.keyVars.Names, name) || slices.Contains(job.env.Dot.Env, name)
		})
		others := config.Environment{Dot: config.Settings{IgnoreEnv: job.env.Dot.IgnoreEnv}}
		in = append(in, c.envInputs(others, names)...)
		if job.Command.Name == "docs generate" { // its catalog is of what was built
			ledger, err := c.ws.Ledger(job.build.place)
			if err != nil {
				return nil, err
			}
			standing, _ := ledger.Standing(job.build.ID())
			in = append(in, graph.Input{Label: "what was built", Value: standing.Identity()})
		}
		if job.baseline != nil {
			input, err := c.baselineInput(ctx, job.baseline)
			if err != nil {
				return nil, err
			}
			in = append(in, input)
		}
		return in, nil
	}
}
