package steps

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"slices"
	"strings"

	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/proc"
	"dot-for-dbt/internal/workspace"
)

// A startedRun is a run in progress. It has an ID once it is marked in the ledger.
type startedRun struct {
	workspace.Run
	checked checkOutputs
	targets map[string]workspace.Target // the nodes that it may write
	log     int64                       // the offset at which it starts in dbt's log
	// resumes is the run that it continues, and remaining are the nodes that are
	// left to run; nil for a new run.
	resumes   unfinished
	remaining []string
	// oldResults is the invocation of the run results from before the run.
	oldResults string
	argv       []string
	line       dbt.CommandLine // of argv; not for a dbt retry
	environ    []string        // dbt's environment variables
	total      int             // how many nodes dbt works on, if dbt itself doesn't say it; else 0
}

// begin marks the nodes that the command may write in the ledger. The check has
// listed them.
func (a *runCommand) begin(run *startedRun) error {
	b := a.job.build
	run.Run = workspace.Run{ID: rand.Text()[:12], Command: a.job.Command.Name, Time: a.world.Now()}
	run.targets = run.checked.targets(a.job)
	for id, t := range run.targets {
		_, left := slices.BinarySearch(run.remaining, id)
		t.Kept = run.resumes.exists() && !left
		run.targets[id] = t
	}
	run.Run.Log, run.Run.Drops = run.log, run.checked.Drops
	return a.ws.Begin(b.Build, b.place, run.Run, run.targets)
}

// settle reads dbt's results of the run, fills the report and updates the ledger.
// After an interruption, the results lack the nodes that dbt had started. After an
// early failure or a kill, there are none. Then settle also reads dbt's log.
func (a *runCommand) settle(run startedRun, report *Report, exit proc.Exit, endedItself bool) error {
	b := a.job.build
	report.Interrupted = !endedItself
	var spans artifact.Spans
	isV2 := false
	if len(a.job.Command.Builds) > 0 {
		spans, isV2 = b.logSince(run.log)
	}
	results, err := readResults(b.Target())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	report.Invocation = results.Metadata.InvocationID
	fresh := err == nil && (run.oldResults == "" || report.Invocation != run.oldResults)
	if fresh && isV2 {
		if err := a.mendResults(spans, run.line, !endedItself); err != nil {
			return err
		}
		if results, err = readResults(b.Target()); err != nil {
			return err
		}
	}
	if !fresh {
		results.Results, report.Invocation = nil, ""
	}
	end := workspace.Ending{
		Complete: fresh && endedItself, Succeeded: exit.OK(),
	}
	if fresh && bool(results.Args.FullRefresh) {
		end.Anew = run.checked.refreshed()
	}
	elsewhere := map[string]artifact.Result{}
	told := map[string]bool{} // by the results
	var failed []string       // nodes and tests
	var notReached []string   // nodes that dbt skipped, since others failed
	for _, r := range results.Results {
		told[r.UniqueID] = true
		if a.job.Command.Name == "clone" && r.Message == "No-op" { // the baseline lacks the node, or the build has it
			report.Counts[artifact.StatusNoOp]++
			continue
		}
		report.Counts[r.Status]++
		if r.Status.Failed() {
			failed = append(failed, r.UniqueID)
		}
		if !r.Builds() {
			continue
		}
		switch {
		case r.Status.Wrote():
			end.Written = append(end.Written, r.UniqueID)
			if t, ok := run.targets[r.UniqueID]; ok && r.RelationName != "" && b.target(workspace.Spell(r.RelationName)).Relation != t.Relation {
				elsewhere[r.UniqueID] = r
			}
		case r.Status == artifact.StatusSkipped:
			notReached = append(notReached, r.UniqueID)
		case !r.Status.Untouched():
			end.Failed = append(end.Failed, r.UniqueID)
		}
	}
	report.failed = len(failed) > 0
	run.resumes.addCounts(report, results.Results)
	var all error // whether it did all that it had to do
	if exit.OK() {
		all = a.didAll(run, results, fresh)
	}
	tells := len(a.job.Command.Builds) > 0 || !a.job.tool.V2() // dbt 2's compile and show list only failures
	if exit.OK() && fresh && tells && len(report.Counts) == 0 && !run.resumes.exists() {
		report.Nothing, report.Unmatched = a.job.foundNothing()
	}
	if run.ID == "" {
		return all
	}
	log := spans.Reveal(a.job.environ, slices.Collect(maps.Keys(run.targets)))
	if log.Known {
		end.Begun, end.Complete = log.Begun, true
		end.Written = append(end.Written, slices.DeleteFunc(log.Written, func(id string) bool { return told[id] })...)
		if !fresh {
			end.Failed = log.Failed
		}
	} else if !fresh && log.Silent && endedItself {
		// dbt logged nothing and ended by itself: it did not reach any node.
		end.Complete = true
	}
	resumed := fresh && run.resumes.exists() // that run may have been killed before it kept anything
	if len(end.Written)+len(end.Failed) > 0 || report.Nothing || resumed {
		if err := keepState(b, b.Target(), &run.Run); err != nil {
			return err
		}
		end.Layer = a.footing(run.checked, exit.OK())
	}
	end.Log = artifact.LogSize(b.logFile())
	end.Skipped = skipped(notReached, failed)
	if !endedItself {
		should := maps.Keys(run.targets)
		if run.remaining != nil {
			should = slices.Values(run.remaining)
		}
		maps.Copy(end.Skipped, unreached(should, end))
	}
	end.Written = slices.DeleteFunc(end.Written, func(id string) bool { _, moved := elsewhere[id]; return moved })
	end.Succeeded = end.Succeeded && len(elsewhere) == 0
	end.Inputs, end.Over = run.checked.Inputs, run.checked.Over
	if report.Written, err = a.ws.End(b.Build, b.place, run.Run, run.targets, end); err != nil {
		return err
	}
	if a.job.inPlace() {
		if err := a.notePassed(run, results.Results); err != nil {
			return err
		}
		report.Sound = a.sound(b)
	}
	if len(elsewhere) > 0 {
		return a.misplaced(run, elsewhere)
	}
	return all
}

