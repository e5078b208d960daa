package steps

import (
	"cmp"
	"encoding/json"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/durable"
	"dot-for-dbt/internal/workspace"
)

// --resume continues a stopped run: completed nodes stay, and dbt retry runs the
// rest (with dbt 2: see retryv2.go). dbt retry reads the nodes and most flags from a run_results.json. dot writes
// this file with exactly the remaining nodes: the stopped run's own file may be old,
// or may lack nodes that the run did not reach.

// resumable lists the commands that dbt can retry and whose nodes stay.
var resumable = []string{"build", "run", "seed", "snapshot", "test"}

// resumeDir is the directory of the run results that dbt retry reads.
func (job *job) resumeDir() string { return filepath.Join(job.build.Dir(), "resume") }

// retryLine returns the command line for --resume, a dbt retry with dbt 1; nil if the command can't be
// resumed.
func retryLine(job *job) []string {
	if !slices.Contains(resumable, job.Command.Name) {
		return nil
	}
	if job.tool.V2() {
		return job.continuing(job.CommandLine).Argv()
	}
	retry, _ := dbt.LookupCommand("retry")
	line := dbt.CommandLine{DBT: job.DBT, Command: retry.In(job.tool.Version)}
	for _, o := range job.AllOptions() {
		taken := slices.Contains([]string{"state", "full-refresh"}, o.Flag)
		if o.Flag != "" && !taken && line.Command.Takes(o.Flag) {
			line.Fixed = append(line.Fixed, o)
		}
	}
	line.Fixed = append(line.Fixed, dbt.NewOption("state", job.resumeDir()))
	return line.Argv()
}

// An unfinished is a stopped run that can be continued. The zero value is none.
type unfinished struct {
	report   Report
	run      string                     // its ID in the ledger
	statuses map[string]artifact.Status // the nodes in dbt's run results
	raw      map[string]json.RawMessage // their results as dbt wrote them
	batches  map[string]bool            // the microbatch models that dbt retry runs in part
}

// exists reports whether there is such a run.
func (u unfinished) exists() bool { return u.statuses != nil }

// Resumable reports whether --resume continues the run of a step that left the record.
func Resumable(step *graph.Step, r graph.Record) bool {
	a, ok := step.Action.(*runCommand)
	if !ok || retryLine(a.job) == nil {
		return false
	}
	_, ok = a.stoppedRun(r)
	return ok
}

// LeftOut reports whether --resume continues the run of a step that left the record, and
// leaves out nodes that are done.
func LeftOut(step *graph.Step, r graph.Record) bool {
	report, err := ParseReport(r)
	return err == nil && report.done() > 0 && Resumable(step, r)
}

// unfinishedRun returns the run of a record if --resume is to continue it: it stopped and
// has the same key.
func (a *runCommand) unfinishedRun(r graph.Record, key graph.Key) (unfinished, bool) {
	if a.job.retry == nil || key == "" || r.Key != key {
		return unfinished{}, false
	}
	return a.stoppedRun(r)
}

// stoppedRun returns the run of a record if the run stopped.
// ok is false after a failed hook, since dbt retry would not run the hook again.
func (a *runCommand) stoppedRun(r graph.Record) (unfinished, bool) {
	if r.State != graph.Failed && r.State != graph.Stopped && r.State != graph.Started {
		return unfinished{}, false
	}
	u := unfinished{statuses: map[string]artifact.Status{}, raw: map[string]json.RawMessage{}, batches: map[string]bool{}}
	if report, err := ParseReport(r); err == nil {
		u.report, u.run = report, report.Run
	} else if r.State != graph.Started {
		return unfinished{}, false
	}
	b := a.job.build
	s, err := a.ledgerOf(b.Build, b.place)
	switch {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return unfinished{}, false
	case err == nil:
		last := s.Run.ID
		if s.Open != nil { // killed
			last = s.Open.ID
		}
		if u.run == "" { // the killed run has no report
			u.run = last
		}
		if u.run != last { // another run has written to the build since
			return unfinished{}, false
		}
	}
	if u.report.Invocation == "" {
		return u, true
	}
	raw, err := artifact.RawResults(filepath.Join(b.Target(), "run_results.json"))
	if err != nil || raw.Metadata.InvocationID != u.report.Invocation {
		return u, true
	}
	for i, result := range raw.Results {
		if result.Status.Failed() && strings.HasPrefix(result.UniqueID, "operation.") {
			return unfinished{}, false
		}
		u.statuses[result.UniqueID], u.raw[result.UniqueID] = result.Status, raw.Raw[i]
		u.batches[result.UniqueID] = result.Batches.InPart()
	}
	return u, true
}

