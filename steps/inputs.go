package steps

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"dot-for-dbt/config"
	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/dbt/tool"
)

// inputs returns the inputs of a dbt step: the commit, the project, the environment,
// the output's fields without secrets, flags, vars, arguments, versions, and the values
// of the environment variables that the project and the output read. lateInputs adds
// those that steps below produce.
func (p *planner) inputs(job *job) ([]graph.Input, error) {
	b := job.build
	vars, err := p.varsOf(job.env)
	if err != nil {
		return nil, err
	}
	state, err := stateInputs(job.asked)
	if err != nil {
		return nil, err
	}
	versions, read := job.versions(b.output.Adapter), p.envInputs(job, job.env, job.keyVars.Names)
	in := slices.Concat(
		[]graph.Input{
			{Label: "commit", Value: b.Commit.Hash},
			{Label: "project", Value: b.Project},
			{Label: "environment", Value: b.env.Name},
			{Label: "schema suffix", Value: b.suffix, Show: b.suffix},
			{Label: "target-name", Value: b.env.Dot.TargetName},
		},
		versions,
		p.factsOf(b.output).inputs,
		vars.inputs,
		optionInputs(job.asked),
		state,
		read,
	)
	graph.Digest(in) // for the check and the command
	job.codeInputs = slices.Concat([]graph.Input{{Label: "target", Value: b.targetName()}}, versions, p.factsOf(b.output).inputs, vars.inputs, read)
	return in, nil
}

// lateInputs returns the inputs that steps below produce: the versions in a toolchain,
// the resolved packages, the environment variables that packages and submodules read,
// and the nodes of the baseline. Another command has made the compiled code.
func (rt *runtime) lateInputs(job *job) func(context.Context) ([]graph.Input, error) {
	return func(context.Context) ([]graph.Input, error) {
		in := rt.lateCheckInputs(job)
		if job.Command.Name == "docs generate" { // its catalog describes the relations
			built := "not known" // then the step runs, see overwritten
			s, err := rt.ledgerOf(job.build.Build, job.build.place)
			if err == nil || errors.Is(err, fs.ErrNotExist) {
				built = s.Identity()
			}
			in = append(in, graph.Input{Label: "what was built", Value: built})
		}
		if job.baseline != nil {
			input, err := rt.baselineInput(job)
			if err != nil {
				return nil, err
			}
			in = append(in, input)
		}
		if input, ok := rt.reusedInput(job); ok {
			in = append(in, input)
		}
		return append(in, rt.compiledInput(job)...), nil
	}
}

// lateCheckInputs returns the late inputs that a job's check has, too: those that don't
// depend on the check's outputs.
func (rt *runtime) lateCheckInputs(job *job) []graph.Input {
	in := rt.lateVersions(job, job.build.output.Adapter)
	installed, ok := rt.installed(job.build)
	if ok {
		in = append(in, graph.Input{Label: "packages", Value: installed.Lock})
	}
	names := slices.Concat(installed.EnvVars, rt.submoduleReads(job.build).Names)
	names = slices.DeleteFunc(names, func(name string) bool {
		return slices.Contains(job.keyVars.Names, name) || slices.Contains(job.env.Dot.Env, name)
	})
	others := config.Environment{Dot: config.Settings{IgnoreEnv: job.env.Dot.IgnoreEnv}}
	return append(in, rt.envInputs(job, others, names)...)
}

// versions returns the inputs for the versions of dbt and the adapter. With a
// toolchain, they are late inputs.
func (job *job) versions(adapter string) []graph.Input {
	if job.toolchain != nil {
		return nil
	}
	return versionInputs(job.tool, adapter)
}

// lateVersions returns the inputs for the versions in a toolchain.
func (h *home) lateVersions(job *job, adapter string) []graph.Input {
	if job.toolchain == nil {
		return nil
	}
	pythonPath, _ := h.world.Getenv("PYTHONPATH")
	release, ok := tool.Installed(job.toolchain.program(), filepath.SplitList(pythonPath))
	if !ok { // dbt 2: the toolchain's own key stands for it
		release.Version = "of the toolchain"
	}
	return versionInputs(tool.Tool{Release: release}, adapter)
}

// versionInputs returns the inputs for dbt and the adapter. A version that isn't known
// yet differs from all versions in records.
func versionInputs(found tool.Tool, adapter string) []graph.Input {
	version := func(label, v string) graph.Input {
		if v == "" {
			v = "not known yet"
		}
		return graph.Input{Label: label, Value: v, Show: v}
	}
	in := []graph.Input{version("dbt", found.Version)}
	if v, ok := found.Adapters[adapter]; ok {
		in = append(in, version("dbt-"+adapter, v))
	}
	return in
}

func varInputs(vars map[string]any) ([]graph.Input, error) {
	var in []graph.Input
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		// The value has the form that dbt gets, so that 1 and "1" differ.
		option, err := dbt.VarsOption(map[string]any{name: vars[name]})
		if err != nil {
			return nil, err
		}
		in = append(in, graph.Input{Label: varLabel + name, Value: option.Values[0]})
	}
	return in, nil
}

// covered are the options that other inputs cover.
var covered = []string{"project-dir", "profiles-dir", "target-path", "log-path", "target", "vars", "defer", "favor-state", "state", "defer-state", "write-json"}

func optionInputs(line dbt.CommandLine) []graph.Input {
	var in []graph.Input
	var unknown []string // options that dot doesn't know; they may repeat
	for _, o := range line.AllOptions() {
		switch {
		case o.Flag == "":
			unknown = append(unknown, o.Words()...)
		case !slices.Contains(covered, o.Flag):
			in = append(in, graph.Input{Label: "--" + o.Flag, Value: fmt.Sprintf("%t %q", o.Negated, o.Values), Show: strings.Join(o.Values, " ")})
		}
	}
	if rest := append(unknown, line.Positional...); len(rest) > 0 {
		in = append(in, graph.Input{Label: "arguments", Value: fmt.Sprintf("%q", rest)})
	}
	return in
}

// envInputs returns inputs for the values of environment variables that the job's dbt
// sees, as digests under the workspace's key.
// It leaves out variables that the environment ignores.
func (h *home) envInputs(job *job, env config.Environment, names []string) []graph.Input {
	var in []graph.Input
	names = slices.Concat(names, env.Dot.Env)
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		if slices.Contains(env.Dot.IgnoreEnv, name) {
			continue
		}
		value, set := h.world.Getenv(name)
		if !set {
			value, set = job.build.dotEnv.Identity(name)
		}
		if set {
			value = "=" + value
		}
		in = append(in, graph.Input{Label: "env_var " + name, Value: h.ws.Digest(value)})
	}
	return in
}

// stateFiles are the files that dbt reads in the directory of --state or --defer-state.
var stateFiles = []string{"manifest.json", "run_results.json", "sources.json"}

// stateInputs returns inputs for the content of the directories that the user or the
// environment names as --state and --defer-state. A baseline has inputs of its own.
func stateInputs(line dbt.CommandLine) ([]graph.Input, error) {
	var in []graph.Input
	for _, flag := range []string{"state", "defer-state"} {
		option, given := dbt.Lookup(line.Options, flag)
		if !given {
			option, given = dbt.Lookup(line.Environment, flag)
		}
		if !given || len(option.Values) == 0 {
			continue
		}
		for _, name := range stateFiles {
			text, err := readFile(filepath.Join(option.Values[0], name))
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				return nil, fmt.Errorf("read --%s: %w", flag, err)
			}
			in = append(in, graph.Input{Label: "--" + flag + ": " + name, Value: digest(text)})
		}
	}
	return in, nil
}