// wasSkipped starts the reason of a node that dbt skipped, since others failed.
const wasSkipped = "was skipped, since "

// briefly shortens the reason of a skipped node for a report: "skipped: orders
// failed". Other reasons stay as they are.
func briefly(why string) string {
	if since, ok := strings.CutPrefix(why, wasSkipped); ok {
		return "skipped: " + since
	}
	return why
}

// skipped returns the reason for each node that dbt skipped.
func skipped(ids, failed []string) map[string]string {
	why := "was skipped"
	if n := len(failed); n > 0 {
		slices.Sort(failed)
		why = wasSkipped + workspace.NodeName(failed[0])
		if n > 1 {
			why += fmt.Sprintf(" and %d more", n-1)
		}
		why += " failed"
	}
	out := map[string]string{}
	for _, id := range ids {
		out[id] = why
	}
	return out
}

// unreached returns the nodes that a stopped run should have written but did not
// reach, with the reason. A run that reached no node at all changes nothing.
func unreached(should iter.Seq[string], end workspace.Ending) map[string]string {
	reached := map[string]bool{}
	for _, id := range slices.Concat(end.Written, end.Failed, end.Begun) {
		reached[id] = true
	}
	out := map[string]string{}
	for id := range should {
		if !reached[id] && len(reached) > 0 && end.Complete {
			out[id] = "was not built, since the run was interrupted"
		}
	}
	return out
}

// footing returns what the build rests on after a run; nil means no change.
func (a *runCommand) footing(checked checkOutputs, succeeded bool) *workspace.Footing {
	switch base := a.job.baseline; {
	case base != nil:
		s, err := a.standing(base.build, base.spec, toDefer)
		if err != nil {
			return nil
		}
		return &workspace.Footing{Below: s.ref(), Changed: checked.Changed}
	case a.job.whole() && succeeded:
		return &workspace.Footing{}
	}
	return nil
}

// misplaced records nodes that dbt wrote to other relations than dbt list had named
// for the check. It always returns an error.
func (a *runCommand) misplaced(run startedRun, elsewhere map[string]artifact.Result) error {
	b := a.job.build
	moved := map[string]workspace.Target{}
	var written, names []string
	for _, id := range slices.Sorted(maps.Keys(elsewhere)) {
		name := elsewhere[id].RelationName
		moved[id] = b.target(workspace.Spell(name))
		written = append(written, id)
		names = append(names, id+"  "+b.secret.hidden(name))
	}
	if err := a.ws.Begin(b.Build, b.place, run.Run, moved); err != nil {
		return err
	}
	if _, err := a.ws.End(b.Build, b.place, run.Run, moved, workspace.Ending{Written: written, Complete: true, Log: artifact.LogSize(b.logFile())}); err != nil {
		return err
	}
	return hint.New(
		fmt.Sprintf("%s wrote other relations than dbt list had named:%s", b, lines(names)),
		"a macro such as generate_schema_name returns other names while dbt runs: it must not use flags.WHICH or execute",
		"dot has recorded the new relations; what they held before may be lost",
	)
}

// settleKilled updates the ledger after a killed run of the build, if there is one,
// from dbt's log. The caller holds the build's lock.
func (rt *runtime) settleKilled(b *build) error {
	s, err := rt.ws.Standing(b.Build, b.place)
	if err != nil || s.Open == nil {
		return nil // the next run replaces an unreadable layer
	}
	if s.Open.Clones {
		targets := map[string]workspace.Target{}
		for id, e := range s.Nodes {
			if r, ok := s.Claimed(id); ok && e.Run == s.Open.ID {
				targets[id] = workspace.Target{Relation: r}
			}
		}
		_, err := rt.ws.End(b.Build, b.place, *s.Open, targets, workspace.Ending{}) // they stay unknown
		return err
	}
	may := map[string]workspace.Target{}
	var should []string
	for id, e := range s.Nodes {
		if e.Run != s.Open.ID || e.Status != workspace.Unknown {
			continue
		}
		r, _ := s.Claimed(id)
		may[id] = workspace.Target{Relation: r, Spelling: e.Name, Partial: e.Partial, On: e.On}
		if !e.Kept {
			should = append(should, id)
		}
	}
	spans, _ := b.logSince(s.Open.Log)
	log := spans.Reveal(rt.world.Env, slices.Collect(maps.Keys(may)))
	end := endingOf(log)
	end.Log = artifact.LogSize(b.logFile())
	end.Skipped = unreached(slices.Values(should), end)
	_, err = rt.ws.End(b.Build, b.place, *s.Open, may, end)
	return err
}

// endingOf returns the ending of a killed run, from dbt's log.
func endingOf(log artifact.Log) workspace.Ending {
	return workspace.Ending{
		Written: log.Written, Failed: log.Failed, Begun: log.Begun,
		Complete: log.Known || log.Silent,
	}
}
