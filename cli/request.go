package cli

import (
	"cmp"
	"fmt"

	"dot-for-dbt/config"
	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/hint"
	"dot-for-dbt/spec"
	"dot-for-dbt/steps"
)

// request makes the request for a dbt command on specs.
func (a *app) request(line *commandLine, name string, specs []string) (steps.Request, error) {
	req := steps.Request{
		Store: line.Store, Modified: line.Modified != "", ByCompiled: line.Modified == modifiedByCompiled, CloneIncremental: line.CloneIncremental, NoDeps: line.NoDeps, OwnSchema: line.OwnSchema, Isolated: line.Isolated, Force: line.Force, Resume: line.Resume, Report: line.Log != autoLog, ResetWorktree: line.ResetWorktree,
		NoDBTHost: line.NoDBTHost, CheckWarehouse: line.CheckWarehouse, Yes: line.Yes,
		Args: append(line.passedOn(), line.forDBT...),
	}
	if line.Jobs != nil && *line.Jobs < 1 {
		return req, fmt.Errorf("--jobs %d: expected %s", *line.Jobs, ranges["jobs"])
	}
	var ok bool
	if req.Command, ok = dbt.LookupCommand(name); !ok {
		return req, fmt.Errorf("dbt has no command %q", name)
	}
	var err error
	if req.Specs, err = a.specs(specs, line.Specs); err != nil {
		return req, err
	}
	if line.Reuse != "" {
		switch {
		case line.Defer != "":
			return req, hint.New("--reuse and --defer can't be combined: each names the baseline", "leave --defer out")
		case line.Modified == modifiedByDBT:
			return req, hint.New("--reuse selects what differs by itself", "leave --modified out")
		}
		req.Reuse, req.Modified = true, true
	}
	if baseline := cmp.Or(line.Defer, line.Reuse); baseline != "" {
		s, err := spec.ParseBaseline(baseline)
		if err != nil {
			return req, err
		}
		req.Baseline = &s
	}
	if req.At = line.At; line.At != "" && (req.Baseline == nil || req.Baseline.Isolated()) {
		return req, notElsewhere
	}
	if line.MaxAge != "" {
		age, err := config.ParseAge(line.MaxAge)
		if err != nil {
			return req, fmt.Errorf("--max-age: %w", err)
		}
		req.MaxAge = &age
	}
	return req, nil
}

// notElsewhere is the error for --at without artifacts.
var notElsewhere = hint.New("--at names the commit of artifacts that dbt left elsewhere, and no baseline is such",
	"leave it out: the ref of env@ref is the commit")

// passedOn returns the flags that dot takes before "--" and passes to dbt.
func (f flags) passedOn() []string {
	var args []string
	for _, s := range f.Select {
		args = append(args, "--select", s)
	}
	for _, s := range f.Exclude {
		args = append(args, "--exclude", s)
	}
	for _, flag := range [][2]string{{"--selector", f.Selector}, {"--vars", f.Vars}, {"--threads", f.Threads}} {
		if flag[1] != "" {
			args = append(args, flag[0], flag[1])
		}
	}
	if f.FullRefresh {
		args = append(args, "--full-refresh")
	}
	return args
}