// continued returns the run that this attempt continues, if there is one, and the
// nodes that are left to run, sorted. If only on-run-end hooks may be left, there is
// none: dbt retry runs hooks only with a node.
func (a *runCommand) continued(attempt *graph.Attempt, checked checkOutputs) (u unfinished, left []string, err error) {
	u, ok := a.unfinishedRun(attempt.Previous, attempt.Key)
	if !ok {
		return unfinished{}, nil, nil
	}
	project, err := readGraph(filepath.Join(a.job.build.Target(), "manifest.json"))
	if err != nil {
		return unfinished{}, nil, err
	}
	if left, err = a.remaining(u, checked, project); err != nil || len(left) == 0 && len(project.Hooks()) > 0 {
		return unfinished{}, nil, err
	}
	return u, left, nil
}

// remaining returns the nodes that are left to run, sorted: nodes that the unfinished
// run did not complete, completed ones that have been overwritten since, and all that
// depend on these.
func (a *runCommand) remaining(u unfinished, checked checkOutputs, project artifact.Graph) ([]string, error) {
	b := a.job.build
	s, err := a.ledgerOf(b.Build, b.place)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	selected := slices.Clone(checked.Others)
	left := []string{}
	for _, n := range checked.Nodes {
		if n.Type == "test" {
			continue // is among checked.Others, too
		}
		selected = append(selected, n.ID)
		if e, ok := s.Nodes[n.ID]; !ok || e.Run != u.run || e.Status != workspace.Written {
			left = append(left, n.ID)
		}
	}
	below := project.Descendants(left)
	for _, id := range checked.Others {
		if status, ran := u.statuses[id]; !ran || status != artifact.StatusPass && status != artifact.StatusWarn {
			left = append(left, id)
		}
	}
	for _, id := range selected {
		if below[id] {
			left = append(left, id)
		}
	}
	slices.Sort(left)
	return slices.Compact(left), nil
}

// writeRetryResults writes the run_results.json that makes dbt retry run exactly
// these nodes, with the flags of the job's command line. It keeps dbt's own results
// of nodes that dbt retries: they list the finished batches of microbatch models,
// unless all models are built anew.
func (a *runCommand) writeRetryResults(u unfinished, left []string, anew bool) error {
	which := a.job.Command.Name
	args := map[string]any{"which": which}
	for _, o := range a.job.AllOptions() {
		if name, value, ok := retryArg(o); ok {
			args[name] = value
		}
	}
	if anew {
		args["full_refresh"] = true
	}
	results := make([]json.RawMessage, 0, len(left))
	for _, id := range left {
		if raw, ok := u.raw[id]; ok && artifact.Retries(u.statuses[id]) && !anew {
			results = append(results, raw)
			continue
		}
		results = append(results, artifact.SkippedResult(id))
	}
	if len(results) == 0 {
		results = append(results, artifact.DoneResult("everything"))
	}
	data, err := artifact.WriteResults(a.job.tool.Version, a.world.Now(), args, results)
	if err != nil {
		return err
	}
	return durable.Write(filepath.Join(a.job.resumeDir(), "run_results.json"), data, 0o600)
}

