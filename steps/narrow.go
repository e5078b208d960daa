package steps

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"dot-for-dbt/compare/code"
	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/dbt/run"
	"dot-for-dbt/internal/durable"
	"dot-for-dbt/internal/hint"
)

// --modified=compiled: dbt's state:modified takes a node if a macro that it calls has changed in any way. dot
// compiles what is modified and leaves out the nodes whose code is certainly the baseline's. In doubt a node
// is taken.

// narrowable are the commands that --modified=compiled is for.
var narrowable = []string{"build", "run", "seed", "snapshot", "test"}

// checkByCompiled returns an error if --modified=compiled doesn't go with the rest of the request.
func (p *planner) checkByCompiled(given arguments) error {
	if !slices.Contains(narrowable, p.req.Command.Name) {
		return hint.New("--modified=compiled is not for dot "+p.req.Command.Name, "it is for "+listNames(narrowable), "leave the value out: --modified")
	}
	if o, ok := dbt.Lookup(given.Options, "exclude"); ok {
		for _, method := range []string{"state:", "result:"} {
			if strings.Contains(strings.Join(o.Values, " "), method) {
				return hint.New("--modified=compiled and --exclude "+method+"… can't be combined: dot decides what is modified", "leave the value out: --modified")
			}
		}
	}
	return nil
}

// refuseByCompiled returns an error if a job can't select by compiled code.
func refuseByCompiled(job *job) error {
	switch {
	case job.build == nil:
		return hint.New("--modified=compiled needs a build, and the working tree is none", "name one: "+job.env.Name+"@HEAD")
	case job.inPlace():
		return hint.New("--modified=compiled is not for the schema of a working tree", "give it a schema for these files alone: --own-schema", "or leave the value out: --modified")
	}
	return nil
}

// compileState is the directory of the state that selects what is compiled.
func (job *job) compileState() string {
	return filepath.Join(job.build.Dir(), "compile", job.build.place.ID())
}

// compileCall is a dbt compile that may not ask the warehouse. If one of the modified nodes asks it after all,
// dbt 1 fails as a whole, and nothing is known.
func (a *checkIsolation) compileCall() run.Call {
	job := a.job
	compile := job.command("compile")
	keep := func(options []dbt.Option, drop ...string) []dbt.Option {
		return slices.DeleteFunc(slices.Clone(options), func(o dbt.Option) bool { return slices.Contains(drop, o.Flag) || !compile.Takes(o.Flag) })
	}
	deferral := []string{"state", "defer-state", "defer", "favor-state", "log-path"}
	line := job.CommandLine
	line.Command = compile
	line.Fixed = append(keep(line.Fixed, deferral...),
		dbt.NewOption("state", job.compileState()),
		dbt.NewOption("log-path", filepath.Join(job.build.Dir(), "compile", "logs")),
		dbt.Option{Flag: "defer", Negated: true},
		dbt.Option{Flag: "populate-cache", Negated: true},
	)
	if !job.tool.V2() { // where it changes each node's configuration (2.0.0-alpha.4)
		line.Fixed = append(line.Fixed, dbt.Option{Flag: "introspect", Negated: true})
	}
	line.Options = append(keep(line.Options, slices.Concat(selections, deferral)...), dbt.NewOption("select", "state:modified"))
	line.Environment = keep(line.Environment, slices.Concat(selections, deferral, []string{"fail-fast"})...)
	line.Positional = nil
	isolated := a.isolate(job, line)
	line.Environment = append(line.Environment, isolated.Overrule...)
	return a.runtime.dbtCall(job, line.Argv(), job.exported(isolated.Env))
}

// narrow compiles the nodes in changes. It removes the nodes that compile to the baseline's code from changes,
// and returns them. Afterwards the target path has the manifest of the job's commit.
func (a *checkIsolation) narrow(ctx context.Context, attempt *graph.Attempt, below standing, changes map[string][]string) (same []string, err error) {
	b := a.job.build
	candidate := (&Layer{
		Suffix: b.Commit.Short, Manifest: filepath.Join(b.Target(), "manifest.json"),
		repo: a.repo, project: b.Project, commit: b.Commit.Hash,
	}).code(ctx)
	provable, err := code.Provable(candidate)
	if err != nil {
		return nil, err
	}
	may := map[string][]string{}
	for id, why := range changes {
		if provable[id] && mayBeSame(why) {
			may[id] = why
		}
	}
	if len(may) == 0 {
		return nil, nil
	}
	if err := MarkChanged(a.job.compileState(), b.Target(), may); err != nil {
		return nil, fmt.Errorf("write dbt's --state to compile: %w", err)
	}
	// --resume reads the results of the build's last run.
	results := filepath.Join(b.Target(), "run_results.json")
	had, err := os.ReadFile(results)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var said bytes.Buffer
	call := a.compileCall()
	call.Stdout, call.Stderr = &said, &said
	exit, err := a.runDBT(ctx, attempt, call)
	if had != nil {
		err = errors.Join(err, durable.Write(results, had, 0o600))
	} else {
		err = errors.Join(err, removeFile(results))
	}
	switch {
	case err != nil:
		return nil, err
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	}
	baseline := Side{}
	a.resolveSide(&baseline, below)
	proven, why, err := code.Proven(baseline.Code(ctx), candidate)
	if err != nil {
		return nil, fmt.Errorf("compare what %s compiles to: %w", b, err)
	}
	if len(why) > 0 {
		attempt.Notef("all that is modified is taken, since this concerns each node: %s", strings.Join(why, "; "))
	}
	for _, id := range slices.Sorted(maps.Keys(may)) {
		if proven[id] {
			same = append(same, id)
			delete(changes, id)
		}
	}
	if len(same) == 0 && len(why) == 0 && !exit.OK() {
		attempt.Notef("what is modified could not be compiled without the warehouse, so all of it is taken (dbt compile: %s; %s)", exit, lastLine(said.String()))
	}
	return same, nil
}

// mayBeSame reports whether compiled code can prove that a node with these changes is the same. Compiled code
// shows what macros and vars do. It doesn't show rows and files.
func mayBeSame(why []string) bool {
	return !slices.ContainsFunc(why, func(reason string) bool {
		macro := strings.HasPrefix(reason, "macro ") && !strings.Contains(reason, ", which dbt builds with")
		return !macro && !strings.HasPrefix(reason, "var ") && !slices.Contains([]string{byDBT, "SQL"}, reason)
	})
}
