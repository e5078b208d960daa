package steps

import (
	"context"

	"dot-for-dbt/config"
	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt/profile"
	"dot-for-dbt/internal/dbt/run"
	"dot-for-dbt/internal/dbt/tool"
)

// RunsDBT is an action that runs dbt commands.
type RunsDBT interface {
	// DBTCalls are the commands, but for their streams and locks.
	DBTCalls() []run.Call
}

// End ends what the program's dbt commands ran in, after the graph was run, and
// says how each dbt ran, and why so.
func (p *Program) End() (ways []string) {
	p.runtime.launcher.Close()
	return p.runtime.launcher.Ways()
}

// Expect tells the runner what is to come: it has to see each event of the
// graph's run. All decisions come before any step begins.
func (p *Program) Expect(ctx context.Context, e graph.Event) {
	if e.Kind != graph.Decided || !e.Planned.Decision.Run {
		return
	}
	if action, ok := e.Planned.Step.Action.(RunsDBT); ok {
		for _, call := range action.DBTCalls() {
			if !call.Interactive {
				p.runtime.launcher.Expect(ctx, 1, call.Hosting, call.Env)
			}
		}
	}
}

// dbtCall is a dbt command line for a job, or for what the job needs first.
func (rt *runtime) dbtCall(job *job, argv, environ []string) run.Call {
	hosting := Hosting(rt.world, job.env, job.output, job.tool)
	if rt.noHost {
		hosting.Mode, hosting.Off = run.HostOff, "--no-dbt-host"
	}
	return run.Call{Argv: argv, Dir: rt.project, Env: environ, Hosting: hosting}
}

// Hosting is what decides whether the dbt of an environment runs in a host;
// output is nil where it can't be read.
func Hosting(world World, env config.Environment, output *profile.Output, found tool.Tool) run.Hosting {
	h := run.Hosting{Tool: found}
	if output != nil {
		h.Adapter = output.Adapter
	}
	switch setting, _ := world.Getenv("DOT_DBT_HOST"); {
	case setting == "on":
		h.Mode = run.HostOn
	case setting != "":
		h.Mode, h.Off = run.HostOff, "DOT_DBT_HOST="+setting
	case env.Dot.DBTHost != nil && *env.Dot.DBTHost:
		h.Mode = run.HostOn
	case env.Dot.DBTHost != nil:
		h.Mode, h.Off = run.HostOff, "dot: {dbt-host: false}"
	}
	return h
}