// retryArg returns an option as an entry of args in run results. ok is false for
// options that don't belong there. dbt retry makes a command line from the args
// (cli/flags.py, command_params, dbt 1.11.16).
func retryArg(o dbt.Option) (name string, value any, ok bool) {
	switch {
	case o.Flag == "" || slices.Contains(selections, o.Flag): // the results select the nodes
		return "", nil, false
	case o.Flag == "vars": // stays on the command line
		return "", nil, false
	}
	name = strings.ReplaceAll(o.Flag, "-", "_")
	switch len(o.Values) {
	case 0:
		return name, !o.Negated, true
	case 1:
		return name, o.Values[0], true
	}
	return name, o.Values, true
}

// addCounts adds the counts of the unfinished run to the report of the run that
// continued it. Nodes that ran again count once, with their new status.
func (u unfinished) addCounts(report *Report, results []artifact.Result) {
	for status, n := range u.report.Counts {
		report.Counts[status] += n
	}
	for _, r := range results {
		if was, ok := u.statuses[r.UniqueID]; ok {
			report.Counts[was]--
		}
	}
	for status, n := range report.Counts {
		if n <= 0 {
			delete(report.Counts, status)
		}
	}
}

// A history says which incremental models of a job have rows that are not those of their code.
type history struct {
	// first is the first of those that --full-refresh rebuilds, and kept the first of the others.
	first, kept faulty
	// older reports whether there are models whose rows are theirs.
	older bool
}

// rebuilds says which incremental models a run builds anew, "" for none: "of an unfinished run". If there are others,
// whose rows are theirs, it builds none: --full-refresh would be for all.
func (h history) rebuilds() string {
	if h.older {
		return ""
	}
	return h.first.made
}

// A faulty model has rows that are not those of its code. The zero value stands for none.
type faulty struct {
	id   string
	said string // follows its name
	made string // says it of several models: "incremental models of an unfinished run"
}

func (f faulty) String() string { return workspace.NodeName(f.id) + " " + f.said }

// historyOf finds out the history of nodes. Of the microbatch models in batches, only the batches that
// failed run.
func (ls *layers) historyOf(job *job, nodes []checkedNode, batches map[string]bool) (h history) {
	s, err := ls.ledgerOf(job.build.Build, job.build.place)
	if err != nil && !job.inPlace() { // nothing is known; the run replaces unreadable files
		return h
	}
	if job.inPlace() {
		h = ls.foreign(job, nodes)
		if h.first.id != "" {
			return h
		}
	}
	partial := job.partial()
	for _, n := range nodes {
		e, ok := s.Nodes[n.ID]
		switch {
		case !ok || !n.incremental() || batches[n.ID] || e.IsClone() && e.Clone.View:
		case e.Partial != "" && partial == "":
			h.note(faulty{n.ID, "was built with " + e.Partial + ": rows are missing", "built with " + e.Partial}, n.Keeps)
		case e.Unfinished:
			h.note(faulty{n.ID, "was built by unfinished runs only: its rows may be missing or there twice", "of an unfinished run"}, n.Keeps)
		default:
			h.older = true
		}
	}
	return h
}

// addsAgain returns the first node that the stopped run before has done, and that adds the same rows again.
func (a *runCommand) addsAgain(attempt *graph.Attempt, nodes []checkedNode) string {
	before, ok := a.stoppedRun(attempt.Previous)
	if !ok {
		return ""
	}
	s, err := a.ledgerOf(a.job.build.Build, a.job.build.place)
	if err != nil { // nothing is known; the run replaces unreadable files
		return ""
	}
	for _, n := range nodes {
		if e := s.Nodes[n.ID]; n.Appends && !e.Unfinished && e.Run == before.run && e.Status == workspace.Written {
			return n.ID
		}
	}
	return ""
}

// note notes a faulty model. kept means that --full-refresh doesn't rebuild it.
func (h *history) note(f faulty, kept bool) {
	first := &h.first
	if kept {
		first = &h.kept
	}
	*first = cmp.Or(*first, f)
}
