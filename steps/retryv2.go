package steps

import (
	"encoding/json"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/dbt/profile"
	"dot-for-dbt/internal/durable"
	"dot-for-dbt/internal/hint"
)

// dbt 2's retry takes only the command and the nodes from the run results, not the vars, --empty or
// (2.0.0-alpha.4) --full-refresh, and a selection is intersected with the nodes. So dot continues dbt
// 2's runs by the command itself, with a selection that is exactly the nodes that are left: those that
// run results of dot's name.

// leftNodes selects the nodes of such run results.
const leftNodes = "result:" + string(artifact.StatusSkipped)

// continuing returns a line of dbt 2 for the nodes that are left, instead of its own selection.
func (job *job) continuing(line dbt.CommandLine) dbt.CommandLine {
	state, stated := line.Lookup("state")
	deferring, said := line.Lookup("defer")
	_, elsewhere := line.Lookup("defer-state")
	without := func(options []dbt.Option) []dbt.Option {
		return slices.DeleteFunc(slices.Clone(options), func(o dbt.Option) bool {
			return o.Flag == "state" || slices.Contains(selections, o.Flag)
		})
	}
	line.Fixed, line.Environment, line.Options = without(line.Fixed), without(line.Environment), without(line.Options)
	set := func(flag string, values ...string) { line.Fixed = append(line.Fixed, dbt.NewOption(flag, values...)) }
	set("select", leftNodes)
	set("indirect-selection", "empty")
	set("state", job.resumeDir())
	switch {
	case !said: // dbt 2 would defer to the state
		line.Fixed = append(line.Fixed, dbt.Option{Flag: "defer", Negated: true})
	case !deferring.Negated && !elsewhere && stated:
		set("defer-state", state.Values...)
	}
	return line
}

// writeLeft writes the run results that name the nodes that are left.
func (a *runCommand) writeLeft(left []string) error {
	results := []json.RawMessage{}
	for _, id := range left {
		results = append(results, artifact.SkippedResult(id))
	}
	data, err := artifact.WriteResults(a.job.tool.Version, a.world.Now(), map[string]any{"which": a.job.Command.Name}, results)
	if err != nil {
		return err
	}
	return durable.Write(filepath.Join(a.job.resumeDir(), "run_results.json"), data, 0o600)
}

// retaken are the flags that a retry takes over from the run.
var retaken = []string{
	"empty", "event-time-end", "event-time-start", "fail-fast", "full-refresh", "sample", "store-failures",
	"warn-error", "warn-error-options",
}

// keptArgs returns the arguments that dbt 2's run results lack, as dbt 1 writes them.
func keptArgs(line dbt.CommandLine) (map[string]any, error) {
	args := map[string]any{"defer": false, "empty": false, "full_refresh": false}
	for _, o := range line.AllOptions() {
		if name, value, ok := retryArg(o); ok {
			args[name] = value
		}
	}
	if o, ok := line.Lookup("vars"); ok {
		vars, err := profile.ParseVars(o.Values[0])
		if err != nil {
			return nil, err
		}
		args["vars"] = vars
	}
	return args, nil
}

// retriesV2 reports whether the command is a retry with dbt 2.
func (a *runCommand) retriesV2() bool { return a.job.Command.Name == "retry" && a.job.tool.V2() }

// retryV2 sets the command line of a run that retries the build's last one.
func (a *runCommand) retryV2(run *startedRun) error {
	last, err := readResults(a.job.build.Target())
	if err != nil {
		return err
	}
	line, err := a.job.retriedLine(last)
	if err != nil {
		return err
	}
	isolated := a.isolate(a.job, line) // it has other variables than retry
	line.Environment = slices.Concat(line.Environment, isolated.Overrule)
	run.line, run.environ = line, a.job.exported(isolated.Env)
	return nil
}

// retriedLine returns the line that does what dbt retry would do after a run: the run's own command,
// with its vars and flags, for the nodes that are left. The user's words and today's deferral win.
func (job *job) retriedLine(last artifact.RunResults) (dbt.CommandLine, error) {
	command, ok := dbt.LookupCommand(last.Args.Which)
	if !ok || !command.Retried() || len(command.Builds) == 0 {
		return dbt.CommandLine{}, hint.New(
			"dbt "+job.tool.Version+" can't retry "+last.Args.Which, "run it again: dot "+last.Args.Which+" "+job.build.String())
	}
	line := job.CommandLine
	line.Command = command.In(job.tool.Version)
	takes := func(options []dbt.Option) []dbt.Option {
		return slices.DeleteFunc(slices.Clone(options), func(o dbt.Option) bool { return o.Flag != "" && !line.Command.Takes(o.Flag) })
	}
	line.Fixed, line.Environment = takes(line.Fixed), takes(line.Environment)
	for _, flag := range retaken {
		value, said := last.Args.All[strings.ReplaceAll(flag, "-", "_")]
		if value == nil || value == false || !said {
			continue
		}
		option, ok, err := line.Command.Setting(flag, value)
		if err != nil {
			return dbt.CommandLine{}, err
		}
		if ok {
			line.Fixed = append(line.Fixed, option)
		}
	}
	line, err := job.withVars(line, last)
	if err != nil {
		return dbt.CommandLine{}, err
	}
	return job.continuing(line), nil
}

// withVars returns a line with the vars of a run that it retries: those that were given then, or are given
// now, win over the environment's.
func (job *job) withVars(line dbt.CommandLine, last artifact.RunResults) (dbt.CommandLine, error) {
	was, _ := last.Args.All["vars"].(map[string]any)
	if len(was) == 0 {
		return line, nil
	}
	vars := map[string]any{}
	maps.Copy(vars, job.env.Vars)
	maps.Copy(vars, was)
	maps.Copy(vars, job.given.Vars)
	option, err := dbt.VarsOption(vars)
	if err != nil {
		return dbt.CommandLine{}, err
	}
	line.Fixed = slices.DeleteFunc(slices.Clone(line.Fixed), func(o dbt.Option) bool { return o.Flag == "vars" })
	line.Fixed = append(line.Fixed, option)
	return line, nil
}
