package steps

import (
	"context"
	"slices"

	"dot-for-dbt/config"
	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/dbt/profile"
	"dot-for-dbt/internal/dbt/run"
	"dot-for-dbt/internal/dbt/tool"
)

// RunsDBT is an action that runs dbt commands.
type RunsDBT interface {
	// DBTCalls returns the commands, without their streams and locks.
	DBTCalls() []run.Call
}

// End ends the hosts of the program's dbt commands, after the graph has run, unless the world has a
// launcher for more programs. It says how each dbt ran, and why.
func (p *Program) End() (ways []string) {
	if p.runtime.world.Launcher == nil {
		p.runtime.launcher.Close()
	}
	return p.runtime.launcher.Ways()
}

// Expect prepares the launcher for the dbt commands to come. The caller passes each
// event of the graph's run; all decisions come before any step starts.
func (p *Program) Expect(ctx context.Context, e graph.Event) {
	lasting := p.runtime.world.Launcher != nil
	if e.Kind != graph.Decided || !e.Planned.Decision.Run && !lasting {
		return
	}
	if p.runtime.ws != nil {
		p.runtime.plugin.Do(func() { // before Python looks for it; without it there are no comments
			_ = p.runtime.ws.WritePlugin(run.PluginFile, run.Plugin)
		})
	}
	commands := 1
	if lasting { // the next program has the same ones: a host is worth its start
		commands = 2
	}
	if action, ok := e.Planned.Step.Action.(RunsDBT); ok {
		for _, call := range action.DBTCalls() {
			if !call.Interactive {
				p.runtime.launcher.Expect(ctx, commands, call.Hosting, call.Env)
			}
		}
	}
}

// dbtCall returns the call of a dbt command line for a job or one of its earlier
// steps.
func (d *dbts) dbtCall(job *job, argv, environ []string) run.Call {
	hosting := Hosting(d.world, job.env, job.output, job.tool)
	if d.noHost {
		hosting.Mode, hosting.Off = run.HostOff, "--no-dbt-host"
	}
	call := run.Call{Argv: argv, Dir: d.workDir(job), Env: environ, V2: job.tool.V2(), Hosting: hosting}
	d.comment(&call, job, "")
	return call
}

// comment makes dbt name the build and the run in its comment on each query. dbt 2's comment can't be
// changed from outside of the project; on PostgreSQL its sessions have such a name.
func (d *dbts) comment(call *run.Call, job *job, id string) {
	if d.ws == nil || job.build == nil || job.tool.Cloud {
		return
	}
	said := run.Comment{Build: job.build.ID(), Run: id}
	switch {
	case !call.V2:
		if d.ws.HasPlugin(run.PluginFile, run.Plugin) {
			call.Env = said.Env(call.Env, d.ws.PluginDir())
		}
	case job.build.output.Adapter == "postgres":
		if own, _ := d.world.Getenv("PGAPPNAME"); own == "" {
			call.Env = append(slices.Clip(call.Env), "PGAPPNAME="+said.Session())
		}
	}
}

// listCall returns the call of a dbt list, the List of a line of a job.
func (d *dbts) listCall(job *job, line dbt.CommandLine) run.Call {
	isolated := d.isolate(job, line)
	line.Environment = append(slices.Clip(line.Environment), isolated.Overrule...)
	return d.dbtCall(job, line.Argv(), append(job.exported(isolated.Env), dbt.ListLog(isolated.Env)...))
}

// workDir returns the working directory of a job's dbt. A build's dbt runs in the
// project directory of its worktree: the relative paths in its models lead to files of the
// commit. A program that starts dbt stays in the user's, where it finds its own settings;
// so does a dbt that loads a .env there (since 1.12) and wouldn't find it from the
// worktree. A .env of the commit is the commit's.
func (h *home) workDir(job *job) string {
	if job.build == nil || !job.build.moves || !job.tool.Itself {
		return h.project
	}
	disabled, _ := h.world.Getenv("PYTHON_DOTENV_DISABLED")
	users := dbt.DotEnvFile(job.tool.Version, disabled, h.project)
	found := dbt.DotEnvFile(job.tool.Version, disabled, job.build.ProjectDir())
	if users != "" && users != found && !inside(job.build.Commit.Worktree(), found) {
		return h.project
	}
	return job.build.ProjectDir()
}

// Hosting returns the settings that decide whether an environment's dbt runs in a
// host. output is nil if the profile can't be read.
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
